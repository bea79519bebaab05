/* kprobes and kretprobes: what single functions (attach/kprobe.c), many by one link
 * (attach/kprobe_multi.c) and pairs of both ends (attach/kprobe_pair.c) share. */
#ifndef BPFLOAD_ATTACH_KPROBE_H
#define BPFLOAD_ATTACH_KPROBE_H

#include <stdbool.h>

#include "attach/attach.h"

struct bpf_program;
struct kprobe_pair;

/* A target's own. */
struct kprobe {
	/* NULL: the kernel's, or wherever the function is. */
	const char *module;
	/* NULL: an address, or several functions. */
	const char *function;
	/* In the function; without one, an address. */
	uint64_t offset;
	/* It is one of those that a pattern matches. */
	bool is_match;
	/* Several functions by one link, as many as the target has events, with the cookie of each;
	 * NULL: `function` alone. */
	const char **functions;
	const uint64_t *cookies;
	/* The target is the entry of a pair, whose program stands for the exit, too; NULL: no. */
	const struct kprobe_pair *pair;
	/* The target is the exit of a pair, which the entry attaches. */
	bool is_exit_of_pair;
};

/* What a target of kprobes or kretprobes has of its own; NULL: it is another provider's. */
struct kprobe *kprobe_of(const struct attach_target *target);

/* Many functions by one link (kprobe.multi, Linux 5.18 with CONFIG_FPROBE): */
bool kernel_has_kprobe_multi(void);

/*
 * Attaches single functions as those of patterns are, where a pattern has them, too: the kernel
 * runs all of one kind before those of the other. Call once all targets are found.
 */
void kprobes_align(struct attachments *attachments);

/* Attaches to the target's `functions`, with their cookies. */
enum attach_result attach_kprobe_multi(struct attachments *attachments,
				       const struct attach_target *target, struct failure *failure);

/* Both ends of functions by one program and one link (kprobe.session, Linux 6.10): */
struct kprobe_pair {
	struct bpf_program *program;
	/* The target of the kretprobe. */
	const struct attach_target *exit;
	/* Of each function: numbers of names, that of the return in the upper half. */
	const uint64_t *cookies;
};

/* Whether the program of the pair that the probe is the entry of is one for kprobes. */
bool kprobe_pair_fits(const struct session *session, const struct mf_probe *entry);

/*
 * Pairs the targets of the manifest's pairs where the kernel has such links and both ends stand in
 * the same functions. Call once all targets are found. The result is an exit status.
 */
int kprobe_pairs_choose(struct attachments *attachments, struct failure *failure);

/* Attaches the entry of a pair. ATTACH_MISSING: the kernel does not let its functions be traced so.
 */
enum attach_result attach_kprobe_pair(struct attachments *attachments,
				      const struct attach_target *target, struct failure *failure);

#endif
