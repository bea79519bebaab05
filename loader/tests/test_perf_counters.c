/* What perf_event_open is asked for, by name and alias; and the default periods. */
#include "host/perf_counters.h"

#include <linux/perf_event.h>

#include "check.h"

static void expect(uint32_t type, const char *name, uint64_t config, uint64_t period)
{
	const struct perf_counter *counter = find_perf_counter(type, name);

	if (!CHECK(counter && counter->type == type && counter->config == config &&
		   counter->period == period))
		fprintf(stderr, "%s\n", name);
}

int main(void)
{
	static const struct {
		uint32_t type;
		const char *name, *alias;
		uint64_t config, period;
	} events[] = {
		/* Numbers of include/uapi/linux/perf_event.h. */
		{1, "cpu-clock", "cpu", 0, 1000000},
		{1, "task-clock", NULL, 1, 1},
		{1, "page-faults", "faults", 2, 100},
		{1, "context-switches", "cs", 3, 1000},
		{1, "cpu-migrations", NULL, 4, 1},
		{1, "minor-faults", NULL, 5, 100},
		{1, "major-faults", NULL, 6, 1},
		{1, "alignment-faults", NULL, 7, 1},
		{1, "emulation-faults", NULL, 8, 1},
		{1, "dummy", NULL, 9, 1},
		{1, "bpf-output", NULL, 10, 1},
		{0, "cpu-cycles", "cycles", 0, 1000000},
		{0, "instructions", NULL, 1, 1000000},
		{0, "cache-references", NULL, 2, 1000000},
		{0, "cache-misses", NULL, 3, 1000000},
		{0, "branch-instructions", "branches", 4, 100000},
		{0, "branch-misses", NULL, 5, 100000},
		{0, "bus-cycles", NULL, 6, 100000},
		{0, "frontend-stalls", NULL, 7, 1000000},
		{0, "backend-stalls", NULL, 8, 1000000},
		{0, "ref-cycles", NULL, 9, 1000000},
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		expect(events[i].type, events[i].name, events[i].config, events[i].period);
		if (events[i].alias)
			expect(events[i].type, events[i].alias, events[i].config, events[i].period);
		CHECK(!find_perf_counter(!events[i].type, events[i].name));
	}
	CHECK(!find_perf_counter(PERF_TYPE_SOFTWARE, "fault*"));
	CHECK(!find_perf_counter(PERF_TYPE_HARDWARE, ""));
	return check_result("perf_counters");
}
