/* Names of the events that perf counts on every machine: of the kernel, and of the processor. */
#ifndef BPFLOAD_PERF_COUNTERS_H
#define BPFLOAD_PERF_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

struct perf_counter {
	/* enum perf_type_id (linux/perf_event.h). */
	uint32_t type;
	uint64_t config;
	const char *name;
	/* NULL: none. */
	const char *alias;
	/* After so many events a program runs, unless the script says otherwise. */
	uint64_t period;
};

/* All of them. */
const struct perf_counter *perf_counters(size_t *count);

/* The event of that name or alias, of PERF_TYPE_SOFTWARE or PERF_TYPE_HARDWARE; NULL: none. */
const struct perf_counter *find_perf_counter(uint32_t type, const char *name);

#endif
