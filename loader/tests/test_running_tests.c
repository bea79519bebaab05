/* --test and --bench: which programs are left to be loaded, what a test passes by, and what a
 * benchmark takes without what measuring takes. Programs, the ring and the kernel's counts are the
 * test's. */
#include "run/tests.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "object/targets.h"
#include "output/internal.h"
#include "output/test_results.h"
#include "says.h"
#include "session/session.h"

#define PROBES 5
/* Descriptors of programs, and of the one that does nothing. */
#define FIRST 100

struct bpf_program {
	int fd;
};

static struct {
	struct session session;
	struct options options;
	struct manifest manifest;
	struct mf_probe probes[PROBES];
	struct mf_named_target targets[PROBES];
	struct bpf_program programs[PROBES];
	struct bpf_program *program_of[PROBES];
	struct output output;
	struct renderer renderer;
	struct events events;
	struct failure failure;
	struct strbuf log, printed;
	uint64_t now;
	/* Of the next tests: what they return, how many errors they tell, and exit() with. */
	uint32_t returned[PROBES], errors[PROBES];
	int exits[PROBES];
	uint32_t ran, drains;
	/* The one that cannot be run; PROBES: each can. */
	uint32_t refused;
	bool breaks;
	int no_output;
	/* Benchmarks: ns of one run, of each program, and what the clock adds; how it fails. */
	uint64_t ns[PROBES], adds;
	uint64_t total_ns[PROBES + 1], total_runs[PROBES + 1];
	uint32_t discards;
	int stats, nothing, no_stats, no_program, no_run, no_info;
} scene;

static void note(const char *format, const char *text, unsigned long long number)
{
	char line[128];

	snprintf(line, sizeof(line), format, text, number);
	strbuf_text(&scene.log, line);
}

/* Tests. */

int session_run_probe(const struct session *session, const struct mf_probe *probe, uint32_t *result,
		      struct failure *failure)
{
	CHECK(session == &scene.session && scene.events.exit_code == 0 && !scene.events.exited);
	scene.ran = probe->index;
	scene.now += 1000 + probe->index;
	*result = scene.returned[probe->index];
	scene.drains = 2;
	return scene.refused == probe->index ? fail(failure, STATUS_KERNEL, "Not run.") : STATUS_OK;
}

uint32_t session_count(const struct session *session, enum mf_provider provider)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < session->manifest->probe_count; i++)
		count += session->manifest->probes[i].provider == provider && session->programs[i];
	return count;
}

enum drain_result events_drain(struct events *events)
{
	CHECK(events == &scene.events);
	if (!scene.drains)
		return DRAIN_EMPTY;
	scene.drains--;
	strbuf_text(&scene.log, " drain");
	events->exited = scene.exits[scene.ran] && scene.drains == 1;
	events->exit_code = scene.exits[scene.ran];
	events->broken = scene.breaks;
	return DRAIN_SOME;
}

void events_check_lost(struct events *events)
{
	CHECK(events == &scene.events);
	strbuf_text(&scene.log, " lost");
}

void events_discard(struct events *events)
{
	CHECK(events == &scene.events);
	scene.discards++;
}

void events_resume(struct events *events)
{
	events->exited = false;
}

void output_capture_begin(struct output *output)
{
	CHECK(output == &scene.output);
	strbuf_text(&scene.log, " [");
}

const struct strbuf *output_capture_end(struct output *output, uint32_t *errors)
{
	CHECK(output == &scene.output);
	strbuf_text(&scene.log, " ]");
	*errors = scene.errors[scene.ran];
	return &scene.printed;
}

int output_idle(struct output *output)
{
	CHECK(output == &scene.output);
	return scene.no_output;
}

uint64_t clock_ns(clockid_t clock)
{
	CHECK(clock == CLOCK_MONOTONIC);
	return scene.now;
}

static void tell_begin(struct output *output, uint32_t count)
{
	CHECK(output == &scene.output);
	note("%s%llu tests\n", "", count);
}

static void tell_test(struct output *output, const char *name)
{
	CHECK(output == &scene.output);
	note("%s:", name, 0);
}

static void tell_result(struct output *output, const struct test_result *result,
			const struct strbuf *printed)
{
	CHECK(output == &scene.output && printed == &scene.printed);
	note(result->passed ? " %s passed %llu\n" : " %s failed %llu\n", result->name, result->ns);
}

static void tell_end(struct output *output, const struct test_result *results, uint32_t count)
{
	CHECK(output == &scene.output);
	for (uint32_t i = 0; i < count; i++)
		note(results[i].passed ? "%s passed%.0llu " : "%s failed%.0llu ", results[i].name,
		     0);
	strbuf_text(&scene.log, "end\n");
}

static void tell_benchmarks(struct output *output, const struct benchmark *benchmarks,
			    uint32_t count)
{
	CHECK(output == &scene.output);
	for (uint32_t i = 0; i < count; i++) {
		note("%s %llu ns", benchmarks[i].name, benchmarks[i].ns);
		note("%s of %llu\n", "", benchmarks[i].runs);
	}
}

static const struct test_renderer tells = {tell_begin, tell_test, tell_result, tell_end,
					   tell_benchmarks};

/* Benchmarks. */

int bpf_program__fd(const struct bpf_program *program)
{
	return program->fd;
}

int bpf_enable_stats(enum bpf_stats_type type)
{
	CHECK(type == BPF_STATS_RUN_TIME);
	errno = scene.no_stats;
	return scene.no_stats ? -1 : (scene.stats = open("/dev/null", O_RDONLY | O_CLOEXEC));
}

int bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
		  const struct bpf_insn *insns, size_t count,
		  const struct bpf_prog_load_opts *options)
{
	(void)name;
	CHECK(type == BPF_PROG_TYPE_RAW_TRACEPOINT && strcmp(license, "GPL") == 0 && !options);
	/* r0 = 0; exit */
	CHECK(count == 2 && insns[0].code == 0xb7 && insns[0].dst_reg == 0 && insns[0].imm == 0 &&
	      insns[1].code == 0x95);
	errno = scene.no_program;
	return scene.no_program ? -1 : (scene.nothing = open("/dev/null", O_RDONLY | O_CLOEXEC));
}

static uint32_t number_of(int program)
{
	return program == scene.nothing ? PROBES : (uint32_t)(program - FIRST);
}

int bpf_prog_test_run_opts(int program, struct bpf_test_run_opts *options)
{
	uint32_t number = number_of(program);
	uint64_t ns = scene.adds + (number < PROBES ? scene.ns[number] : 0);

	CHECK(options->sz == sizeof(*options) && number <= PROBES);
	scene.total_runs[number]++;
	scene.total_ns[number] += ns;
	scene.now += 1000000;
	errno = scene.no_run;
	return scene.no_run && number < PROBES ? -1 : 0;
}

int bpf_obj_get_info_by_fd(int program, void *info, __u32 *size)
{
	struct bpf_prog_info *counts = info;

	CHECK(*size == sizeof(*counts));
	counts->run_time_ns = scene.total_ns[number_of(program)];
	counts->run_cnt = scene.total_runs[number_of(program)];
	errno = scene.no_info;
	return scene.no_info ? -1 : 0;
}

static const char *const names[PROBES] = {"first", "second", "third", "fourth", "fifth"};

static void begin(const enum mf_provider providers[PROBES])
{
	strbuf_free(&scene.log);
	failure_clear(&scene.failure);
	memset(&scene, 0, sizeof(scene));
	scene.session.options = &scene.options;
	scene.session.manifest = &scene.manifest;
	scene.session.programs = scene.program_of;
	scene.manifest.probes = scene.probes;
	scene.manifest.probe_count = PROBES;
	for (uint32_t i = 0; i < PROBES; i++) {
		scene.targets[i].name = names[i];
		scene.probes[i] = (struct mf_probe){.index = i,
						    .name = names[i],
						    .provider = providers[i],
						    .target = &scene.targets[i]};
		scene.programs[i].fd = FIRST + (int)i;
		scene.program_of[i] = &scene.programs[i];
	}
	scene.renderer.tests = &tells;
	scene.output.renderer = &scene.renderer;
	scene.events.output = &scene.output;
	scene.refused = PROBES;
	scene.now = 5;
	scene.stats = scene.nothing = -1;
}

static const enum mf_provider mixed[PROBES] = {MF_TEST, MF_KPROBE, MF_BENCH, MF_TEST, MF_END};
static const enum mf_provider tests[PROBES] = {MF_TEST, MF_BEGIN, MF_TEST, MF_TEST, MF_TEST};
static const enum mf_provider benches[PROBES] = {MF_BENCH, MF_BEGIN, MF_BENCH, MF_TEST, MF_BENCH};

/* Which programs are left, as bits. */
static uint32_t left(void)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < PROBES; i++)
		bits |= (uint32_t)(scene.program_of[i] != NULL) << i;
	return bits;
}

static void choosing(void)
{
	static const struct {
		bool test, bench;
		uint32_t left;
	} cases[] = {{false, false, 1 << 1 | 1 << 4},
		     {true, false, 1 << 0 | 1 << 3},
		     {false, true, 1 << 2},
		     {true, true, 1 << 0 | 1 << 2 | 1 << 3}};
	static const struct {
		enum mf_provider all;
		bool test, bench;
		const char *said;
	} none[] = {
		{MF_KPROBE, true, false, "The script has no test probes."},
		{MF_TEST, false, true, "The script has no bench probes."},
		{MF_KPROBE, true, true, "The script has no test probes."},
		{MF_TEST, false, false, "No probes attached; use --test to run test probes."},
		{MF_BENCH, false, false, "No probes attached; use --bench to run bench probes."}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(mixed);
		scene.options.test = cases[i].test;
		scene.options.bench = cases[i].bench;
		CHECK(tests_choose(&scene.session, &scene.failure) == STATUS_OK);
		CHECK(left() == cases[i].left);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		const enum mf_provider all[PROBES] = {none[i].all, none[i].all, none[i].all,
						      none[i].all, none[i].all};

		begin(all);
		scene.options.test = none[i].test;
		scene.options.bench = none[i].bench;
		CHECK(tests_choose(&scene.session, &scene.failure) == STATUS_FAILED);
		CHECK(says(&scene.failure, STATUS_FAILED, none[i].said) && left() == 0);
	}
	/* Without any probe somebody else says it. */
	begin(mixed);
	scene.manifest.probe_count = 0;
	CHECK(tests_choose(&scene.session, &scene.failure) == STATUS_FAILED &&
	      scene.failure.status == STATUS_OK);
}

static int run_tests(void)
{
	return tests_run(&scene.session, &scene.events, &scene.failure);
}

#define RUN " [ drain drain lost ] "

static void passing(void)
{
	begin(tests);
	/* One that is not loaded is not run. */
	scene.program_of[2] = NULL;
	CHECK(run_tests() == STATUS_OK && scene.discards == 3);
	CHECK_TEXT(&scene.log, "3 tests\nfirst:" RUN "first passed 1000\nfourth:" RUN
			       "fourth passed 1003\nfifth:" RUN "fifth passed 1004\n"
			       "first passed fourth passed fifth passed end\n");
	/* Each of these fails, and does not keep the next from passing. */
	begin(tests);
	scene.returned[0] = 1;
	scene.errors[2] = 1;
	scene.exits[3] = 4;
	CHECK(run_tests() == STATUS_FAILED && scene.failure.status == STATUS_OK);
	CHECK_TEXT(&scene.log, "4 tests\nfirst:" RUN "first failed 1000\nthird:" RUN
			       "third failed 1002\nfourth: [ drain lost ] fourth failed 1003\n"
			       "fifth:" RUN "fifth passed 1004\n"
			       "first failed third failed fourth failed fifth passed end\n");
	begin(tests);
	scene.returned[4] = 1;
	CHECK(run_tests() == STATUS_FAILED);
	begin(mixed);
	scene.manifest.probe_count = 0;
	CHECK(run_tests() == STATUS_OK);
	CHECK_TEXT(&scene.log, "0 tests\nend\n");
}

/* What cannot be run, or told, ends all. */
static void ending(void)
{
	begin(tests);
	scene.refused = 2;
	CHECK(run_tests() == STATUS_KERNEL);
	CHECK_TEXT(&scene.log,
		   "4 tests\nfirst:" RUN "first passed 1000\nthird:" RUN "third failed 1002\n");
	begin(tests);
	scene.breaks = true;
	CHECK(run_tests() == STATUS_FAILED);
	CHECK_TEXT(&scene.log, "4 tests\nfirst: [ drain lost ] first passed 1000\n");
	begin(tests);
	scene.no_output = -1;
	CHECK(run_tests() == STATUS_FAILED);
	CHECK_TEXT(&scene.log, "4 tests\nfirst:" RUN "first passed 1000\n");
}

static int run_benchmarks(void)
{
	return benchmarks_run(&scene.session, &scene.events, &scene.failure);
}

static bool is_closed(int fd)
{
	return fd < 0 || fcntl(fd, F_GETFD) < 0;
}

static void measuring(void)
{
	begin(benches);
	scene.adds = 20;
	scene.ns[0] = 100;
	scene.ns[2] = 0;
	scene.ns[4] = 1;
	/* What ran before does not count. */
	scene.total_ns[0] = 1000000;
	scene.total_runs[0] = 3;
	CHECK(run_benchmarks() == STATUS_OK);
	/* 64 at a time, a millisecond each: 250 ms take four, 25 ms one. */
	CHECK_TEXT(&scene.log, "first 100 ns of 256\nthird 0 ns of 256\nfifth 1 ns of 256\n");
	CHECK(scene.total_runs[PROBES] == 64 && scene.discards == 1 + 3 * 4);
	CHECK(is_closed(scene.stats) && is_closed(scene.nothing));
	/* Faster than nothing is nothing; rounded. */
	begin(benches);
	scene.adds = 20;
	scene.ns[0] = UINT64_MAX - 4;
	scene.program_of[2] = scene.program_of[4] = NULL;
	CHECK(run_benchmarks() == STATUS_OK);
	CHECK_TEXT(&scene.log, "first 0 ns of 256\n");
	begin(benches);
	scene.manifest.probe_count = 0;
	CHECK(run_benchmarks() == STATUS_OK);
	CHECK_TEXT(&scene.log, "");
}

static void refused_measuring(void)
{
	static const struct {
		int no_stats, no_program, no_run, no_info, status;
		const char *said;
	} cases[] = {
		{EPERM, 0, 0, 0, STATUS_PERMISSION,
		 "Cannot measure programs: Operation not permitted. It needs CAP_SYS_ADMIN."},
		{EINVAL, 0, 0, 0, STATUS_FAILED, "Cannot measure programs: Invalid argument."},
		{0, EPERM, 0, 0, STATUS_FAILED, "Cannot measure: Operation not permitted."},
		{0, 0, 0, EBADF, STATUS_FAILED, "Cannot measure: Bad file descriptor."},
		{0, 0, EOPNOTSUPP, 0, STATUS_FAILED, "Cannot run first: "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(benches);
		scene.no_stats = cases[i].no_stats;
		scene.no_program = cases[i].no_program;
		scene.no_run = cases[i].no_run;
		scene.no_info = cases[i].no_info;
		CHECK(run_benchmarks() == cases[i].status);
		CHECK(says(&scene.failure, cases[i].status, cases[i].said));
		CHECK(strstr(cases[i].said, "SYS_ADMIN") ||
		      !strstr(scene.failure.text, "SYS_ADMIN"));
		CHECK_TEXT(&scene.log, "");
		CHECK(is_closed(scene.stats) && is_closed(scene.nothing));
	}
}

int main(void)
{
	choosing();
	passing();
	ending();
	measuring();
	refused_measuring();
	begin(mixed);
	return check_result("running_tests");
}
