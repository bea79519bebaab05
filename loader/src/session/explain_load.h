/* Why the kernel or libbpf refused to load the programs, and what to do about it. */
#ifndef BPFLOAD_EXPLAIN_LOAD_H
#define BPFLOAD_EXPLAIN_LOAD_H

#include "session/libbpf_log.h"
#include "session/session.h"

/* Tells why loading failed with `error`, by what libbpf said; the result is an exit status. */
int explain_load(const struct session *session, const struct libbpf_log *log, int error);

#endif
