/* What a host answers is found again in what was noted of it, without that host. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/failure.h"
#include "binary/code_lines.h"
#include "check.h"
#include "fixture.h"
#include "known_answers.h"
#include "output/facts.h"
#include "recording/recording.h"
#include "symbols/symbols.h"

__attribute__((noinline)) int bpfload_test_landmark(int value)
{
	return value * 7 + 3;
}

#define LANDMARK ((uint64_t)(uintptr_t)bpfload_test_landmark)

struct tester {
	struct fixture fixture;
	struct recording recording;
	struct symbols *symbols;
	/* Those that ask the host, and those that have its answers alone. */
	struct facts *host, *found;
	struct strbuf expected, text;
};

static struct failure failure;
static const char *const formats[] = {"*", "none*"};
static const char *names[] = {"begin", "tracepoint:a:b"};

static void setup(struct tester *tester)
{
	struct fixture *fixture = &tester->fixture;

	*tester = (struct tester){0};
	fixture_init(fixture);
	fixture->manifest.formats = formats;
	fixture->manifest.format_count = 2;
	fixture->session.names.names = names;
	fixture->session.names.count = 2;
	tester->symbols = symbols_new(&fixture->manifest.config, NULL);
	CHECK(recording_open(&tester->recording, "/dev/null", &failure) == STATUS_OK);
	tester->host = facts_new(&fixture->session, tester->symbols);
	facts_note_in(tester->host, &tester->recording);
	tester->found = facts_new(&fixture->session, NULL);
	facts_found_in(tester->found, &tester->recording.answers);
	CHECK(facts_are_found(tester->found) && !facts_are_found(tester->host));
}

static void teardown(struct tester *tester)
{
	facts_free(tester->host);
	facts_free(tester->found);
	symbols_free(tester->symbols);
	CHECK(recording_close(&tester->recording) == 0);
	strbuf_free(&tester->expected);
	strbuf_free(&tester->text);
	fixture_free(&tester->fixture);
}

/* Both texts are one, and not empty unless they may be. */
static void same_text(struct tester *tester, bool may_be_empty)
{
	CHECK(may_be_empty || tester->expected.length);
	strbuf_c_text(&tester->expected);
	CHECK_TEXT(&tester->text, tester->expected.data);
	strbuf_clear(&tester->expected);
}

static void names_of_numbers(void)
{
	static const struct {
		enum mf_name_space space;
		uint64_t number;
		bool is_of_host;
	} all[] = {
		{MF_NAME_USER, 0, true},    {MF_NAME_USER, 4000000001, true},
		{MF_NAME_SYSCALL, 1, true}, {MF_NAME_SYSCALL, 99999, true},
		{MF_NAME_SIGNAL, 9, false}, {MF_NAME_ERRNO, 2, false},
	};
	struct tester tester;

	setup(&tester);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		/* Before it was asked for, nothing of the host is known. */
		facts_name(tester.found, &tester.text, all[i].space, all[i].number);
		CHECK((tester.text.length == 0) == all[i].is_of_host);
		strbuf_clear(&tester.text);
		/* Behind a text that is no part of it. */
		strbuf_text(&tester.expected, "it is ");
		facts_name(tester.host, &tester.expected, all[i].space, all[i].number);
		strbuf_text(&tester.text, "it is ");
		facts_name(tester.found, &tester.text, all[i].space, all[i].number);
		same_text(&tester, false);
	}
	teardown(&tester);
}

static void paths_of_cgroups(void)
{
	struct tester tester;

	setup(&tester);
	for (uint32_t filter = 0; filter < 2; filter++) {
		facts_cgroup(tester.found, &tester.text, 1, filter);
		CHECK(tester.text.length == 0);
		facts_cgroup(tester.host, &tester.expected, 1, filter);
		facts_cgroup(tester.found, &tester.text, 1, filter);
		same_text(&tester, true);
	}
	teardown(&tester);
}

static void names_of_probes(void)
{
	struct tester tester;
	const char *name;

	setup(&tester);
	CHECK(!facts_probe(tester.found, 1));
	CHECK(strcmp(facts_probe(tester.host, 1), "tracepoint:a:b") == 0);
	name = facts_probe(tester.found, 1);
	CHECK(name && strcmp(name, "tracepoint:a:b") == 0);
	CHECK(!facts_probe(tester.host, 2) && !facts_probe(tester.found, 2));
	CHECK(!facts_probe(tester.found, 0));
	teardown(&tester);
}

/* Of each quarter of an hour, before 1970, too. */
static void time_zones(void)
{
	static const int64_t seconds[] = {1709251198, 1720000000, 0, -1, -899, -901};
	struct tester tester;
	struct tm host, found;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	setup(&tester);
	CHECK(!facts_local_time(tester.found, 1709251198, &found));
	for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++) {
		CHECK(facts_local_time(tester.host, seconds[i], &host));
		CHECK(facts_local_time(tester.found, seconds[i], &found));
		CHECK(host.tm_year == found.tm_year && host.tm_yday == found.tm_yday &&
		      host.tm_hour == found.tm_hour && host.tm_min == found.tm_min &&
		      host.tm_sec == found.tm_sec && host.tm_isdst == found.tm_isdst &&
		      host.tm_gmtoff == found.tm_gmtoff &&
		      strcmp(host.tm_zone, found.tm_zone) == 0);
	}
	/* The next quarter is one that nobody asked for. */
	CHECK(!facts_local_time(tester.found, 1709251198 + 900, &found));
	teardown(&tester);
	unsetenv("TZ");
}

static bool same(const char *left, const char *right)
{
	return left && right ? strcmp(left, right) == 0 : left == right;
}

static void same_symbol(const struct symbol *left, const struct symbol *right)
{
	CHECK(same(left->name, right->name) && left->offset == right->offset);
	CHECK(same(left->module, right->module) && left->frame_count == right->frame_count);
	for (size_t i = 0; i < left->frame_count && i < right->frame_count; i++)
		CHECK(same(left->frames[i].function, right->frames[i].function) &&
		      same(left->frames[i].line, right->frames[i].line));
}

static void names_of_addresses(void)
{
	uint32_t pid = (uint32_t)getpid();
	struct symbol_place host_place, place;
	struct symbol host, found;
	struct tester tester;
	size_t size;

	setup(&tester);
	CHECK(!facts_user(tester.found, pid, LANDMARK + 2, &found) && !found.name);
	CHECK(facts_user(tester.host, pid, LANDMARK + 2, &host));
	CHECK(same(host.name, "bpfload_test_landmark") && host.offset == 2);
	CHECK(facts_user(tester.found, pid, LANDMARK + 2, &found));
	same_symbol(&host, &found);
	/* With lines, and those of a call, which are answers of their own. */
	for (int is_return = 0; is_return < 2; is_return++) {
		CHECK(!facts_user_source(tester.found, pid, LANDMARK + 2, is_return, &found));
		CHECK(facts_user_source(tester.host, pid, LANDMARK + 2, is_return, &host));
		CHECK(facts_user_source(tester.found, pid, LANDMARK + 2, is_return, &found));
		same_symbol(&host, &found);
	}
	CHECK(!facts_user(tester.host, pid, 1, &host));
	CHECK(!facts_user(tester.found, pid, 1, &found));
	/* The same address of another process is another one. */
	CHECK(!facts_user(tester.found, pid + 1, LANDMARK + 2, &found));

	CHECK(!facts_place(tester.found, pid, LANDMARK, &place));
	CHECK(facts_place(tester.host, pid, LANDMARK, &host_place));
	CHECK(facts_place(tester.found, pid, LANDMARK, &place));
	CHECK(same(host_place.module, place.module) && host_place.offset == place.offset);
	CHECK(host_place.has_address == place.has_address && host_place.address == place.address);
	CHECK(place.build_id_size && host_place.build_id_size == place.build_id_size &&
	      memcmp(host_place.build_id, place.build_id, place.build_id_size) == 0);
	CHECK(!facts_place(tester.host, pid, 1, &host_place));
	CHECK(!facts_place(tester.found, pid, 1, &place));
	/* A number that no kernel has code at: that is an answer, too. */
	size = tester.recording.answers.size;
	CHECK(!facts_kernel(tester.host, 1, &host) && !facts_kernel(tester.found, 1, &found));
	CHECK(tester.recording.answers.size > size);
	teardown(&tester);
}

static void frames_of_stacks(void)
{
	const uint64_t frames[4] = {0xffffffff81000010, 0xffffffff00, 0, 0};
	uint64_t id = 7, host[4], found[6];
	struct tester tester;
	int map;

	setup(&tester);
	map = fixture_map(&tester.fixture, "stacks", BPF_MAP_TYPE_HASH, 8, sizeof(frames), 4);
	CHECK(map >= 0 && bpf_map_update_elem(map, &id, frames, BPF_ANY) == 0);
	CHECK(!facts_stack(tester.found, -1, 7, found, sizeof(found)));
	CHECK(facts_stack(tester.host, map, 7, host, sizeof(host)));
	memset(found, 0xaa, sizeof(found));
	/* In more room there is nothing behind it, and in less not more than fits. */
	CHECK(facts_stack(tester.found, -1, 7, found, sizeof(found)));
	CHECK(memcmp(found, frames, sizeof(frames)) == 0 && !found[4] && !found[5]);
	memset(found, 0xaa, sizeof(found));
	CHECK(facts_stack(tester.found, -1, 7, found, 8));
	CHECK(found[0] == frames[0] && found[1] == 0xaaaaaaaaaaaaaaaa);
	CHECK(!facts_stack(tester.host, map, 8, host, sizeof(host)));
	CHECK(!facts_stack(tester.host, -1, 7, host, sizeof(host)));
	CHECK(!facts_stack(tester.found, map, 8, found, sizeof(found)));
	teardown(&tester);
}

/* Frames of functions that were inlined come back with their symbol, however many there were
 * before. */
static void frames_of_symbols(void)
{
	const struct code_frame few[] = {{"f", "a.c:1"}, {NULL, "b.c:2"}, {"g", NULL}};
	struct code_frame many[40];
	const struct symbol short_one = {
		.name = "s", .offset = 5, .module = "m", .frames = few, .frame_count = 3};
	const struct symbol long_one = {.frames = many, .frame_count = 40};
	struct tester tester;
	struct symbol found;

	for (size_t i = 0; i < 40; i++)
		many[i] = (struct code_frame){i % 2 ? "odd" : "even", i % 3 ? NULL : "c.c:3"};
	setup(&tester);
	known_user(&tester.recording, KNOWN_SOURCE, 7, 0x10, &short_one);
	known_user(&tester.recording, KNOWN_CALL, 7, 0x10, &long_one);
	known_kernel(&tester.recording, 0x10, &(struct symbol){.module = "m"});
	for (int i = 0; i < 2; i++) {
		CHECK(facts_user_source(tester.found, 7, 0x10, false, &found));
		same_symbol(&short_one, &found);
		CHECK(facts_user_source(tester.found, 7, 0x10, true, &found));
		same_symbol(&long_one, &found);
	}
	CHECK(!facts_user(tester.found, 7, 0x10, &found) && !found.name && !found.frame_count);
	/* A symbol of the kernel without a name is none. */
	CHECK(!facts_kernel(tester.found, 0x10, &found));
	teardown(&tester);
}

/* Answers that are damaged are none. */
static void answers_that_are_none(void)
{
	const struct symbol symbol = {.name = "s"};
	struct strbuf *answer;
	struct symbol_place place;
	struct tester tester;
	struct symbol found;
	struct tm local;

	setup(&tester);
	answer = &tester.recording.answer;
	/* Something behind it; cut in the middle; more frames than anybody has. */
	known_symbol(&tester.recording, &symbol);
	strbuf_char(answer, 0);
	known_answer(&tester.recording, ANSWER_KERNEL, 1, 0);
	CHECK(!facts_kernel(tester.found, 1, &found));
	known_symbol(&tester.recording, &symbol);
	answer->length--;
	known_answer(&tester.recording, ANSWER_KERNEL, 2, 0);
	CHECK(!facts_kernel(tester.found, 2, &found));
	for (uint64_t count = 4096; count < 4098; count++) {
		encode_number(answer, 1);
		encode_text(answer, "s");
		encode_number(answer, 0);
		encode_text(answer, NULL);
		encode_number(answer, count);
		strbuf_fill(answer, 0, 2 * count);
		known_answer(&tester.recording, ANSWER_KERNEL, count, 0);
		CHECK(facts_kernel(tester.found, count, &found) == (count == 4096));
	}
	known_symbol(&tester.recording, &symbol);
	known_answer(&tester.recording, ANSWER_KERNEL, 3, 0);
	CHECK(facts_kernel(tester.found, 3, &found));
	/* An id that is longer or shorter than it says. */
	for (uint64_t size = 1; size < 4; size++) {
		encode_number(answer, 1);
		encode_text(answer, "m");
		encode_number(answer, 2);
		encode_number(answer, 0);
		encode_number(answer, 0);
		encode_number(answer, size);
		strbuf_text(answer, "id");
		known_answer(&tester.recording, ANSWER_PLACE, 1, size);
		CHECK(facts_place(tester.found, 1, size, &place) == (size == 2));
	}
	/* Zones are less than a day away, and have a name. */
	for (int64_t offset = 86399; offset < 86402; offset++) {
		for (int sign = -1; sign < 2; sign += 2) {
			encode_signed(answer, sign * offset);
			encode_number(answer, 0);
			encode_text(answer, "Z");
			known_answer(&tester.recording, ANSWER_ZONE, 1000, 0);
			CHECK(facts_local_time(tester.found, 900000, &local) == (offset <= 86400));
			CHECK(offset > 86400 || local.tm_gmtoff == sign * offset);
		}
	}
	encode_signed(answer, 0);
	encode_number(answer, 1);
	encode_text(answer, NULL);
	known_answer(&tester.recording, ANSWER_ZONE, 1000, 0);
	CHECK(!facts_local_time(tester.found, 900000, &local));
	teardown(&tester);
}

/* Files are looked into for what a recording does not say, where that is asked for. */
static void names_of_files(void)
{
	const struct code_frame frame = {NULL, "a.c:1"};
	struct tester tester;
	struct symbol found;

	setup(&tester);
	known_user(&tester.recording, KNOWN_NAME, 7, 0x10, &(struct symbol){.name = "s"});
	known_user(&tester.recording, KNOWN_SOURCE, 7, 0x10, &(struct symbol){.name = "s"});
	known_user(&tester.recording, KNOWN_CALL, 7, 0x10,
		   &(struct symbol){.name = "s", .frames = &frame, .frame_count = 1});
	known_place(&tester.recording, 7, 0x10, &(struct symbol_place){.module = "/bin/m"});
	known_place(&tester.recording, 7, 0x20, &(struct symbol_place){.module = "/bin/n"});
	CHECK(!facts_are_named(tester.found));
	CHECK(facts_user(tester.found, 7, 0x10, &found) && !found.module);
	CHECK(facts_user_source(tester.found, 7, 0x10, false, &found) && !found.module);
	CHECK(!facts_by_id(tester.found, (const uint8_t *)"id", 2, 0, false, &found));
	facts_name_from(tester.found, "/nonexistent", true);
	CHECK(facts_are_named(tester.found));
	/* A name, and a name with a line, is all that there is to know; of others the file is
	 * asked. */
	CHECK(facts_user(tester.found, 7, 0x10, &found) && !found.module);
	CHECK(facts_user_source(tester.found, 7, 0x10, true, &found) && !found.module &&
	      found.frame_count == 1);
	CHECK(facts_user_source(tester.found, 7, 0x10, false, &found) &&
	      same(found.module, "/bin/m") && same(found.name, "s"));
	CHECK(!facts_user(tester.found, 7, 0x20, &found) && same(found.module, "/bin/n"));
	CHECK(!facts_user(tester.found, 7, 0x30, &found) && !found.module);
	CHECK(!facts_by_id(tester.found, (const uint8_t *)"id", 2, 0, false, &found));
	teardown(&tester);
}

int main(void)
{
	CHECK(bpfload_test_landmark(1) == 10);
	names_of_numbers();
	paths_of_cgroups();
	names_of_probes();
	time_zones();
	names_of_addresses();
	frames_of_stacks();
	frames_of_symbols();
	answers_that_are_none();
	names_of_files();
	failure_clear(&failure);
	return check_result("facts");
}
