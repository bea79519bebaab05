/* Attaching copies of a tracing program: the kernel wants one for each function or event. */
#ifndef BPFLOAD_ATTACH_COPY_H
#define BPFLOAD_ATTACH_COPY_H

#include <linux/bpf.h>

#include "attach/attach.h"
#include "host/kernel_btf.h"

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

/*
 * Adds a target for each of the functions or events that the probe's pattern means, with its name
 * as the cookie. libbpf loads the program for the first of them (in a module for none: it would
 * look for the name everywhere), and each other one gets a copy. Without any it is ATTACH_MISSING.
 */
enum attach_result attach_add_copies(struct attachments *attachments, const struct mf_probe *probe,
				     const struct kernel_function *places, int64_t count,
				     struct attach_failure *failure);

#endif
