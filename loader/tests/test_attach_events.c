/* Which probes are found, left out and attached, in which order, and what perf events are opened
 * for them; the kernel is stood in for. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/iter.h"
#include "attach/tracepoint.h"
#include "says.h"
#include "attaching.h"
#include "stand_in.h"

#define PROBES 4

static const char LIST[] = "vfs_open\nvfs_read\n";

struct tester {
	struct attaching of;
	struct mf_probe probes[PROBES];
	struct bpf_program programs[PROBES];
	struct bpf_program *program_of[PROBES];
	uint32_t cpus[2];
};

static void setup(struct tester *tester)
{
	*tester = (struct tester){.cpus = {3, 5}};
	attaching_begin(&tester->of, LIST);
	tester->of.session.online_cpus = tester->cpus;
	tester->of.session.online_cpu_count = 2;
	tester->of.manifest.script = "test.bt";
	tester->of.manifest.probes = tester->probes;
	tester->of.session.programs = tester->program_of;
	stand_in.unreadable = EFAULT;
	stand_in.has_kprobes = true;
}

static void teardown(struct tester *tester)
{
	attaching_end(&tester->of);
}

static struct mf_probe *add(struct tester *tester, enum mf_provider provider, const char *name,
			    const void *target)
{
	uint32_t index = tester->of.manifest.probe_count++;

	tester->programs[index] = (struct bpf_program){.fd = 11 + (int)index};
	tester->program_of[index] = &tester->programs[index];
	tester->probes[index] = (struct mf_probe){.index = index,
						  .program = name,
						  .name = name,
						  .provider = provider,
						  .target = target,
						  .line = index + 1,
						  .block = MF_NONE};
	return &tester->probes[index];
}

static int find(struct tester *tester)
{
	return attach_find(&tester->of.attachments, &tester->of.session, &tester->of.failure);
}

static void filter(struct tester *tester, const char *pattern)
{
	tester->of.options.has_probe_filter = CHECK(
		regcomp(&tester->of.options.probe_filter, pattern, REG_EXTENDED | REG_NOSUB) == 0);
}

static const struct mf_kprobe_target none = {.function = "none*"}, some = {.function = "vfs_*"},
				     open_ = {.function = "vfs_open"},
				     near_open = {.module = "no module", .function = "vfs_opne"};
static const struct mf_timer_target second = {.period = "1000000000"}, wrong = {.period = "x"};

/* What is in the way of a pattern is said: that nothing matches would send people to look for a
 * name. */
static void test_patterns_in_files_that_cannot_be_read(void)
{
	static const struct mf_uprobe_target missing = {.path = "/nowhere/at/all",
							.function = "f*"};
	static const struct mf_uprobe_target text = {.path = "/proc/self/status", .function = "f*"};
	static const struct mf_uprobe_target others = {.path = "/nowhere/*", .function = "f*"};
	static const struct {
		const struct mf_uprobe_target *target;
		const char *said;
	} cases[] = {
		{&missing,
		 "uprobe target file '/nowhere/at/all' does not exist or is not executable."},
		{&text, "uprobe target '/proc/self/status' is not a 64-bit ELF file."},
		{&others, "Probe has no valid attach points: nothing matches uprobe:FILE:f*."},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tester tester;

		setup(&tester);
		add(&tester, MF_UPROBE, "uprobe:FILE:f*", cases[i].target);
		CHECK(find(&tester) == STATUS_FAILED);
		CHECK(strcmp(tester.of.failure.text, cases[i].said) == 0);
		CHECK(strncmp(tester.of.failure.hint, "If this is expected", 19) == 0);
		teardown(&tester);
		/* Another of its block is there. */
		setup(&tester);
		add(&tester, MF_UPROBE, "uprobe:FILE:f*", cases[i].target)->block = 7;
		add(&tester, MF_KPROBE, "kprobe:vfs_*", &some)->block = 7;
		CHECK(find(&tester) == STATUS_OK && tester.of.failure.status == STATUS_OK);
		teardown(&tester);
	}
}

/* Of a block's patterns one may match nothing, but not all. */
static void test_patterns_of_a_block(void)
{
	struct tester tester;

	setup(&tester);
	add(&tester, MF_KPROBE, "kprobe:none*", &none)->block = 7;
	add(&tester, MF_INTERVAL, "interval:s:1", &second)->block = 8;
	add(&tester, MF_KPROBE, "kprobe:vfs_*", &some)->block = 7;
	CHECK(find(&tester) == STATUS_OK);
	CHECK(!tester.program_of[0] && tester.program_of[1] && tester.program_of[2]);
	CHECK(tester.of.attachments.target_count == 2 && tester.of.attachments.found == 3);
	CHECK(tester.of.attachments.left_out_count == 0);
	/* Names of probes are the first. */
	CHECK(strcmp(tester.of.session.names.names[2], "kprobe:vfs_*") == 0);
	CHECK(strcmp(tester.of.session.names.names[3], "kprobe:vfs_open") == 0);
	teardown(&tester);
	setup(&tester);
	add(&tester, MF_KPROBE, "kprobe:vfs_*", &some);
	add(&tester, MF_KPROBE, "kprobe:none*", &none);
	CHECK(find(&tester) == STATUS_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "nothing matches kprobe:none*."));
	CHECK(strcmp(tester.of.failure.file, "test.bt") == 0 && tester.of.failure.line == 2);
	CHECK(strncmp(tester.of.failure.hint, "If this is expected", 19) == 0);
	teardown(&tester);
	/* What a filter keeps out is no fault of the pattern. */
	setup(&tester);
	filter(&tester, "read");
	add(&tester, MF_KPROBE, "kprobe:vfs_*", &some);
	add(&tester, MF_KPROBE, "kprobe:none*", &none);
	add(&tester, MF_INTERVAL, "interval:s:1", &second);
	CHECK(find(&tester) == STATUS_OK && tester.of.attachments.filtered == 2);
	CHECK(tester.of.attachments.target_count == 1 && !tester.program_of[2]);
	teardown(&tester);
}

static void test_filter_of_all(void)
{
	struct tester tester;

	setup(&tester);
	filter(&tester, "nothing");
	add(&tester, MF_KPROBE, "kprobe:vfs_open", &open_);
	add(&tester, MF_INTERVAL, "interval:s:1", &second);
	CHECK(find(&tester) == STATUS_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "--probe-filter matches none of 2."));
	teardown(&tester);
	/* A script without such probes has nothing to keep out. */
	setup(&tester);
	CHECK(find(&tester) == STATUS_OK);
	teardown(&tester);
}

static void test_missing(void)
{
	const struct mf_place place = {.line = 9, .column = 4, .end_column = 8, .text = "kprobe"};
	struct tester tester;

	setup(&tester);
	add(&tester, MF_KPROBE, "kprobe:vfs_opne", &near_open)->place = &place;
	tester.probes[0].file = "imported.bt";
	CHECK(find(&tester) == STATUS_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "specified module no module in probe"));
	CHECK(strcmp(tester.of.failure.file, "imported.bt") == 0);
	CHECK(tester.of.failure.line == 9 && tester.of.failure.column == 4);
	teardown(&tester);
	/* The script goes on without it, and it is known why; whether it is told or not. */
	for (uint32_t quiet = 0; quiet < 2; quiet++) {
		setup(&tester);
		tester.of.manifest.config.missing_probes =
			quiet ? MF_MISSING_PROBES_IGNORE : MF_MISSING_PROBES_WARN;
		tester.of.options.no_warnings = true;
		add(&tester, MF_KPROBE, "kprobe:vfs_opne", &near_open);
		add(&tester, MF_INTERVAL, "interval:s:1", &second);
		CHECK(find(&tester) == STATUS_OK && tester.of.failure.status == STATUS_OK);
		CHECK(tester.of.attachments.left_out_count == 1);
		CHECK(tester.of.attachments.left_out[0].probe == &tester.probes[0]);
		CHECK(strstr(tester.of.attachments.left_out[0].reason, "is not loaded."));
		CHECK(!tester.program_of[0] && tester.program_of[1]);
		CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
		/* What cannot be is an error all the same. */
		tester.probes[1].target = &wrong;
		CHECK(find(&tester) == STATUS_FAILED);
		CHECK(says(&tester.of.failure, STATUS_FAILED, "frequency should be a positive"));
		CHECK(!*tester.of.failure.hint && tester.of.attachments.found == 1);
		teardown(&tester);
	}
}

static void test_order(void)
{
	struct tester tester;

	setup(&tester);
	add(&tester, MF_KPROBE, "kprobe:vfs_open", &open_);
	add(&tester, MF_INTERVAL, "interval:s:1", &second);
	add(&tester, MF_KPROBE, "kprobe:vfs_*", &some)->provider = MF_KPROBE;
	add(&tester, MF_PROFILE, "profile:s:1", &second);
	CHECK(find(&tester) == STATUS_OK && tester.of.attachments.found == 5);
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
	CHECK(tester.of.attachments.attached == 5);
	/* The kernel runs the newest kprobe first; interval stands on one CPU, profile on all. */
	CHECK_TEXT(&stand_in.log, "event 1:0, period 1000000000, process -1, CPU 3\n"
				  "perf event, cookie 0, program 12\n"
				  "event 1:0, period 1000000000, process -1, CPU 3\n"
				  "perf event, cookie 0, program 14\n"
				  "event 1:0, period 1000000000, process -1, CPU 5\n"
				  "perf event, cookie 0, program 14\n"
				  "kprobes of 2 vfs_open=0 vfs_read=4, program 13\n"
				  "kprobes of 1 vfs_open=0, program 11\n");
	/* Of those that fail, the others go on; all that fail are one error. */
	attach_release(&tester.of.attachments);
	tester.of.attachments.attached = 0;
	tester.of.manifest.config.missing_probes = MF_MISSING_PROBES_IGNORE;
	tester.of.attachments.target_count = 1;
	stand_in.errors[0] = ENODEV;
	stand_in.error_count = 1;
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Attachment failed for all probes."));
	failure_clear(&tester.of.failure);
	tester.of.manifest.config.missing_probes = MF_MISSING_PROBES_ERROR;
	stand_in.errors[0] = ENODEV;
	stand_in.error_count = 1;
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "Cannot attach kprobe:vfs_open: No such device"));
	failure_clear(&tester.of.failure);
	tester.of.attachments.target_count = 0;
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
	teardown(&tester);
}

static const struct mf_watchpoint_target word = {.address = "0x1000", .length = "4", .mode = "rw"},
					 code = {.address = "4096", .length = "8", .mode = "x"};

static void test_events_of_a_process(void)
{
	struct tester tester;
	char own[128];

	setup(&tester);
	add(&tester, MF_WATCHPOINT, "watchpoint:a", &word);
	add(&tester, MF_PROFILE, "profile:s:1", &second);
	CHECK(find(&tester) == STATUS_OK);
	tester.of.session.child_pid = 77;
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
	CHECK_TEXT(&stand_in.log,
		   "event 5:0, period 1, process 77, CPU -1, address 1000+4 mode 3, inherited\n"
		   "perf event, cookie 0, program 11\n"
		   "event 1:0, period 1000000000, process -1, CPU 3\n"
		   "perf event, cookie 0, program 12\n"
		   "event 1:0, period 1000000000, process -1, CPU 5\n"
		   "perf event, cookie 0, program 12\n");
	/* Of a process each thread has an event: this one has one. */
	attach_release(&tester.of.attachments);
	strbuf_clear(&stand_in.log);
	tester.of.attachments.target_count = 1;
	tester.of.options.pid = tester.of.session.process.pid = tester.of.session.process.in_proc =
		(uint32_t)getpid();
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
	snprintf(own, sizeof(own),
		 "event 5:0, period 1, process %d, CPU -1, address 1000+4 mode 3, inherited\n",
		 getpid());
	if (!CHECK(strncmp(strbuf_c_text(&stand_in.log), own, strlen(own)) == 0))
		fprintf(stderr, "%s", strbuf_c_text(&stand_in.log));
	tester.of.session.process.in_proc = tester.of.session.process.pid = 1u << 30;
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Process 1073741824 is not there."));
	teardown(&tester);
}

static void make_threads(const char *proc)
{
	static const struct {
		const char *folder, *ids;
	} threads[] = {{"self", "800\t7"}, {"900/task/901", "901\t31"}, {"900/task/902", "902"}};
	char command[256];

	for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++) {
		snprintf(command, sizeof(command),
			 "mkdir -p %s/%s && printf 'Name:\tit\nNSpid:\t%s\n' > %s/%s/status", proc,
			 threads[i].folder, threads[i].ids, proc, threads[i].folder);
		CHECK(system(command) == 0);
	}
}

/* Process 5 is 900 in /proc: its threads have other ids where the event is opened, or none. */
static void test_threads_of_a_namespace(void)
{
	char proc[] = "/tmp/bpfload-proc-XXXXXX", command[64];
	struct tester tester;

	CHECK(mkdtemp(proc));
	make_threads(proc);
	setup(&tester);
	add(&tester, MF_WATCHPOINT, "watchpoint:a", &word);
	tester.of.options.pid = tester.of.session.process.pid = 5;
	tester.of.session.process.in_proc = 900;
	CHECK(find(&tester) == STATUS_OK);
	stand_in.proc = proc;
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
	CHECK_TEXT(&stand_in.log,
		   "event 5:0, period 1, process 31, CPU -1, address 1000+4 mode 3, inherited\n"
		   "perf event, cookie 0, program 11\n");
	/* All that are left have ended meanwhile. */
	stand_in.errors[0] = ESRCH;
	stand_in.error_count = 1;
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Process 5 is not there."));
	failure_clear(&tester.of.failure);
	/* One of two has ended; what is refused for another reason ends it. */
	tester.of.session.process.in_proc = 900;
	tester.of.session.process.pid = tester.of.options.pid = 900;
	attach_release(&tester.of.attachments);
	stand_in.errors[0] = ESRCH;
	stand_in.error_count = 1;
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
	CHECK(tester.of.attachments.link_count == 1);
	strbuf_clear(&stand_in.log);
	stand_in.errors[0] = EACCES;
	stand_in.error_count = 1;
	CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_PERMISSION);
	CHECK(strstr(strbuf_c_text(&stand_in.log), ": EACCES\n") &&
	      !strstr(strbuf_c_text(&stand_in.log), "perf event"));
	teardown(&tester);
	snprintf(command, sizeof(command), "rm -r %s", proc);
	CHECK(system(command) == 0);
}

static void test_refused_events(void)
{
	static const struct mf_timer_target hertz = {.frequency = "99"};
	static const struct mf_counter_target cycles = {.event = "cpu-cycles", .count = "1000"};
	static const struct {
		enum mf_provider provider;
		const void *target;
		int error, status;
		const char *text;
	} cases[] = {
		{MF_PROFILE, &hertz, EINVAL, STATUS_FAILED, "the kernel refuses the frequency;"},
		{MF_PROFILE, &second, EINVAL, STATUS_FAILED, "Invalid argument."},
		{MF_PROFILE, &second, EACCES, STATUS_PERMISSION, "No permission to attach"},
		{MF_PROFILE, &second, ENOENT, STATUS_FAILED, "No such file"},
		{MF_WATCHPOINT, &code, ENOSPC, STATUS_FAILED, "all hardware breakpoints of"},
		{MF_WATCHPOINT, &code, EINVAL, STATUS_FAILED, "cannot watch that"},
		{MF_WATCHPOINT, &code, EOPNOTSUPP, STATUS_KERNEL, "no hardware breakpoints."},
		{MF_HARDWARE, &cycles, ENOENT, STATUS_KERNEL, "does not count the event"},
		{MF_HARDWARE, &cycles, ENODEV, STATUS_KERNEL, "does not count the event"},
		{MF_HARDWARE, &cycles, ENOSYS, STATUS_KERNEL, "does not count the event"},
		{MF_HARDWARE, &cycles, EINVAL, STATUS_FAILED, "Invalid argument."},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tester tester;

		setup(&tester);
		add(&tester, cases[i].provider, "it", cases[i].target);
		CHECK(find(&tester) == STATUS_OK);
		stand_in.errors[0] = cases[i].error;
		stand_in.error_count = 1;
		CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == cases[i].status);
		CHECK(says(&tester.of.failure, cases[i].status, cases[i].text));
		CHECK(tester.of.attachments.link_count == 0 && tester.of.attachments.attached == 0);
		teardown(&tester);
	}
}

static void test_numbers(void)
{
	static const struct mf_timer_target hertz = {.frequency = "$1"}, any = {.period = "$1"};
	static const struct mf_counter_target faults = {.event = "page-faults", .count = "7"},
					      usual = {.event = "faults"},
					      unknown = {.event = "nothing"},
					      no_count = {.event = "faults", .count = "0"};
	static const struct mf_watchpoint_target odd = {.address = "1", .length = "3", .mode = "w"},
						 null = {.address = "0",
							 .length = "4",
							 .mode = "w"},
						 twice = {.address = "1",
							  .length = "4",
							  .mode = "ww"};
	static const struct {
		enum mf_provider provider;
		const void *target;
		const char *parameter;
		/* What is opened, or what is wrong. */
		const char *text;
	} cases[] = {
		{MF_SOFTWARE, &faults, NULL, "event 1:2, period 7, process -1, CPU 3"},
		{MF_SOFTWARE, &usual, NULL, "event 1:2, period 100, process -1, CPU 3"},
		{MF_SOFTWARE, &unknown, NULL, "'nothing' is not a software event."},
		{MF_HARDWARE, &faults, NULL, "'page-faults' is not a hardware event."},
		{MF_SOFTWARE, &no_count, NULL, "count should be a positive integer, not '0'."},
		{MF_WATCHPOINT, &code, NULL, "address 1000+8 mode 4"},
		{MF_WATCHPOINT, &odd, NULL, "length must be one of (1,2,4,8), not '3'."},
		{MF_WATCHPOINT, &null, NULL, "non-zero address, not '0'."},
		{MF_WATCHPOINT, &twice, NULL, "invalid watchpoint mode: ww"},
		{MF_PROFILE, &hertz, "99", "event 1:0, frequency 99,"},
		{MF_PROFILE, &hertz, "0", "frequency should be a positive integer, not '0'."},
		{MF_PROFILE, &any, "3hz", "event 1:0, frequency 3,"},
		{MF_PROFILE, &any, "1us", "event 1:0, period 1000,"},
		{MF_PROFILE, &any, "1500ns", "event 1:0, period 1000,"},
		{MF_PROFILE, &any, "999ns", "must be at least 1us long, not 999ns."},
		{MF_PROFILE, &any, "5", "probe must have unit of time, not '5'."},
		{MF_PROFILE, &any, "", "probe must have unit of time, not ''."},
		{MF_INTERVAL, &any, "-2s", "frequency should be a positive integer, not '-2s'."},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *parameters[] = {cases[i].parameter};
		struct tester tester;
		bool found;

		setup(&tester);
		add(&tester, cases[i].provider, "it", cases[i].target)->parameters =
			cases[i].parameter;
		tester.of.options.parameters = parameters;
		tester.of.options.parameter_count = 1;
		found = find(&tester) == STATUS_OK;
		if (found) {
			CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
			if (!CHECK(strstr(strbuf_c_text(&stand_in.log), cases[i].text)))
				fprintf(stderr, "%zu: %s\n", i, strbuf_c_text(&stand_in.log));
		} else {
			CHECK(says(&tester.of.failure, STATUS_FAILED, cases[i].text));
		}
		teardown(&tester);
	}
}

static void test_iterators(void)
{
	static const struct mf_iter_target task = {.object = "task"}, groups = {.object = "cgroup"},
					   unknown = {.object = "unknown"};
	const struct mf_iter_target *targets[] = {&task, &groups, &task};
	struct btf *btf = btf__new_empty();
	struct session_btf known = {.module = "", .btf = btf};
	int prototype = btf__add_func_proto(btf, 0);

	btf__add_func(btf, "bpf_iter_task", BTF_FUNC_GLOBAL, prototype);
	btf__add_func(btf, "bpf_iter_cgroup", BTF_FUNC_GLOBAL, prototype);
	for (uint32_t i = 0; i < 3; i++) {
		struct tester tester;

		setup(&tester);
		tester.of.session.kernel_btfs = &known;
		tester.of.session.type_view_asked = true;
		tester.of.options.pid = i == 2 ? 9 : 0;
		add(&tester, MF_ITER, "iter:it", targets[i]);
		CHECK(find(&tester) == STATUS_OK);
		CHECK(attach_iterator(&tester.of.attachments) == 0);
		CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
		CHECK(attach_iterator(&tester.of.attachments) == FIRST_LINK);
		CHECK(!attach_iterator_pin(&tester.of.attachments));
		CHECK_TEXT(&stand_in.log, i == 0   ? "iterator, program 11\n"
					  : i == 1 ? "iterator, program 11, order 2, process 0\n"
						   : "iterator, program 11, order 0, process 9\n");
		tester.probes[0].target = &unknown;
		CHECK(find(&tester) == STATUS_KERNEL);
		CHECK(says(&tester.of.failure, STATUS_KERNEL,
			   "iter unknown not available for your"));
		teardown(&tester);
	}
	btf__free(btf);
}

static const struct mf_tracepoint_target at_events = {
	.category = "c", .event = "*", .syscalls = MF_NONE, .context_free = true};
static const struct mf_tracepoint_target reading = {
	.category = "c", .event = "two", .syscalls = MF_NONE};

/* As find adds them. */
static void add_event(struct tester *tester, uint32_t probe, const char *event)
{
	const struct tracepoint own = {.event = event, .id = 5};
	const struct attach_target target = {.probe = &tester->probes[probe], .cookie = 6};

	CHECK(attach_add_target(&tester->of.attachments, &target, &own, sizeof(own),
				&tester->of.failure) == ATTACH_OK);
}

/* Patterns of events are raw tracepoints where all of them are, and no other probe reads one. */
static void test_raw_tracepoints(void)
{
	static const struct {
		const char *first, *second, *other;
		bool is_raw;
	} cases[] = {
		{"one", "two", NULL, true},  {"one", NULL, NULL, false},
		{"one", "odd", NULL, false}, {"one", "two", "two", false},
		{"one", "two", "odd", true},
	};
	static const char *const cookies[] = {"bpf_get_attach_cookie"};
	struct btf *btf = btf__new_empty();
	struct session_btf known = {.module = "", .btf = btf};
	int prototype = btf__add_func_proto(btf, 0);

	btf__add_func_param(btf, "__data", 0);
	btf__add_typedef(btf, "btf_trace_one", prototype + 1);
	btf__add_ptr(btf, prototype);
	btf__add_typedef(btf, "btf_trace_two", prototype + 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tester tester;

		setup(&tester);
		tester.of.session.kernel_btfs = &known;
		tester.of.session.type_view_asked = true;
		add(&tester, MF_TRACEPOINT, "tracepoint:c:*", &at_events);
		add(&tester, MF_TRACEPOINT, "tracepoint:c:two", &reading);
		tester.programs[0].type = tester.programs[1].type = BPF_PROG_TYPE_TRACEPOINT;
		tester.of.attachments.session = &tester.of.session;
		add_event(&tester, 0, cases[i].first);
		if (cases[i].second)
			add_event(&tester, 0, cases[i].second);
		if (cases[i].other)
			add_event(&tester, 1, cases[i].other);
		tracepoints_choose_raw(&tester.of.attachments);
		CHECK(tester.programs[0].type ==
		      (cases[i].is_raw ? BPF_PROG_TYPE_RAW_TRACEPOINT : BPF_PROG_TYPE_TRACEPOINT));
		CHECK(tester.programs[1].type == BPF_PROG_TYPE_TRACEPOINT);
		CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
		if (i == 0) {
			CHECK_TEXT(&stand_in.log, "raw tracepoint one, program 11\n"
						  "raw tracepoint two, program 11\n");
			tester.of.manifest.features = (const char **)cookies;
			tester.of.manifest.feature_count = 1;
			CHECK(attach_all(&tester.of.attachments, &tester.of.failure) == STATUS_OK);
			CHECK_TEXT(&stand_in.log, "raw tracepoint one, program 11, cookie 6\n"
						  "raw tracepoint two, program 11, cookie 6\n");
		} else if (i == 1) {
			CHECK_TEXT(&stand_in.log, "event 2:5, period 1, process -1, CPU 0\n"
						  "perf event, cookie 6, program 11\n");
		}
		teardown(&tester);
	}
	btf__free(btf);
}

int main(void)
{
	test_patterns_of_a_block();
	test_patterns_in_files_that_cannot_be_read();
	test_filter_of_all();
	test_missing();
	test_order();
	test_events_of_a_process();
	test_threads_of_a_namespace();
	test_refused_events();
	test_numbers();
	test_iterators();
	test_raw_tracepoints();
	return check_result("attach_events");
}
