/* Lists of what a kernel has: functions, events, iterators and types, of the kernel itself and of
 * its modules; and of one that does not tell. Its files are the test's. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/sink.h"
#include "check.h"
#include "folder.h"
#include "listing/listing.h"
#include "stand_in.h"

static struct failure failure;
static struct strbuf notes;

static void note(const char *text)
{
	strbuf_text(&notes, text);
	strbuf_char(&notes, '\n');
}

static void write_bytes(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(at(name), "w");

	if (CHECK(file)) {
		CHECK(fwrite(bytes, 1, size, file) == size);
		fclose(file);
	}
}

static void write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

static void write_types(const char *name, const struct btf *btf)
{
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);

	write_bytes(name, bytes, size);
}

static int integer, task;

/* A function with parameters: pairs of a name and a type, to NULL. */
static int add_prototype(struct btf *btf, int result, ...)
{
	int prototype = btf__add_func_proto(btf, result);
	const char *name;
	va_list arguments;

	va_start(arguments, result);
	while ((name = va_arg(arguments, const char *)))
		btf__add_func_param(btf, *name ? name : NULL, va_arg(arguments, int));
	va_end(arguments);
	return prototype;
}

static void add_event(struct btf *btf, const char *name, int prototype)
{
	char whole[64];

	snprintf(whole, sizeof(whole), "btf_trace_%s", name);
	btf__add_typedef(btf, whole, btf__add_ptr(btf, prototype));
}

static void make_kernel(void)
{
	struct btf *btf = btf__new_empty(), *module;
	int pointer, context;

	integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	btf__add_struct(btf, "task", 8);
	btf__add_field(btf, "pid", integer, 0, 0);
	btf__add_field(btf, "prio", integer, 32, 0);
	task = btf__type_cnt(btf) - 1;
	pointer = btf__add_ptr(btf, task);
	context = btf__add_ptr(btf, 0);
	btf__add_union(btf, "task_word", 4);
	btf__add_field(btf, "whole", integer, 0, 0);
	btf__add_enum(btf, "color", 4);
	btf__add_enum_value(btf, "RED", 1);
	btf__add_enum64(btf, "wide", 8, false);
	btf__add_enum64_value(btf, "LARGE", 1ull << 40);
	/* Another one of a name that there is, and one that stands before all. */
	btf__add_enum64(btf, "color", 8, false);
	btf__add_enum64_value(btf, "GREEN", 1ull << 41);
	btf__add_enum64(btf, "a_first", 8, false);
	btf__add_enum64_value(btf, "A", 0);
	btf__add_func(btf, "vfs_read", BTF_FUNC_STATIC,
		      add_prototype(btf, integer, "task", pointer, "n", integer, NULL));
	btf__add_func(btf, "vfs_write", BTF_FUNC_STATIC, add_prototype(btf, 0, NULL));
	btf__add_func(btf, "vfs_hidden", BTF_FUNC_STATIC, add_prototype(btf, 0, NULL));
	add_event(btf, "wakeup",
		  add_prototype(btf, 0, "", context, "", pointer, "", integer, NULL));
	btf__add_func(btf, "__probestub_wakeup", BTF_FUNC_STATIC,
		      add_prototype(btf, 0, "__data", context, "p", pointer, "cpu", integer, NULL));
	add_event(btf, "plain", add_prototype(btf, 0, "", context, "", integer, NULL));
	btf__add_struct(btf, "bpf_iter__task", 0);
	btf__add_struct(btf, "bpf_iter__gone", 0);
	btf__add_func(btf, "bpf_iter_task", BTF_FUNC_STATIC,
		      add_prototype(btf, integer, "task", pointer, NULL));
	btf__add_func(btf, "bpf_iter_other", BTF_FUNC_STATIC, add_prototype(btf, integer, NULL));
	write_types("kernel/btf/vmlinux", btf);
	module = btf__new_empty_split(btf);
	btf__add_func(module, "m_open", BTF_FUNC_STATIC,
		      add_prototype(module, 0, "flags", integer, NULL));
	/* Of a name that the kernel has, too. */
	btf__add_func(module, "vfs_read", BTF_FUNC_STATIC,
		      add_prototype(module, 0, "own", integer, NULL));
	add_event(module, "m_event", add_prototype(module, 0, "", context, "", integer, NULL));
	btf__add_func(module, "__probestub_m_event", BTF_FUNC_STATIC,
		      add_prototype(module, 0, "__data", context, "m", integer, NULL));
	write_types("kernel/btf/m", module);
	write_text("kernel/btf/gone", "");
	btf__free(module);
	btf__free(btf);
}

static void make_tracefs(void)
{
	write_text("kernel/tracing/available_filter_functions",
		   "vfs_write\nvfs_read\nvfs_read.part.0\nm_open [m]\nvfs_read [m]\n");
	write_text("kernel/tracing/events/sched/switch/format",
		   "name: switch\nID: 1\nformat:\n"
		   "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		   "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
		   "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"
		   "\tfield:unsigned long common_own;\toffset:24;\tsize:8;\tsigned:0;\n"
		   "\tfield:int prio;\toffset:32;\tsize:4;\tsigned:1;\n\nprint fmt: \"x\"\n");
	write_text("kernel/tracing/events/timer/start/format", "name: start\nformat:\n");
	write_text("kernel/tracing/events/sched/switch/id", "1\n");
	write_text("kernel/tracing/events/timer/start/id", "2\n");
}

/* Words between semicolons. */
static void expect_at(const char *words, bool verbose, int status, const char *expected,
		      const char *noted, int line)
{
	const char *list[8];
	char copy[256];
	struct list_request request = {.words = list, .verbose = verbose, .note = note};
	struct strbuf text = {0};
	struct sink sink;
	FILE *file;
	int letter, got;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok(copy, ";"); word; word = strtok(NULL, ";"))
		list[request.word_count++] = word;
	failure_clear(&failure);
	stand_in.sys = folder;
	CHECK(sink_open(&sink, at("list"), "list", &failure) == STATUS_OK);
	got = list_probes(&request, &sink, &failure);
	sink_close(&sink);
	stand_in.sys = NULL;
	file = fopen(at("list"), "r");
	while ((letter = fgetc(file)) != EOF)
		strbuf_char(&text, (char)letter);
	fclose(file);
	if (!check_that(got == status, words, __FILE__, line))
		fprintf(stderr, "  %d: %s\n", got, failure.text);
	check_text(&text, expected, __FILE__, line);
	check_text(&notes, noted, __FILE__, line);
	strbuf_free(&text);
}

#define EXPECT(words, expected) expect_at((words), false, STATUS_OK, (expected), "", __LINE__)
#define EXPECT_ALL(words, expected) expect_at((words), true, STATUS_OK, (expected), "", __LINE__)

static void functions(void)
{
	EXPECT("kprobe:vfs_*", "kprobe:vfs_read\nkprobe:vfs_write\n");
	EXPECT("kprobe:m_open", "kprobe:m_open\n");
	EXPECT("kprobe:*:vfs_*",
	       "kprobe:m:vfs_read\nkprobe:vmlinux:vfs_read\nkprobe:vmlinux:vfs_write\n");
	EXPECT("kprobe:m:*", "kprobe:m:m_open\nkprobe:m:vfs_read\n");
	EXPECT("kprobe:none", "");
	/* When functions return they have no arguments. */
	EXPECT_ALL("kretprobe:vfs_read", "kretprobe:vfs_read\n");
	EXPECT_ALL("kprobe:vfs_read", "kprobe:vfs_read\n");
	EXPECT("fentry:vfs_*", "fentry:vmlinux:vfs_read\nfentry:vmlinux:vfs_write\n");
	EXPECT("fentry:m:*", "fentry:m:m_open\nfentry:m:vfs_read\n");
	EXPECT("fentry:*:vfs_read", "fentry:m:vfs_read\nfentry:vmlinux:vfs_read\n");
	EXPECT("fentry:vmlinux:vfs_read", "fentry:vmlinux:vfs_read\n");
	EXPECT("fentry:x:vfs_read", "");
	EXPECT_ALL("fentry:*:vfs_*", "fentry:m:vfs_read\n    int own\n"
				     "fentry:vmlinux:vfs_read\n    struct task * task\n    int n\n"
				     "fentry:vmlinux:vfs_write\n");
	EXPECT_ALL("fexit:vfs_*",
		   "fexit:vmlinux:vfs_read\n    struct task * task\n    int n\n    int retval\n"
		   "fexit:vmlinux:vfs_write\n");
}

static void events(void)
{
	EXPECT("rawtracepoint:*", "rawtracepoint:vmlinux:plain\nrawtracepoint:vmlinux:wakeup\n");
	EXPECT("rawtracepoint:m:*", "rawtracepoint:m:m_event\n");
	EXPECT_ALL("rawtracepoint:*:*",
		   "rawtracepoint:m:m_event\n    int m\n"
		   "rawtracepoint:vmlinux:plain\n    int arg0\n"
		   "rawtracepoint:vmlinux:wakeup\n    struct task * p\n    int cpu\n");
	EXPECT("tracepoint:*", "tracepoint:sched:switch\ntracepoint:timer:start\n");
	EXPECT("tracepoint:switch", "tracepoint:sched:switch\n");
	EXPECT("tracepoint:timer:*", "tracepoint:timer:start\n");
	EXPECT("tracepoint:timer:switch", "");
	EXPECT_ALL("tracepoint:sched:*",
		   "tracepoint:sched:switch\n    char comm[16]\n    int prio\n");
	EXPECT("iter:*", "iter:task\n");
	EXPECT("iter:gone", "");
	EXPECT("iter:other", "");
	EXPECT_ALL("iter:t*", "iter:task\n    struct task * task\n");
}

static void types(void)
{
	EXPECT("struct task", "struct task\n");
	EXPECT("struct *", "struct bpf_iter__gone\nstruct bpf_iter__task\nstruct task\n");
	EXPECT("union *", "union task_word\n");
	EXPECT("struct task_word", "");
	EXPECT("enum *", "enum a_first\nenum color\nenum wide\n");
	EXPECT("enum wide", "enum wide\n");
	EXPECT_ALL(
		"struct task;union task_word",
		"struct task {\n\tint pid;\n\tint prio;\n};\nunion task_word {\n\tint whole;\n};\n");
	/* Of two the first is the one that scripts get. */
	EXPECT_ALL("enum color;enum wide",
		   "enum color {\n\tRED = 1,\n};\nenum wide {\n\tLARGE = 1099511627776,\n};\n");
	/* Types stand behind all probes. */
	EXPECT("struct task;kprobe:vfs_write", "kprobe:vfs_write\nstruct task\n");
}

#define NO_FUNCTIONS                                                                               \
	"which functions the kernel can trace is not known: cannot read "                          \
	"/sys/kernel/tracing/available_filter_functions: No such file or directory; those of its " \
	"BTF are listed\n"

/* Kernels that tell less; what they do not tell is said, once, where there is something to see. */
static void hidden(void)
{
	unlink(at("kernel/tracing/available_filter_functions"));
	expect_at("kprobe:vfs_*", false, STATUS_OK,
		  "kprobe:vfs_hidden\nkprobe:vfs_read\nkprobe:vfs_write\n", NO_FUNCTIONS, __LINE__);
	expect_at("kprobe:none;kretprobe:none", false, STATUS_OK, "", "", __LINE__);
	expect_at("kprobe:none;kretprobe:none", true, STATUS_OK, "", NO_FUNCTIONS, __LINE__);
	CHECK(rename(at("kernel/tracing/events"), at("kernel/tracing/away")) == 0);
	expect_at("tracepoint:*", false, STATUS_FAILED, "", "", __LINE__);
	CHECK(strcmp(failure.text, "tracefs is not mounted; run: mount -t tracefs tracefs "
				   "/sys/kernel/tracing") == 0);
	/* One provider does not keep the others from being listed. */
	expect_at("t*:start;interval:s", false, STATUS_OK, "interval:s:\n",
		  "no tracepoint probes are listed: tracefs is not mounted; run: mount -t tracefs "
		  "tracefs /sys/kernel/tracing\n",
		  __LINE__);
	CHECK(rename(at("kernel/tracing/away"), at("kernel/tracing/events")) == 0);
	/* A module whose types cannot be read has none; the others have theirs. */
	EXPECT("fentry:gone:*", "");
	EXPECT("rawtracepoint:*:m_*", "rawtracepoint:m:m_event\n");
}

int main(void)
{
	static const char *const folders[] = {"kernel",
					      "kernel/btf",
					      "kernel/tracing",
					      "kernel/tracing/events",
					      "kernel/tracing/events/sched",
					      "kernel/tracing/events/sched/switch",
					      "kernel/tracing/events/timer",
					      "kernel/tracing/events/timer/start"};
	char command[64];

	CHECK(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		CHECK(mkdir(at(folders[i]), 0700) == 0);
	make_kernel();
	make_tracefs();
	functions();
	events();
	types();
	hidden();
	strbuf_free(&notes);
	failure_clear(&failure);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(system(command) == 0);
	return check_result("list_kernel");
}
