/*
 * The end of probes. What lets a program go is quick; what lets its perf event go waits for a grace
 * period for each, one after the other (event_mutex of kernel/trace/trace_event_perf.c): 80 uprobes
 * take seconds. So programs go first, all at a time, and the events with the process, or with
 * another one that nobody waits for.
 */
#ifndef BPFLOAD_RELEASE_H
#define BPFLOAD_RELEASE_H

#include <stdbool.h>

#include "attach/attach.h"

/* Lets one go: its program and its event. */
void release_one(struct attached *attached);

/*
 * Lets the programs of all go, and returns when none runs any more. Whether events are left, which
 * stand without programs until the process ends.
 */
bool release_all(struct attached *links, uint32_t count);

/*
 * To be called last, where events are left: they go with a process of their own, so that the end of
 * this one does not wait for them.
 */
void release_leave(void);

#endif
