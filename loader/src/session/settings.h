/* Settings of the environment (BPFTRACE_MAX_PROBES=5000), which go before those of the object. */
#ifndef BPFLOAD_SETTINGS_H
#define BPFLOAD_SETTINGS_H

#include "base/failure.h"
#include "object/manifest.h"

/* Overrides what the environment sets. The result is an exit status. */
int settings_read(struct mf_config *config, struct failure *failure);

#endif
