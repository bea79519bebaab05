/* Attaching copies of a tracing program: the kernel wants one for each function or event. */
#ifndef BPFLOAD_ATTACH_COPY_H
#define BPFLOAD_ATTACH_COPY_H

#include <linux/bpf.h>

#include "attach.h"

/*
 * Attaches a loaded tracing program to what it was loaded for. The result is the descriptor of a
 * link, or -1 with errno. Typed raw tracepoints have a cookie since Linux 6.10, which libbpf 1.1
 * does not know.
 */
int tracing_link(int program, enum bpf_attach_type type, uint64_t cookie);

/*
 * Loads a copy of the probe's program, which libbpf has loaded, for the function or event with the
 * id target->btf_id, in the kernel, the probe's module or the BPF program target->bpf, and attaches
 * it with the target's cookie. What the kernel refuses is left out: it is one of many.
 */
enum attach_result attach_copy(struct attachments *attachments, const struct attach_target *target,
			       struct attach_failure *failure);

#endif
