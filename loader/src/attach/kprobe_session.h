/* kprobe.session (Linux 6.10): one program and one link for both ends of functions. */
#ifndef BPFLOAD_ATTACH_KPROBE_SESSION_H
#define BPFLOAD_ATTACH_KPROBE_SESSION_H

#include "attach/attach.h"

/*
 * Merges the targets of the manifest's sessions where the kernel has such links and both ends stand
 * in the same functions. Call once all targets are found. The result is an exit status; messages
 * are already told.
 */
int kprobe_sessions_choose(struct attachments *attachments);

/* Attaches a merged target. ATTACH_MISSING: the kernel does not let its functions be traced so. */
enum attach_result attach_kprobe_session(struct attachments *attachments,
					 const struct attach_target *target,
					 struct attach_failure *failure);

#endif
