#include "host/perf_event.h"

#include <sys/syscall.h>
#include <unistd.h>

int perf_event_open(struct perf_event_attr *attributes, int pid, int cpu)
{
	attributes->size = sizeof(*attributes);
	return (int)syscall(SYS_perf_event_open, attributes, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}
