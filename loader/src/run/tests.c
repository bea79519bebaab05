#include "run/tests.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/memory.h"
#include "object/targets.h"
#include "output/internal.h"
#include "output/test_results.h"

/* How long a benchmark runs, and how often between two looks at the clock and the ring. */
#define BENCHMARK_NS 250000000
#define BASELINE_NS 25000000
#define BATCH 64

static const char *name_of(const struct mf_probe *probe)
{
	const struct mf_named_target *named = probe->target;

	return named->name;
}

static bool is_wanted(const struct options *options, enum mf_provider provider)
{
	if (options->test || options->bench)
		return (provider == MF_TEST && options->test) ||
		       (provider == MF_BENCH && options->bench);
	return provider != MF_TEST && provider != MF_BENCH;
}

int tests_choose(struct session *session, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	const struct options *options = session->options;
	bool has_test = false, has_bench = false, has_any = false;

	for (uint32_t i = 0; i < manifest->probe_count; i++) {
		enum mf_provider provider = manifest->probes[i].provider;

		has_test |= provider == MF_TEST;
		has_bench |= provider == MF_BENCH;
		if (is_wanted(options, provider))
			has_any = true;
		else
			session->programs[i] = NULL;
	}
	if (has_any)
		return STATUS_OK;
	if (options->test || options->bench)
		return fail(failure, STATUS_FAILED, "The script has no %s probes.",
			    options->test ? "test" : "bench");
	if (has_test)
		return fail(failure, STATUS_FAILED,
			    "No probes attached; use --test to run test probes.");
	if (has_bench)
		return fail(failure, STATUS_FAILED,
			    "No probes attached; use --bench to run bench probes.");
	return STATUS_FAILED;
}

/* The next probe of a provider that is loaded, from `index` on. NULL: none. */
static const struct mf_probe *next_probe(const struct session *session, enum mf_provider provider,
					 uint32_t *index)
{
	const struct manifest *manifest = session->manifest;

	while (*index < manifest->probe_count) {
		const struct mf_probe *probe = &manifest->probes[(*index)++];

		if (probe->provider == provider && session->programs[probe->index])
			return probe;
	}
	return NULL;
}

/* Handles what a test sent, up to exit(). */
static void drain(struct events *events)
{
	while (!events->exited && !events->broken && events_drain(events) != DRAIN_EMPTY)
		;
	events_check_lost(events);
	events_discard(events);
}

static int run_test(const struct session *session, struct events *events,
		    const struct mf_probe *probe, struct test_result *result,
		    struct failure *failure)
{
	struct output *output = events->output;
	const struct strbuf *printed;
	uint64_t start;
	uint32_t returned, errors;
	int status;

	output->renderer->tests->test(output, name_of(probe));
	events_resume(events);
	events->exit_code = 0;
	output_capture_begin(output);
	start = clock_ns(CLOCK_MONOTONIC);
	status = session_run_probe(session, probe, &returned, failure);
	result->ns = clock_ns(CLOCK_MONOTONIC) - start;
	drain(events);
	printed = output_capture_end(output, &errors);
	result->name = name_of(probe);
	result->passed =
		status == STATUS_OK && returned == 0 && errors == 0 && events->exit_code == 0;
	output->renderer->tests->result(output, result, printed);
	return events->broken || output_idle(output) != 0 ? STATUS_FAILED : status;
}

int tests_run(const struct session *session, struct events *events, struct failure *failure)
{
	uint32_t count = session_count(session, MF_TEST), done = 0, next = 0;
	struct test_result *results = memory_array(count, sizeof(*results));
	struct output *output = events->output;
	const struct mf_probe *probe;
	int status = STATUS_OK;
	bool failed = false;

	output->renderer->tests->begin(output, count);
	while (status == STATUS_OK && (probe = next_probe(session, MF_TEST, &next))) {
		status = run_test(session, events, probe, &results[done], failure);
		failed |= !results[done++].passed;
	}
	if (status == STATUS_OK)
		output->renderer->tests->end(output, results, done);
	free(results);
	return status == STATUS_OK && failed ? STATUS_FAILED : status;
}

/* What the kernel counted of a program so far (struct bpf_prog_stats). */
static bool read_stats(int program, uint64_t *ns, uint64_t *runs)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(program, &info, &size) != 0)
		return false;
	*ns = info.run_time_ns;
	*runs = info.run_cnt;
	return true;
}

/* Runs a program for `budget` ns. False with errno; *mean is in ns. */
static bool measure(int program, struct events *events, uint64_t budget, double *mean,
		    uint64_t *runs)
{
	uint64_t ns_before, ns, runs_before, start = clock_ns(CLOCK_MONOTONIC);

	if (!read_stats(program, &ns_before, &runs_before))
		return false;
	do {
		for (uint32_t i = 0; i < BATCH; i++) {
			LIBBPF_OPTS(bpf_test_run_opts, options);

			if (bpf_prog_test_run_opts(program, &options) != 0)
				return false;
		}
		/* What it prints is not wanted, and a full ring is another way through it. */
		events_discard(events);
	} while (clock_ns(CLOCK_MONOTONIC) - start < budget);
	if (!read_stats(program, &ns, runs))
		return false;
	*runs -= runs_before;
	*mean = *runs ? (double)(ns - ns_before) / (double)*runs : 0;
	return true;
}

/* What the kernel's clock adds to each run: the mean of a program that does nothing. */
static bool measure_nothing(struct events *events, double *mean)
{
	/* r0 = 0; exit */
	static const struct bpf_insn nothing[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
						  {.code = BPF_JMP | BPF_EXIT}};
	int program =
		bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "nothing", "GPL", nothing, 2, NULL);
	uint64_t runs;
	bool measured;

	if (program < 0)
		return false;
	measured = measure(program, events, BASELINE_NS, mean, &runs);
	close(program);
	return measured;
}

static int measure_all(const struct session *session, struct events *events,
		       struct benchmark *benchmarks, uint32_t *count, struct failure *failure)
{
	const struct mf_probe *probe;
	double nothing, mean;
	uint32_t next = 0;

	if (!measure_nothing(events, &nothing))
		return fail(failure, STATUS_FAILED, "Cannot measure: %s.", strerror(errno));
	while ((probe = next_probe(session, MF_BENCH, &next))) {
		struct benchmark *benchmark = &benchmarks[(*count)++];
		int program = bpf_program__fd(session->programs[probe->index]);

		benchmark->name = name_of(probe);
		if (!measure(program, events, BENCHMARK_NS, &mean, &benchmark->runs))
			return fail(failure, STATUS_FAILED, "Cannot run %s: %s.", probe->name,
				    strerror(errno));
		benchmark->ns = mean > nothing ? (uint64_t)(mean - nothing + 0.5) : 0;
	}
	return STATUS_OK;
}

int benchmarks_run(const struct session *session, struct events *events, struct failure *failure)
{
	struct benchmark *benchmarks =
		memory_array(session_count(session, MF_BENCH), sizeof(*benchmarks));
	struct output *output = events->output;
	uint32_t count = 0;
	int stats, status;

	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (stats < 0) {
		bool denied = errno == EPERM;

		free(benchmarks);
		return fail(failure, denied ? STATUS_PERMISSION : STATUS_FAILED,
			    "Cannot measure programs: %s.%s", strerror(errno),
			    denied ? " It needs CAP_SYS_ADMIN." : "");
	}
	status = measure_all(session, events, benchmarks, &count, failure);
	close(stats);
	if (status == STATUS_OK)
		output->renderer->tests->benchmarks(output, benchmarks, count);
	free(benchmarks);
	return status;
}
