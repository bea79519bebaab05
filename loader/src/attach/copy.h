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

/* Has the probe's program loaded for a function or event: of the kernel (NULL), where that is its
 * type in the kernel's BTF, or of a module, where libbpf looks for the name. */
enum attach_result attach_load_for(struct attachments *attachments, const struct mf_probe *probe,
				   const char *module, const struct kernel_function *function,
				   struct failure *failure);

/* Whether the targets of a tracing program's probe are copies of it, and of what. */
struct copy {
	/* Of the function or event that the copy is for; 0: the program itself is attached. */
	uint32_t btf_id;
	/* Where that id is one: a module, or else the descriptor of a BPF program, or else (NULL
	 * and 0) the kernel. */
	const char *module;
	int bpf;
};

/*
 * Loads a copy of the probe's program, which libbpf has loaded, for what `copy` says, and attaches
 * it with the target's cookie. What the kernel refuses is left out: it is one of many.
 */
enum attach_result attach_copy(struct attachments *attachments, const struct attach_target *target,
			       const struct copy *copy, struct failure *failure);

/*
 * Adds a target, a struct copy, for each of the functions or events of the kernel or of a module
 * that the probe's pattern means, with its name as the cookie. libbpf loads the program for the
 * first of them (in a module for none: it would look for the name everywhere), and each other one
 * gets a copy; so do all that are added for the probe later. Without any it is ATTACH_MISSING.
 */
enum attach_result attach_add_copies(struct attachments *attachments, const struct mf_probe *probe,
				     const char *module, const struct kernel_function *functions,
				     int64_t count, struct failure *failure);

#endif
