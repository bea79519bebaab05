/* Patterns of attach points, and fields of tracefs format files. */
#include "host/tracefs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"

static const char format[] =
	"name: sched_switch\n"
	"ID: 314\n"
	"format:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n"
	"\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	"\tfield:const char * name;\toffset:32;\tsize:8;\tsigned:0;\n"
	"\tfield:__data_loc char[] text;\toffset:40;\tsize:4;\tsigned:0;\n"
	"\tfield:const char *const *argv;\toffset:48;\tsize:8;\tsigned:0;\n"
	"\tfield:char * dir;\toffset:56;\tsize:8;\tsigned:0;\n"
	"\tfield:char status;\toffset:64;\tsize:1;\tsigned:0;\n"
	"\tfield:__rel_loc u8[] bytes;\toffset:68;\tsize:4;\tsigned:0;\n"
	"\tfield:__data_loc cpumask_t cpus;\toffset:72;\tsize:4;\tsigned:0;\n"
	"\tfield:const struct  file_lock * fl;\toffset:80;\tsize:8;\tsigned:0;\n"
	"\tfield:const unsigned int ports[(4 + 2)];\toffset:88;\tsize:24;\tsigned:0;\n"
	"\tfield:__data_loc struct sock *[] socks;\toffset:112;\tsize:4;\tsigned:0;\n"
	"\n"
	"print fmt: \"field: %s\", REC->prev_comm\n";

static void expect_field(const char *name, uint32_t offset, uint32_t size)
{
	struct tracefs_field field;

	if (CHECK(tracefs_field(format, name, &field)))
		CHECK(field.offset == offset && field.size == size);
}

static void expect_form(const char *name, bool is_signed, bool is_array, bool is_dynamic)
{
	struct tracefs_field field;

	if (CHECK(tracefs_field(format, name, &field)))
		CHECK(field.is_signed == is_signed && field.is_array == is_array &&
		      field.is_dynamic == is_dynamic);
}

static void expect_elements(const char *name, const char *of, bool is_relative)
{
	struct tracefs_field field;

	if (CHECK(tracefs_field(format, name, &field))) {
		CHECK(strcmp(field.of, of) == 0);
		CHECK(field.is_relative == is_relative);
	}
}

/* Files of events, of any length; of names that would climb out of their folder there are none. */
static void files(void)
{
	static char large[3 * 4096 + 5];
	struct arena arena = {0};
	const char *got;
	int first = dup(0), after;

	close(first);
	CHECK(mkdtemp(folder) && mkdir(at("events"), 0700) == 0 &&
	      mkdir(at("events/sched"), 0700) == 0 && mkdir(at("events/sched/switch"), 0700) == 0);
	put_file("events/sched/switch/id", "314\n");
	memset(large, 'x', sizeof(large) - 1);
	put_file("events/sched/switch/format", large);
	put_file("id", "7\n");
	CHECK(tracefs_event_id(folder, "sched", "switch") == 314);
	CHECK(tracefs_event_id(folder, "sched", "none") == -1 && errno == ENOENT);
	CHECK(tracefs_event_id(folder, "..", "events") == -1 &&
	      tracefs_event_id(folder, "sched", "../..") == -1 &&
	      tracefs_event_id(folder, "sched/switch", ".") == -1 &&
	      tracefs_event_id(folder, "", "sched") == -1 &&
	      tracefs_event_id(folder, "sched", "") == -1);
	got = tracefs_format(&arena, folder, "sched", "switch");
	CHECK(got && strcmp(got, large) == 0);
	CHECK(!tracefs_format(&arena, folder, "sched", "none"));
	for (size_t size = 4095; size <= 4097; size++) {
		large[size] = '\0';
		put_file("events/sched/switch/format", large);
		got = tracefs_format(&arena, folder, "sched", "switch");
		CHECK(got && strcmp(got, large) == 0);
		large[size] = 'x';
	}
	arena_free(&arena);
	/* Nothing stays open. */
	after = dup(0);
	CHECK(after == first);
	close(after);
	unlink(at("id"));
	unlink(at("events/sched/switch/id"));
	unlink(at("events/sched/switch/format"));
	CHECK(rmdir(at("events/sched/switch")) == 0 && rmdir(at("events/sched")) == 0 &&
	      rmdir(at("events")) == 0 && rmdir(folder) == 0);
}

int main(void)
{
	struct tracefs_field field;

	expect_form("bytes", false, false, true);
	expect_elements("bytes", "u8", true);
	expect_form("cpus", false, false, true);
	expect_elements("cpus", "cpumask_t", false);
	expect_elements("text", "char", false);
	expect_elements("fl", "struct file_lock", false);
	expect_elements("ports", "unsigned int", false);
	expect_elements("prev_comm", "char", false);
	expect_elements("prev_pid", "", false);
	expect_elements("name", "", false);
	expect_elements("argv", "", false);
	expect_elements("socks", "", false);
	CHECK(tracefs_same_elements("u32", "unsigned int"));
	CHECK(tracefs_same_elements("cpumask_t", "cpumask_t"));
	CHECK(!tracefs_same_elements("u32", "int"));
	CHECK(!tracefs_same_elements("u32", "u64"));
	CHECK(!tracefs_same_elements("char", "u8"));
	CHECK(!tracefs_same_elements("struct file_lock", "struct file_lease"));

	expect_field("common_pid", 4, 4);
	expect_field("prev_comm", 8, 16);
	expect_field("prev_pid", 24, 4);
	expect_field("name", 32, 8);
	expect_field("text", 40, 4);
	expect_field("argv", 48, 8);
	expect_form("prev_pid", true, false, false);
	expect_form("name", false, false, false);
	expect_form("prev_comm", false, true, false);
	expect_form("text", false, false, true);
	expect_form("dir", false, false, false);
	expect_form("status", true, false, false);
	CHECK(!tracefs_field(format, "pid", &field));
	CHECK(!tracefs_field(format, "comm", &field));
	CHECK(!tracefs_field(format, "next_pid", &field));
	CHECK(!tracefs_field("field:int a", "a", &field));

	CHECK(pattern_match("sched_switch", "sched_switch"));
	CHECK(!pattern_match("sched_switch", "sched_switch2"));
	CHECK(pattern_match("sched_*", "sched_switch"));
	CHECK(pattern_match("*", "") && pattern_match("*", "any"));
	CHECK(pattern_match("*_sw*h", "sched_switch"));
	CHECK(pattern_match("*foo", "foofoo"));
	CHECK(!pattern_match("*foo", "foofo"));
	CHECK(!pattern_match("a*b*c", "acb"));
	CHECK(!pattern_match("", "a"));
	CHECK(pattern_match("[a]", "[a]") && !pattern_match("[a]", "a"));
	files();
	return check_result("tracefs");
}
