/* Tracepoints: what single events and patterns (attach/tracepoint.c), patterns by raw tracepoints
 * (attach/tracepoint_raw.c) and those of system calls (attach/syscalls.c) share. */
#ifndef BPFLOAD_ATTACH_TRACEPOINT_H
#define BPFLOAD_ATTACH_TRACEPOINT_H

#include "attach/attach.h"

/* A target's own. */
struct tracepoint {
	/* NULL: all events of system calls that a table of the program means. */
	const char *event;
	int64_t id;
};

/*
 * Has the programs of patterns that read nothing of their events loaded for raw tracepoints, where
 * all events of the pattern are such: those need no grace period each to be detached. Call once all
 * targets are found.
 */
void tracepoints_choose_raw(struct attachments *attachments);

/* Whether that happened to the target's program. */
bool tracepoint_is_raw(const struct attachments *attachments, const struct attach_target *target);

enum attach_result attach_tracepoint_raw(struct attachments *attachments,
					 const struct attach_target *target,
					 struct failure *failure);

/* Events of system calls, by one program for all: */
enum attach_result find_syscalls(struct attachments *attachments, const struct mf_probe *probe,
				 struct failure *failure);
enum attach_result attach_syscalls(struct attachments *attachments,
				   const struct attach_target *target, struct failure *failure);

#endif
