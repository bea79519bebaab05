/* Many functions of the kernel by one link (kprobe.multi, Linux 5.18 with CONFIG_FPROBE). */
#ifndef BPFLOAD_ATTACH_KPROBE_MULTI_H
#define BPFLOAD_ATTACH_KPROBE_MULTI_H

#include <stdbool.h>

#include "attach/attach.h"

bool kernel_has_kprobe_multi(void);

/*
 * Attaches single functions as those of patterns are, where a pattern has them, too: the kernel
 * runs all of one kind before those of the other. Call once all targets are found. False without
 * memory.
 */
bool kprobes_align(struct attachments *attachments);

/* Attaches to the target's `functions`, with their cookies. */
enum attach_result attach_kprobe_multi(struct attachments *attachments,
				       const struct attach_target *target,
				       struct attach_failure *failure);

#endif
