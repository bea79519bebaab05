/* Programs on perf events: on CPUs, whatever runs there, or on the threads of a process. */
#ifndef BPFLOAD_ATTACH_PERF_H
#define BPFLOAD_ATTACH_PERF_H

#include <linux/perf_event.h>

#include "attach/attach.h"

/* Opens the event on the first `count` online CPUs, and attaches the target's program to each. */
enum attach_result perf_attach_to_cpus(struct attachments *attachments,
				       const struct attach_target *target,
				       struct perf_event_attr *attributes, uint32_t count,
				       struct failure *failure);

/* The same on all threads of the process of -p, and on those that it starts later. */
enum attach_result perf_attach_to_process(struct attachments *attachments,
					  const struct attach_target *target,
					  struct perf_event_attr *attributes,
					  struct failure *failure);

/* The same for the command of -c, which has one thread as long as it waits to be started. */
enum attach_result perf_attach_to_command(struct attachments *attachments,
					  const struct attach_target *target,
					  struct perf_event_attr *attributes,
					  struct failure *failure);

#endif
