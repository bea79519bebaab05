/* Tracepoints, those of system calls and raw ones: what of the kernel's lists they mean, and what
 * is said where none is meant; kernel, tracefs and modules are stood in for. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "attach/copy.h"
#include "attach/tracepoint.h"
#include "attaching_files.h"
#include "base/say.h"
#include "host/syscalls.h"
#include "stand_in.h"

static char sys[] = "/tmp/bpfload-sys-XXXXXX";
static char said[512];

static void keep(void *context, const char *text, size_t length)
{
	(void)context;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%.*s", (int)length, text);
}

static void make(const char *format, const char *name, const void *bytes, size_t size)
{
	char path[512], command[600];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s%s", sys, format, name);
	snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", path);
	CHECK(system(command) == 0);
	file = fopen(path, "w");
	CHECK(file && fwrite(bytes, 1, size, file) == size);
	fclose(file);
}

static void make_event(const char *event, const char *id)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/id", event);
	make("kernel/tracing/events/", path, id, strlen(id));
}

static void setup_events(struct tester *tester)
{
	setup(tester);
	stand_in.sys = sys;
	*said = '\0';
}

static struct mf_probe *add_event(struct tester *tester, const char *name,
				  const struct mf_tracepoint_target *target)
{
	struct mf_probe *probe = add(tester, MF_TRACEPOINT, name, target);

	tester->programs[probe->index].type = BPF_PROG_TYPE_TRACEPOINT;
	return probe;
}

static void test_event(void)
{
	struct mf_tracepoint_target wanted = {
		.category = "disk", .event = "read", .syscalls = MF_NONE};
	const char *near;
	struct tester tester;

	setup_events(&tester);
	add_event(&tester, "tracepoint:it", &wanted);
	CHECK(find(&tester, 0) == ATTACH_OK && attach(&tester, 0) == ATTACH_OK);
	asked("event 2:71, period 1, process -1, CPU 0\nperf event, cookie 0, program 11\n");
	CHECK(strcmp(tester.of.attachments.targets[0].shown, "disk:read") == 0);
	refuse(EPERM, 0);
	CHECK(attach(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_PERMISSION, "No permission to attach tracepoint:it"));
	asked("event 2:71, period 1, process -1, CPU 0: EPERM\n");
	refuse(0, EACCES);
	CHECK(attach(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "Cannot attach tracepoint:it to disk:read: the program reads beyond"));
	/* Neither an event nor a category that is not there, nor what is no name of one. */
	wanted.event = "raed";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "No matches for tracepoint disk:raed."));
	near = attach_tracepoint.near(&tester.of.attachments, &tester.probes[0]);
	CHECK(near && strcmp(near, "disk:read") == 0);
	wanted.event = "quite_another";
	CHECK(!attach_tracepoint.near(&tester.of.attachments, &tester.probes[0]));
	wanted.category = "..";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	/* A file where a folder should be. */
	wanted = (struct mf_tracepoint_target){"file", "read", MF_NONE, false};
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	/* A folder that is no file: whatever the kernel says of it. */
	wanted = (struct mf_tracepoint_target){"disk", "folder", MF_NONE, false};
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Cannot attach tracepoint:it: Is a dir"));
	CHECK(tester.of.attachments.target_count == 1);
	teardown(&tester);
}

static void test_pattern(void)
{
	struct mf_tracepoint_target wanted = {
		.category = "d*", .event = "*e*", .syscalls = MF_NONE};
	struct tester tester;

	setup_events(&tester);
	add_event(&tester, "tracepoint:it", &wanted);
	probe_names_add(&tester.of.session.names, "tracepoint:it");
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 3);
	for (uint32_t i = 0; i < 3; i++)
		CHECK(attach(&tester, i) == ATTACH_OK);
	asked("event 2:71, period 1, process -1, CPU 0\nperf event, cookie 1, program 11\n"
	      "event 2:72, period 1, process -1, CPU 0\nperf event, cookie 2, program 11\n"
	      "event 2:81, period 1, process -1, CPU 0\nperf event, cookie 3, program 11\n");
	CHECK(is_named(&tester, 2, "tracepoint:disk:write"));
	CHECK(strcmp(tester.of.attachments.targets[2].shown, "dns:reply") == 0);
	wanted.category = "dns";
	wanted.event = "re*";
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 4);
	/* An alias is the name of all. */
	tester.probes[0].name = "alias";
	CHECK(find(&tester, 0) == ATTACH_OK);
	CHECK(is_named(&tester, tester.of.attachments.targets[4].cookie, "alias"));
	tester.probes[0].name = "tracepoint:it";
	wanted.category = "*";
	filter(&tester, "disk:read");
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 6);
	CHECK(tester.of.attachments.filtered > 0);
	wanted.event = "none*";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	/* Whoever asked says what of all matched nothing. */
	CHECK(tester.of.failure.status == STATUS_OK);
	tester.of.manifest.config.max_probes = 7;
	wanted.event = "read";
	CHECK(find(&tester, 0) == ATTACH_OK && find(&tester, 0) == ATTACH_FAILED);
	teardown(&tester);
}

static void test_fits(void)
{
	static const struct {
		uint32_t syscalls;
		int type, expected;
		bool fits;
	} cases[] = {
		{MF_NONE, BPF_PROG_TYPE_TRACEPOINT, 0, true},
		{MF_NONE, BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, false},
		{8, BPF_PROG_TYPE_TRACEPOINT, 0, false},
		{8, BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, true},
		/* As libbpf has them before they are loaded. */
		{8, BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_TRACE_RAW_TP, true},
		{8, BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct mf_tracepoint_target target = {.syscalls = cases[i].syscalls};
		const struct mf_probe probe = {.provider = MF_TRACEPOINT, .target = &target};
		const struct bpf_program program = {.type = cases[i].type,
						    .expected = cases[i].expected};

		CHECK(attach_tracepoint.fits(NULL, &probe, &program) == cases[i].fits);
	}
}

static uint16_t entry(const struct tester *tester, const char *name)
{
	const uint16_t *table = tester->of.session.tables->bytes;

	return table[syscall_number(name)];
}

/* One program for all, with a table by the numbers of system calls. */
static void test_syscalls(void)
{
	struct mf_tracepoint_target wanted = {
		.category = "syscalls", .event = "sys_*_open*", .syscalls = 40};
	struct tester tester;

	setup_events(&tester);
	add_event(&tester, "tracepoint:it", &wanted);
	probe_names_add(&tester.of.session.names, "tracepoint:it");
	tester.programs[0].section = "tp_btf/sys_enter_*";
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 1);
	CHECK(tester.of.attachments.targets[0].events == 2 && tester.of.attachments.found == 2);
	CHECK(tester.of.session.tables->offset == 40 && tester.of.session.tables->size == 2048);
	CHECK(entry(&tester, "openat") == 2 && entry(&tester, "openat2") == 3);
	CHECK(entry(&tester, "close") == 0 && entry(&tester, "read") == 0);
	CHECK(is_named(&tester, 2, "tracepoint:syscalls:sys_enter_openat2"));
	CHECK(!*said);
	CHECK(attach(&tester, 0) == ATTACH_OK);
	asked("program 11 for 0 sys_enter\ntrace, program 11\n");
	/* The other side has others; an alias is the name of all. */
	tester.programs[0].section = "tp_btf/sys_exit_*";
	tester.probes[0].name = "alias";
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.targets[1].events == 1);
	CHECK(entry(&tester, "openat") == 4 && entry(&tester, "openat2") == 0);
	CHECK(is_named(&tester, 3, "alias"));
	asked("program 11 for 0 sys_exit\n");
	refuse(ENOENT, 0);
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Cannot attach alias: No such file"));
	refuse(ENODEV, 0);
	CHECK(attach(&tester, 0) == ATTACH_MISSING);
	/* What has no number is left out, and is no match. */
	tester.programs[0].section = "tp_btf/sys_enter_*";
	tester.probes[0].name = "tracepoint:it";
	wanted.event = "sys_*_no_such_call";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "No matches for tracepoint syscalls:sys_*_no_such_call."));
	CHECK(strstr(said, "tracepoint:syscalls:sys_enter_no_such_call is left out: this loader"));
	CHECK(!strstr(said, "sys_exit_"));
	/* All of it is kept out: no fault of the pattern. */
	wanted.event = "sys_*";
	filter(&tester, "nothing");
	strbuf_clear(&stand_in.log);
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 2);
	CHECK(entry(&tester, "openat") == 0);
	asked("%s", "");
	teardown(&tester);
}

/* Entries of the table have 16 bits: 1 more than the number of a name. */
static void test_many_names(void)
{
	const struct mf_tracepoint_target wanted = {
		.category = "syscalls", .event = "sys_enter_open*", .syscalls = 40};

	for (uint32_t last = 0; last < 2; last++) {
		struct tester tester;

		setup_events(&tester);
		add_event(&tester, "tracepoint:it", &wanted);
		tester.programs[0].section = "tp_btf/sys_enter_*";
		while (tester.of.session.names.count < UINT16_MAX - 2 + last)
			probe_names_add(&tester.of.session.names, "name");
		CHECK(find(&tester, 0) == (last ? ATTACH_FAILED : ATTACH_OK));
		CHECK(entry(&tester, "openat") == UINT16_MAX - 1 + last);
		CHECK(last || entry(&tester, "openat2") == UINT16_MAX);
		CHECK(!last || says(&tester.of.failure, STATUS_FAILED,
				    "the script's patterns match more than 65535 events."));
		teardown(&tester);
	}
}

/* Each event counts, though all have one program. */
static void test_many_calls(void)
{
	const struct mf_tracepoint_target wanted = {
		.category = "syscalls", .event = "sys_enter_open*", .syscalls = 40};
	struct tester tester;

	setup_events(&tester);
	add_event(&tester, "tracepoint:it", &wanted);
	tester.programs[0].section = "tp_btf/sys_enter_*";
	tester.of.manifest.config.max_probes = 2;
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.found == 2);
	tester.of.manifest.config.max_probes = 3;
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "attach to 4 probes or more because"));
	teardown(&tester);
}

static void test_no_tracefs(void)
{
	const struct mf_tracepoint_target event = {"disk", "read", MF_NONE, false},
					  call = {"syscalls", "sys_enter_open", 8, false};
	struct tester tester;

	setup_events(&tester);
	stand_in.sys = "/nowhere";
	add_event(&tester, "tracepoint:it", &event);
	tester.programs[0].section = "tp_btf/sys_enter_*";
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "tracefs is not mounted; run: mount"));
	CHECK(!attach_tracepoint.near(&tester.of.attachments, &tester.probes[0]));
	failure_clear(&tester.of.failure);
	tester.probes[0].target = &call;
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "tracefs is not mounted; run: mount"));
	teardown(&tester);
}

static struct btf *kernel, *module;

/* Event `own` of the kernel; of `m` the events `of_m` and `both`, of `n` the last alone. */
static void make_types(void)
{
	static const char *const of_n[] = {"both"}, *const of_m[] = {"of_m", "both"};
	struct btf *n;
	const void *bytes;
	uint32_t size;

	kernel = btf__new_empty();
	btf__add_int(kernel, "long", 8, BTF_INT_SIGNED);
	btf__add_func_proto(kernel, 1);
	btf__add_func_param(kernel, "data", 1);
	btf__add_ptr(kernel, 2);
	CHECK(btf__add_typedef(kernel, "btf_trace_own", 3) == 4);
	bytes = btf__raw_data(kernel, &size);
	make("kernel/btf/", "vmlinux", bytes, size);
	module = btf__new_empty_split(kernel);
	for (int i = 0; i < 2; i++) {
		char name[64];

		snprintf(name, sizeof(name), "btf_trace_%s", of_m[i]);
		CHECK(btf__add_typedef(module, name, 3) == 5 + i);
	}
	bytes = btf__raw_data(module, &size);
	make("kernel/btf/", "m", bytes, size);
	n = btf__new_empty_split(kernel);
	CHECK(of_n[0] && btf__add_typedef(n, "btf_trace_both", 3) == 5);
	bytes = btf__raw_data(n, &size);
	make("kernel/btf/", "n", bytes, size);
	btf__free(n);
}

static void setup_raw(struct tester *tester, const struct mf_rawtracepoint_target *target)
{
	setup_events(tester);
	add(tester, MF_RAWTRACEPOINT, "rawtracepoint:it", target);
	tester->programs[0] = (struct bpf_program){.fd = 11,
						   .type = BPF_PROG_TYPE_TRACING,
						   .expected = BPF_TRACE_RAW_TP,
						   .section = "tp_btf/x"};
	tester->of.session.type_view_asked = true;
}

static void teardown_raw(struct tester *tester)
{
	for (struct session_btf *btf = tester->of.session.kernel_btfs; btf; btf = btf->next)
		btf__free(btf->btf);
	teardown(tester);
}

/* A line for each target: what its program is loaded for, and its name. */
static void check_targets(struct tester *tester, const char *expected)
{
	struct strbuf text = {0};

	for (uint32_t i = 0; i < tester->of.attachments.target_count; i++) {
		const struct copy *copy = tester->of.attachments.targets[i].own;
		char line[128];

		snprintf(line, sizeof(line), "%s %u\n", copy->module ? copy->module : "-",
			 copy->btf_id);
		strbuf_text(&text, line);
	}
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
	tester->of.attachments.target_count = 0;
}

static void test_raw_of_modules(void)
{
	struct mf_rawtracepoint_target wanted = {0};
	static const struct {
		const char *module, *event;
		/* NULL: it is missing. */
		const char *targets, *text;
	} cases[] = {
		/* libbpf looks for the name in modules, too. */
		{NULL, "own", "- 0\n", ""},
		{NULL, "of_m", "- 0\n", ""},
		{NULL, "of_", NULL, "No matches for rawtracepoint of_."},
		{"m", "both", "- 0\n", "program 11 for 0 both\n"},
		{"n", "of_m", NULL, "No matches for rawtracepoint n:of_m."},
		{"m", "ot*", NULL, ""},
		{"none", "both", NULL, "specified module none in probe rawtracepoint:it is not"},
		{"", "both", NULL, "specified module  in probe rawtracepoint:it is not loaded."},
		/* Of the kernel the first is what is loaded, of modules all are copies. */
		{"vm*", "*", "- 0\n", ""},
		{"m*", "o*", "m 5\n", "program 11 for 0 of_m\n"},
		{"n*", "*", "n 5\n", "program 11 for 0 both\n"},
		{"x*", "*", NULL, ""},
		{"m*", "x*", NULL, ""},
		/* The kernel itself has none of these. */
		{"*", "of_m", "m 5\n", "program 11 for 0 of_m\n"},
		{"m", "*", "m 6\nm 5\n", "program 11 for 0 both\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tester tester;

		wanted.module = cases[i].module;
		wanted.event = cases[i].event;
		setup_raw(&tester, &wanted);
		if (cases[i].targets) {
			CHECK(find(&tester, 0) == ATTACH_OK);
			check_targets(&tester, cases[i].targets);
			asked("%s", cases[i].text);
		} else {
			CHECK(find(&tester, 0) == ATTACH_MISSING);
			CHECK(says(&tester.of.failure, *cases[i].text ? STATUS_FAILED : STATUS_OK,
				   cases[i].text));
		}
		teardown_raw(&tester);
	}
	/* A limit, and a name that libbpf refuses, end it. */
	struct tester tester;
	wanted = (struct mf_rawtracepoint_target){"*", "*"};
	setup_raw(&tester, &wanted);
	tester.of.manifest.config.max_probes = 3;
	CHECK(find(&tester, 0) == ATTACH_FAILED && tester.of.attachments.found == 4);
	wanted = (struct mf_rawtracepoint_target){NULL, "own"};
	CHECK(find(&tester, 0) == ATTACH_FAILED && tester.of.attachments.found == 5);
	wanted = (struct mf_rawtracepoint_target){"m", "both"};
	refuse(EPERM, 0);
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_PERMISSION, "No permission to attach rawtrace"));
	teardown_raw(&tester);
}

static void test_raw_without_types(void)
{
	const struct mf_rawtracepoint_target wanted = {NULL, "*"};
	struct tester tester;

	setup_raw(&tester, &wanted);
	stand_in.sys = "/nowhere";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_KERNEL, "rawtracepoints require kernel BTF. Try"));
	teardown_raw(&tester);
}

/* Each copy is a program and a link, which are kept to the end. */
static void test_copies(void)
{
	static const struct stand_in_object objects[] = {
		{.fd = 5001, .id = 3, .module = "n", .is_compiled = true},
		{.fd = 5002, .id = 4, .module = "m"},
		{.fd = 5003, .id = 5, .module = "m", .is_compiled = true},
	};
	const struct mf_rawtracepoint_target wanted = {"m", "*"};
	struct tester tester;

	setup_raw(&tester, &wanted);
	stand_in.objects = objects;
	stand_in.object_count = 3;
	stand_in.object_types = kernel;
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 2);
	strbuf_clear(&stand_in.log);
	CHECK(attach(&tester, 0) == ATTACH_OK && attach(&tester, 1) == ATTACH_OK);
	asked("program tp_btf/x of type 26 for 23, function 6 of 5003, 4 instructions, flags 7\n"
	      "type 23, cookie 0, program %d\n"
	      "program tp_btf/x of type 26 for 23, function 5 of 5003, 4 instructions, flags 7\n"
	      "type 23, cookie 1, program %d\n",
	      FIRST_LINK + 1, FIRST_LINK + 3);
	CHECK(tester.of.attachments.copy_count == 2 && tester.of.attachments.link_count == 2);
	CHECK(tester.of.attachments.copies[1].program == FIRST_LINK + 3);
	CHECK(tester.of.attachments.links[1].descriptor == FIRST_LINK + 4);
	/* One of many that the kernel refuses is left out, but not for want of permission. */
	refuse(EINVAL, 0);
	CHECK(attach(&tester, 0) == ATTACH_LEFT_OUT);
	refuse(EPERM, 0);
	CHECK(attach(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_PERMISSION, "No permission to attach rawtrace"));
	refuse(0, ENOENT);
	CHECK(attach(&tester, 0) == ATTACH_LEFT_OUT);
	CHECK(tester.of.attachments.copy_count == 2 && tester.of.attachments.link_count == 2);
	/* A module that has gone meanwhile. */
	stand_in.object_count = 2;
	CHECK(attach(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "No such file or directory."));
	teardown_raw(&tester);
}

int main(void)
{
	char command[64];

	say_divert(keep, NULL);
	CHECK(mkdtemp(sys));
	make_event("disk/read", "71\n");
	make_event("disk/write", "72\n");
	make_event("disk/folder/id", "");
	make_event("dns/reply", "81\n");
	make_event("syscalls/sys_enter_openat", "90");
	make_event("syscalls/sys_exit_openat", "91");
	make_event("syscalls/sys_enter_openat2", "92");
	make_event("syscalls/sys_enter_no_such_call", "93");
	make_event("syscalls/sys_exit_no_such_call", "94");
	make("kernel/tracing/events/", "file", "", 0);
	make_types();
	test_event();
	test_pattern();
	test_fits();
	test_syscalls();
	test_many_names();
	test_many_calls();
	test_no_tracefs();
	test_raw_of_modules();
	test_raw_without_types();
	test_copies();
	btf__free(module);
	btf__free(kernel);
	snprintf(command, sizeof(command), "rm -r %s", sys);
	CHECK(system(command) == 0);
	return check_result("attach_tracepoints");
}
