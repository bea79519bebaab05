/* What a value asks for is all that its text takes where the host is not there. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "base/failure.h"
#include "check.h"
#include "fixture.h"
#include "output/facts.h"
#include "output/line_value.h"
#include "output/questions.h"
#include "output/stacks.h"
#include "output/time_format.h"
#include "output/value.h"
#include "recording/recording.h"
#include "symbols/symbols.h"

__attribute__((noinline)) int bpfload_test_landmark(int value)
{
	return value * 7 + 3;
}

__attribute__((noinline)) int bpfload_test_beacon(int value)
{
	return value * 5 + 1;
}

#define LANDMARK ((uint64_t)(uintptr_t)bpfload_test_landmark)
#define BEACON ((uint64_t)(uintptr_t)bpfload_test_beacon)
#define STACK_ID 7
#define FILE_STACK_ID 8

static struct failure failure;
static const char *const formats[] = {"*", "%H:%M:%S %Z"};
static const char *names[] = {"begin", "tracepoint:a:b"};

/* What asks and notes; what has the answers alone; what does neither. */
struct tester {
	struct fixture fixture;
	struct recording recording;
	struct symbols *symbols;
	struct wall_clock clocks[3];
	struct value_context host, found, plain;
	struct questions questions;
	int stacks;
};

static void setup(struct tester *tester)
{
	/* Behind what could not be unwound, too. */
	const uint64_t frames[4] = {LANDMARK + 2, STACK_UNWIND_FAILURE, BEACON + 1, 0};
	struct fixture *fixture = &tester->fixture;
	/* Of a file whose id the kernel did not know. */
	const struct bpf_stack_build_id file_frame = {.status = BPF_STACK_BUILD_ID_IP,
						      .ip = LANDMARK + 2};
	uint64_t id = STACK_ID, file_id = FILE_STACK_ID;

	*tester = (struct tester){0};
	fixture_init(fixture);
	fixture->manifest.formats = formats;
	fixture->manifest.format_count = 2;
	fixture->session.names.names = names;
	fixture->session.names.count = 2;
	tester->stacks =
		fixture_map(fixture, MF_MAP_STACKS, BPF_MAP_TYPE_HASH, 8, sizeof(frames), 4);
	CHECK(tester->stacks >= 0 &&
	      bpf_map_update_elem(tester->stacks, &id, frames, BPF_ANY) == 0);
	CHECK(bpf_map_update_elem(tester->stacks, &file_id, &file_frame, BPF_ANY) == 0);
	tester->symbols = symbols_new(&fixture->manifest.config, NULL);
	CHECK(recording_open(&tester->recording, "/dev/null", &failure) == STATUS_OK);
	for (int i = 0; i < 3; i++) {
		tester->clocks[i].stands = true;
		tester->clocks[i].boot_offset = 1709251198000000000;
	}
	value_context_init(&tester->host, &fixture->session, tester->symbols, &tester->clocks[0]);
	value_context_init(&tester->found, &fixture->session, NULL, &tester->clocks[1]);
	value_context_init(&tester->plain, &fixture->session, tester->symbols, &tester->clocks[2]);
	facts_note_in(tester->host.facts, &tester->recording);
	facts_found_in(tester->found.facts, &tester->recording.answers);
	tester->clocks[0].facts = tester->host.facts;
	tester->clocks[1].facts = tester->found.facts;
	tester->questions.context = &tester->host;
}

static void teardown(struct tester *tester)
{
	questions_forget(&tester->questions);
	value_context_free(&tester->host);
	value_context_free(&tester->found);
	value_context_free(&tester->plain);
	symbols_free(tester->symbols);
	CHECK(recording_close(&tester->recording) == 0);
	fixture_free(&tester->fixture);
}

/* `part`: what its text has in it on the host alone; NULL: nobody knows. */
static void asks(const struct mf_type *type, const void *value, const char *part)
{
	struct strbuf expected = {0}, text = {0};
	struct tester tester;

	CHECK(questions_has(type));
	setup(&tester);
	value_text(&expected, &tester.plain, type, value);
	strbuf_c_text(&expected);
	CHECK(!part || strstr(expected.data, part));
	/* Without an answer it has another text. */
	value_text(&text, &tester.found, type, value);
	strbuf_c_text(&text);
	CHECK(!part || !strstr(text.data, part));
	strbuf_clear(&text);
	questions_ask(&tester.questions, type, value);
	value_text(&text, &tester.found, type, value);
	CHECK_TEXT(&text, expected.data);
	strbuf_free(&expected);
	strbuf_free(&text);
	teardown(&tester);
}

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type probe = {.kind = MF_PROBE, .size = 8};
static const struct mf_type usym = {.kind = MF_USYM, .size = 16};
static const struct mf_type user = {.kind = MF_NAME, .size = 8, .name_space = MF_NAME_USER};

static void values_ask_for_their_names(void)
{
	const struct mf_type ksym = {.kind = MF_KSYM, .size = 8};
	const struct mf_type timestamp = {.kind = MF_TIMESTAMP, .size = 16};
	const struct mf_type cgroup = {.kind = MF_CGROUP_PATH, .size = 16};
	const uint64_t address[] = {LANDMARK + 2, (uint64_t)getpid()};
	const uint64_t time[] = {5000000000, 1}, path[] = {1, 0};
	uint64_t one = 1, root = 0;

	setenv("TZ", "CET-1", 1);
	asks(&probe, &one, "tracepoint:a:b");
	asks(&usym, address, "bpfload_test_landmark");
	asks(&user, &root, NULL);
	asks(&ksym, &one, NULL);
	asks(&timestamp, time, "01:00:03 CET");
	asks(&cgroup, path, NULL);
	unsetenv("TZ");
	CHECK(!questions_has(&int64));
}

/* All of them, not only the first. */
static void elements_ask_for_theirs(void)
{
	const struct mf_type pair = {.kind = MF_ARRAY, .size = 32, .count = 2, .element = &usym};
	const struct mf_field fields[] = {{.name = "n", .offset = 0, .type = &int64},
					  {.name = "all", .offset = 8, .type = &pair},
					  {.name = "p", .offset = 40, .type = &probe}};
	const struct mf_type tuple = {
		.kind = MF_TUPLE, .size = 48, .fields = fields, .field_count = 3};
	const struct mf_type record = {
		.kind = MF_RECORD, .size = 48, .fields = fields, .field_count = 3};
	const struct mf_type numbers = {
		.kind = MF_ARRAY, .size = 16, .count = 2, .element = &int64};
	const struct mf_type without = {
		.kind = MF_TUPLE, .size = 8, .fields = fields, .field_count = 1};
	const uint64_t pid = (uint64_t)getpid();
	const uint64_t value[] = {9, LANDMARK, pid, BEACON, pid, 1};

	asks(&pair, value + 1, "bpfload_test_beacon");
	asks(&tuple, value, "bpfload_test_beacon");
	asks(&tuple, value, "tracepoint:a:b");
	asks(&record, value, "tracepoint:a:b");
	CHECK(!questions_has(&numbers) && !questions_has(&without));
}

static void frames_ask_for_names_and_places(void)
{
	static const enum mf_stack_mode modes[] = {MF_STACK_BPFTRACE, MF_STACK_PERF, MF_STACK_RAW};
	const struct {
		uint64_t id;
		uint32_t pid, count;
	} token = {STACK_ID, (uint32_t)getpid(), 3};
	struct strbuf text = {0};
	struct symbol_place place;
	struct tester tester;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		const struct mf_type stack = {.kind = MF_STACK,
					      .size = 16,
					      .user_stack = true,
					      .stack_mode = modes[i],
					      .stack_limit = 127};

		asks(&stack, &token, modes[i] == MF_STACK_RAW ? NULL : "bpfload_test_beacon");
		setup(&tester);
		questions_ask(&tester.questions, &stack, (const uint8_t *)&token);
		CHECK(facts_place(tester.found.facts, token.pid, LANDMARK + 2, &place));
		CHECK(facts_place(tester.found.facts, token.pid, BEACON + 1, &place));
		/* On a line, as --top has them: names where the mode wants names. */
		line_value(&text, &tester.plain, &stack, (const uint8_t *)&token);
		strbuf_c_text(&text);
		CHECK(!strstr(text.data, "bpfload_test_beacon") == (modes[i] == MF_STACK_RAW));
		CHECK(!strstr(text.data, "0x") == (modes[i] != MF_STACK_RAW));
		CHECK(strstr(text.data, "<unwind failure>"));
		strbuf_free(&text);
		teardown(&tester);
	}
}

struct token {
	uint64_t id;
	uint32_t pid, count;
};

/* Whose file has an id that is asked for. */
static void frames_ask_for_ids_of_files(void)
{
	const struct token token = {FILE_STACK_ID, (uint32_t)getpid(), 1};
	const struct mf_type stack = {.kind = MF_STACK,
				      .size = 16,
				      .user_stack = true,
				      .stack_mode = MF_STACK_BUILD_ID,
				      .stack_limit = 127};
	struct symbol_place place;
	struct tester tester;

	asks(&stack, &token, " 0x");
	setup(&tester);
	questions_ask(&tester.questions, &stack, (const uint8_t *)&token);
	CHECK(facts_place(tester.found.facts, token.pid, LANDMARK + 2, &place) && place.build_id);
	teardown(&tester);
}

/* A stack all of whose frames are known is asked for once, others each time: what is not there may
 * come. Stacks of other processes and modes are others. */
static void known_stacks_are_not_asked_again(void)
{
	const uint32_t pid = (uint32_t)getpid();
	const struct token known = {STACK_ID, pid, 3}, none = {STACK_ID, pid, 0},
			   other = {STACK_ID, 0x7ffffff0, 3};
	struct mf_type stack = {.kind = MF_STACK,
				.size = 16,
				.user_stack = true,
				.stack_mode = MF_STACK_PERF,
				.stack_limit = 127};
	struct tester tester;

	setup(&tester);
	questions_ask(&tester.questions, &stack, (const uint8_t *)&none);
	questions_ask(&tester.questions, &stack, (const uint8_t *)&other);
	CHECK(tester.questions.stacks.count == 0);
	questions_ask(&tester.questions, &stack, (const uint8_t *)&known);
	questions_ask(&tester.questions, &stack, (const uint8_t *)&known);
	CHECK(tester.questions.stacks.count == 1);
	stack.stack_mode = MF_STACK_BPFTRACE;
	questions_ask(&tester.questions, &stack, (const uint8_t *)&known);
	CHECK(tester.questions.stacks.count == 2);
	stack.user_stack = false;
	questions_ask(&tester.questions, &stack, (const uint8_t *)&known);
	/* No kernel has code there. */
	CHECK(tester.questions.stacks.count == 2);
	questions_forget(&tester.questions);
	CHECK(tester.questions.stacks.count == 0);
	teardown(&tester);
}

int main(void)
{
	CHECK(bpfload_test_landmark(1) == 10 && bpfload_test_beacon(1) == 6);
	values_ask_for_their_names();
	elements_ask_for_theirs();
	frames_ask_for_names_and_places();
	frames_ask_for_ids_of_files();
	known_stacks_are_not_asked_again();
	failure_clear(&failure);
	return check_result("questions");
}
