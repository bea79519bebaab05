/* perf_event_open(2). */
#ifndef BPFLOAD_PERF_EVENT_H
#define BPFLOAD_PERF_EVENT_H

#include <linux/perf_event.h>

/* File descriptor (close-on-exec), or -1 with errno. */
int perf_event_open(struct perf_event_attr *attributes, int pid, int cpu);

#endif
