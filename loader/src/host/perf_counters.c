#include "host/perf_counters.h"

#include <linux/perf_event.h>
#include <string.h>

#define SOFTWARE(event) PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##event
#define HARDWARE(event) PERF_TYPE_HARDWARE, PERF_COUNT_HW_##event

/* clang-format off */
static const struct perf_counter counters[] = {
	{SOFTWARE(ALIGNMENT_FAULTS), "alignment-faults", NULL, 1},
	{SOFTWARE(BPF_OUTPUT), "bpf-output", NULL, 1},
	{SOFTWARE(CONTEXT_SWITCHES), "context-switches", "cs", 1000},
	{SOFTWARE(CPU_CLOCK), "cpu-clock", "cpu", 1000000},
	{SOFTWARE(CPU_MIGRATIONS), "cpu-migrations", NULL, 1},
	{SOFTWARE(DUMMY), "dummy", NULL, 1},
	{SOFTWARE(EMULATION_FAULTS), "emulation-faults", NULL, 1},
	{SOFTWARE(PAGE_FAULTS_MAJ), "major-faults", NULL, 1},
	{SOFTWARE(PAGE_FAULTS_MIN), "minor-faults", NULL, 100},
	{SOFTWARE(PAGE_FAULTS), "page-faults", "faults", 100},
	{SOFTWARE(TASK_CLOCK), "task-clock", NULL, 1},
	{HARDWARE(STALLED_CYCLES_BACKEND), "backend-stalls", NULL, 1000000},
	{HARDWARE(BRANCH_INSTRUCTIONS), "branch-instructions", "branches", 100000},
	{HARDWARE(BRANCH_MISSES), "branch-misses", NULL, 100000},
	{HARDWARE(BUS_CYCLES), "bus-cycles", NULL, 100000},
	{HARDWARE(CACHE_MISSES), "cache-misses", NULL, 1000000},
	{HARDWARE(CACHE_REFERENCES), "cache-references", NULL, 1000000},
	{HARDWARE(CPU_CYCLES), "cpu-cycles", "cycles", 1000000},
	{HARDWARE(STALLED_CYCLES_FRONTEND), "frontend-stalls", NULL, 1000000},
	{HARDWARE(INSTRUCTIONS), "instructions", NULL, 1000000},
	{HARDWARE(REF_CPU_CYCLES), "ref-cycles", NULL, 1000000},
};
/* clang-format on */

#define COUNTERS (sizeof(counters) / sizeof(*counters))

const struct perf_counter *perf_counters(size_t *count)
{
	*count = COUNTERS;
	return counters;
}

const struct perf_counter *find_perf_counter(uint32_t type, const char *name)
{
	for (size_t i = 0; i < COUNTERS; i++) {
		const struct perf_counter *counter = &counters[i];

		if (counter->type == type &&
		    (strcmp(counter->name, name) == 0 ||
		     (counter->alias && strcmp(counter->alias, name) == 0)))
			return counter;
	}
	return NULL;
}
