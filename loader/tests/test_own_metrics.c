/* What the loader says of itself as metrics. */
#include "output/own_metrics.h"

#include <string.h>
#include <sys/utsname.h>

#include "check.h"

int uname(struct utsname *host)
{
	*host = (struct utsname){.sysname = "Linux"};
	strcpy(host->release, "6.12.0");
	return 0;
}

static const struct mf_probe probes[] = {
	{.name = "begin", .provider = MF_BEGIN},
	{.name = "uprobe:b", .provider = MF_UPROBE},
	{.name = "uprobe:a", .provider = MF_UPROBE},
	{.name = "uprobe:b", .provider = MF_UPROBE},
	{.name = "self:signal:USR1", .provider = MF_SELF},
	{.name = "end", .provider = MF_END},
	{.name = "test:t", .provider = MF_TEST},
	{.name = "bench:b", .provider = MF_BENCH},
};

static const struct manifest manifest = {
	.script = "dir/\"own\".bt",
	.producer = "bpfscript 1",
	.probes = probes,
	.probe_count = sizeof(probes) / sizeof(*probes),
};

/* The text behind its first lines, which are always the same. */
static void expect(const struct own_figures *own, const char *expected)
{
	static const char first[] =
		"# HELP bpfload What traces, and what it runs.\n# TYPE bpfload info\n"
		"bpfload_info{script=\"dir/\\\"own\\\".bt\",version=\"" BPFLOAD_VERSION
		"\",producer=\"bpfscript 1\",kernel=\"6.12.0\"} 1\n"
		"# HELP bpfload_start_time_seconds When tracing began, in seconds since 1970.\n"
		"# TYPE bpfload_start_time_seconds gauge\n"
		"# UNIT bpfload_start_time_seconds seconds\n";
	struct strbuf text = {0}, rest = {0};
	const struct metric_text to = {&text, METRICS_OPEN};

	own_metrics_put(&to, &manifest, own);
	if (CHECK(text.length > strlen(first) && memcmp(text.data, first, strlen(first)) == 0))
		strbuf_put(&rest, text.data + strlen(first), text.length - strlen(first));
	CHECK_TEXT(&rest, expected);
	strbuf_free(&text);
	strbuf_free(&rest);
}

#define S "{script=\"dir/\\\"own\\\".bt\""
#define TIMES(start, cpu)                                                          \
	"bpfload_start_time_seconds" S "} " start "\n"                             \
	"# HELP bpfload_cpu_seconds CPU time that bpfload itself took.\n"          \
	"# TYPE bpfload_cpu_seconds counter\n# UNIT bpfload_cpu_seconds seconds\n" \
	"bpfload_cpu_seconds_total" S "} " cpu "\n"
#define LOST                                                                                 \
	"# HELP bpfload_lost_events Events that found no room in the ring, by their kind.\n" \
	"# TYPE bpfload_lost_events counter\n"
#define WARNED                                                                                     \
	"# HELP bpfload_warnings Warnings of the script's programs: helpers that failed, such as " \
	"for a full map.\n# TYPE bpfload_warnings counter\n"

static void nothing_yet(void)
{
	expect(&(struct own_figures){0}, TIMES("0", "0") LOST WARNED);
}

static void all_that_is_known(void)
{
	const struct mf_event printed = {.kind = MF_EVENT_PRINTF};
	const struct mf_event other = {.kind = MF_EVENT_PRINTF, .index = 1};
	const struct mf_event map = {.kind = MF_EVENT_PRINT_MAP};
	const struct mf_event full = {
		.kind = MF_EVENT_WARNING, .helper = "map_update_elem", .message = "full"};
	const struct mf_event said = {.kind = MF_EVENT_WARNING, .message = "divided by zero"};
	const struct loss losses[] = {{&printed, 3}, {&full, 5}, {&map, 1},
				      {&other, 4},   {&said, 6}, {&full, 7}};
	const bool attached[] = {true, true, true, false, true, true, true, true};
	struct cost_row rows[] = {{"uprobe:b", 10, 1500000000, false},
				  {"uprobe:a", 1, 0, true},
				  {"uprobe:b", 5, 1, false}};
	const struct cost_table cost = {rows, 3, 1, 1};
	const struct own_figures own = {.losses = losses,
					.loss_count = 6,
					.attached = attached,
					.cost = &cost,
					.start = 1700000000000000001u,
					.cpu = 1500000};

	expect(&own,
	       TIMES("1700000000.000000001",
		     "0.0015") "# HELP bpfload_probe_attached 1 where the probe is attached; 0 where this host "
			       "lacks it, or it was detached.\n# TYPE bpfload_probe_attached gauge\n"
			       "bpfload_probe_attached" S ",probe=\"uprobe:a\"} 1\n"
			       /* One of the two is not. */
			       "bpfload_probe_attached" S ",probe=\"uprobe:b\"} 0\n" LOST
			       "bpfload_lost_events_total" S ",event=\"print-map\"} 1\n"
			       "bpfload_lost_events_total" S ",event=\"printf\"} 7\n" WARNED
			       "bpfload_warnings_total" S ",warning=\"divided by zero\"} 6\n"
			       "bpfload_warnings_total" S ",warning=\"map_update_elem\"} 12\n"
			       "# HELP bpfload_probe_runs How often the probe's programs ran.\n"
			       "# TYPE bpfload_probe_runs counter\n"
			       "bpfload_probe_runs_total" S ",probe=\"uprobe:a\"} 1\n"
			       "bpfload_probe_runs_total" S ",probe=\"uprobe:b\"} 15\n"
			       "# HELP bpfload_probe_run_seconds How long the probe's programs ran, on all CPUs.\n"
			       "# TYPE bpfload_probe_run_seconds counter\n# UNIT bpfload_probe_run_seconds seconds\n"
			       "bpfload_probe_run_seconds_total" S ",probe=\"uprobe:a\"} 0\n"
			       "bpfload_probe_run_seconds_total" S
			       ",probe=\"uprobe:b\"} 1.500000001\n");
}

int main(void)
{
	nothing_yet();
	all_that_is_known();
	return check_result("own_metrics");
}
