/* Patterns of tracepoints by raw tracepoints, which need no grace period each to be detached. */
#ifndef BPFLOAD_ATTACH_TRACEPOINT_RAW_H
#define BPFLOAD_ATTACH_TRACEPOINT_RAW_H

#include "attach/attach.h"

/*
 * Has the programs of patterns that read nothing of their events loaded for raw tracepoints, where
 * all events of the pattern are such. Call once all targets are found. False without memory.
 */
bool tracepoints_choose_raw(struct attachments *attachments);

/* Whether that happened to the target's program. */
bool tracepoint_is_raw(const struct attachments *attachments, const struct attach_target *target);

enum attach_result attach_tracepoint_raw(struct attachments *attachments,
					 const struct attach_target *target,
					 struct attach_failure *failure);

#endif
