/* Probes as the host's user means them: parameters in their targets, and patterns. */
#ifndef BPFLOAD_ATTACH_EXPAND_H
#define BPFLOAD_ATTACH_EXPAND_H

#include <stdbool.h>

#include "session/session.h"

/* The probe with parameters put into its name and its target. */
const struct mf_probe *attach_expand(struct session *session, const struct mf_probe *probe);

/* Whether a text of its target is a pattern. */
bool attach_has_pattern(const struct mf_probe *probe);

#endif
