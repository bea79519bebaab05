/* Why the kernel or libbpf refused to load the programs, and what to do about it. */
#ifndef BPFLOAD_EXPLAIN_LOAD_H
#define BPFLOAD_EXPLAIN_LOAD_H

#include "session/libbpf_log.h"
#include "session/session.h"

/* Sets the failure to why loading failed with `error`, by what libbpf said. */
void explain_load(struct session *session, const struct libbpf_log *log, int error,
		  struct failure *failure);

#endif
