/* Lines for flame graphs: stacks of maps, each with the sum of its numbers; all else that a script
 * prints is text on standard error. */
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "base/failure.h"
#include "captured.h"
#include "check.h"
#include "fixture.h"
#include "output/internal.h"
#include "output/output.h"
#include "output/stacks.h"

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
/* No kernel has a function there. */
#define NOWHERE 16

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type count = {.kind = MF_COUNT, .size = 8};
static const struct mf_type sum = {.kind = MF_SUM, .size = 8, .is_signed = true};
static const struct mf_type plain_sum = {.kind = MF_SUM, .size = 8};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
static const struct mf_type ustack = {
	.kind = MF_STACK, .size = 16, .user_stack = true, .stack_limit = 127};
static const struct mf_type kstack = {.kind = MF_STACK, .size = 16, .stack_limit = 127};
static const struct mf_type raw = {.kind = MF_STACK,
				   .size = 16,
				   .user_stack = true,
				   .stack_mode = MF_STACK_RAW,
				   .stack_limit = 127};
static const struct mf_type by_id = {.kind = MF_STACK,
				     .size = 16,
				     .user_stack = true,
				     .stack_mode = MF_STACK_BUILD_ID,
				     .stack_limit = 127};

struct token {
	uint64_t id;
	uint32_t pid, frames;
};

static struct failure failure;

struct tester {
	struct fixture fixture;
	struct captured out, error;
	struct output *output;
	int stacks;
	struct strbuf text;
};

/* Maps of a session whose output is folded; what they hold is put in then. */
static void setup(struct tester *tester, struct mf_map *maps, uint32_t map_count)
{
	struct fixture *fixture = &tester->fixture;

	*tester = (struct tester){0};
	fixture_init(fixture);
	fixture->manifest.maps = maps;
	fixture->manifest.map_count = map_count;
	fixture->options.form = FORM_FOLDED;
	tester->stacks = fixture_map(fixture, MF_MAP_STACKS, BPF_MAP_TYPE_HASH, 8, 96, 16);
	CHECK(tester->stacks >= 0);
	for (uint32_t i = 0; i < map_count; i++)
		CHECK(fixture_map(fixture, maps[i].stores->map, BPF_MAP_TYPE_HASH,
				  maps[i].stores->key_size, maps[i].stores->value_size, 16) >= 0);
}

static void begin(struct tester *tester)
{
	failure_clear(&failure);
	CHECK(output_open(&tester->output, &tester->fixture.session, &failure) == STATUS_OK);
	capture_begin(&tester->error, STDERR_FILENO);
	capture_begin(&tester->out, STDOUT_FILENO);
}

/* What was printed since begin, and what was said beside it. */
static void expect(struct tester *tester, const char *printed, const char *said)
{
	struct strbuf beside = {0};
	int closed = output_close(tester->output);

	capture_end(&tester->out, &tester->text);
	capture_end(&tester->error, &beside);
	CHECK(closed == 0);
	CHECK_TEXT(&tester->text, printed);
	CHECK_TEXT(&beside, said);
	strbuf_free(&beside);
}

static void teardown(struct tester *tester)
{
	strbuf_free(&tester->text);
	fixture_free(&tester->fixture);
}

static void put_stack(const struct tester *tester, uint64_t id, const uint64_t (*frames)[12])
{
	CHECK(bpf_map_update_elem(tester->stacks, &id, frames, BPF_ANY) == 0);
}

#define PUT_STACK(tester, id, ...) put_stack(tester, id, &(const uint64_t[12]){__VA_ARGS__})

static void put(const struct tester *tester, const char *map, const void *key, int64_t value)
{
	CHECK(bpf_map_update_elem(session_map_fd(&tester->fixture.session, map), key, &value,
				  BPF_ANY) == 0);
}

/* Frames are called by their functions, the outermost first, and places in one function are one:
 * two stacks become one line. Lines stand in the order of their text. */
static void stacks_of_one_name_are_added_up(void)
{
	const struct mf_store store = {
		.kind = MF_STORE_HASH, .map = "m", .key_size = 16, .value_size = 8, .key = &ustack};
	struct mf_map map = {
		.name = "@", .key = &ustack, .value = &int64, .stores = &store, .store_count = 1};
	uint32_t pid = (uint32_t)getpid();
	struct tester tester;

	setup(&tester, &map, 1);
	PUT_STACK(&tester, 1, LANDMARK + 1, BEACON + 2);
	PUT_STACK(&tester, 2, LANDMARK + 3, BEACON + 1);
	PUT_STACK(&tester, 3, BEACON + 1, STACK_UNWIND_FAILURE);
	PUT_STACK(&tester, 4, NOWHERE);
	PUT_STACK(&tester, 5, BEACON + 1);
	put(&tester, "m", &(struct token){1, pid, 2}, 30);
	put(&tester, "m", &(struct token){2, pid, 2}, -50);
	put(&tester, "m", &(struct token){3, pid, 2}, 7);
	put(&tester, "m", &(struct token){4, pid, 1}, 8);
	put(&tester, "m", &(struct token){5, pid, 1}, 9);
	put(&tester, "m", &(struct token){0, pid, 0}, 11);
	begin(&tester);
	CHECK(output_map(tester.output, &map, 0, 1) == 0);
	expect(&tester,
	       "[no stack] 11\n"
	       "[unknown] 8\n"
	       "[unwind failure];bpfload_test_beacon 7\n"
	       "bpfload_test_beacon 9\n"
	       "bpfload_test_beacon;bpfload_test_landmark -20\n",
	       "");
	/* Divided, with its sign; of the greatest alone. */
	begin(&tester);
	CHECK(output_map(tester.output, &map, 0, 10) == 0);
	expect(&tester,
	       "[no stack] 1\n"
	       "[unknown] 0\n"
	       "[unwind failure];bpfload_test_beacon 0\n"
	       "bpfload_test_beacon 0\n"
	       "bpfload_test_beacon;bpfload_test_landmark -2\n",
	       "");
	begin(&tester);
	CHECK(output_map(tester.output, &map, 2, 1) == 0);
	expect(&tester, "[no stack] 11\nbpfload_test_beacon;bpfload_test_landmark 30\n", "");
	teardown(&tester);
}

/* What is no stack stands before them, those of processes before those of the kernel. */
static void parts_of_a_key_have_their_order(void)
{
	const struct mf_field inner[] = {{.offset = 0, .type = &int64},
					 {.offset = 8, .type = &ustack}};
	const struct mf_type pair = {
		.kind = MF_TUPLE, .size = 24, .fields = inner, .field_count = 2};
	const struct mf_type two = {.kind = MF_ARRAY, .size = 32, .element = &raw, .count = 2};
	const struct mf_type numbers = {
		.kind = MF_ARRAY, .size = 16, .element = &int64, .count = 2};
	const struct mf_field fields[] = {{.offset = 0, .type = &kstack},
					  {.offset = 16, .type = &pair},
					  {.offset = 40, .type = &string8},
					  {.offset = 48, .type = &two},
					  {.offset = 80, .type = &numbers}};
	const struct mf_type key = {
		.kind = MF_TUPLE, .size = 96, .fields = fields, .field_count = 5};
	const struct mf_store store = {
		.kind = MF_STORE_HASH, .map = "m", .key_size = 96, .value_size = 8, .key = &key};
	struct mf_map map = {
		.name = "@", .key = &key, .value = &plain_sum, .stores = &store, .store_count = 1};
	uint32_t pid = (uint32_t)getpid();
	struct {
		struct token kernel;
		int64_t number;
		struct token user;
		char name[8];
		struct token raw[2];
		int64_t numbers[2];
	} row = {.kernel = {1, 0, 2},
		 .number = -3,
		 .user = {2, pid, 1},
		 .name = "a;b",
		 .raw = {{3, pid, 2}, {4, pid, 1}},
		 .numbers = {5, 6}};
	struct tester tester;
	char expected[512];

	setup(&tester, &map, 1);
	PUT_STACK(&tester, 1, NOWHERE, NOWHERE + 1);
	PUT_STACK(&tester, 2, LANDMARK + 1);
	PUT_STACK(&tester, 3, LANDMARK, 0xabc);
	PUT_STACK(&tester, 4, 0xdef);
	put(&tester, "m", &row, 1);
	row.numbers[1] = 7;
	row.user.id = row.kernel.id = row.raw[0].id = row.raw[1].id = 0;
	put(&tester, "m", &row, -1);
	memset(row.name, 0, sizeof(row.name));
	put(&tester, "m", &row, 2);
	begin(&tester);
	CHECK(output_map(tester.output, &map, 0, 1) == 0);
	snprintf(
		expected, sizeof(expected),
		"-3;[empty];[5,7] 2\n"
		"-3;a:b;[5,6];bpfload_test_landmark;0xabc;0x%llx;0xdef;[unknown]_[k];[unknown]_[k] 1\n"
		"-3;a:b;[5,7] 18446744073709551615\n",
		(unsigned long long)LANDMARK);
	expect(&tester, expected, "");
	teardown(&tester);
}

/* Files that the kernel could read have their id; of others it is asked for here. */
static void frames_by_build_id(void)
{
	const struct mf_store store = {
		.kind = MF_STORE_HASH, .map = "m", .key_size = 16, .value_size = 8, .key = &by_id};
	struct mf_map map = {
		.name = "@", .key = &by_id, .value = &count, .stores = &store, .store_count = 1};
	const struct bpf_stack_build_id frames[3] = {
		{.status = BPF_STACK_BUILD_ID_VALID,
		 .build_id = {0x12, 0xab, [19] = 0xff},
		 .offset = 0x4f0},
		{.status = BPF_STACK_BUILD_ID_IP, .ip = NOWHERE},
	};
	struct tester tester;
	uint64_t id = 1;

	setup(&tester, &map, 1);
	CHECK(bpf_map_update_elem(tester.stacks, &id, frames, BPF_ANY) == 0);
	put(&tester, "m", &(struct token){1, (uint32_t)getpid(), 2}, 5);
	begin(&tester);
	CHECK(output_map(tester.output, &map, 0, 1) == 0);
	expect(&tester, "0x10;12ab0000000000000000000000000000000000ff+0x4f0 5\n", "");
	teardown(&tester);
}

/* Of several maps each line says first which it is of. Maps whose keys have no stack, or whose
 * values cannot be added up, are none of them. */
static void several_maps_are_told_apart(void)
{
	const struct mf_type most = {.kind = MF_MAX, .size = 16};
	const struct mf_field fields[] = {{.offset = 0, .type = &int64},
					  {.offset = 8, .type = &raw}};
	const struct mf_type record = {
		.kind = MF_RECORD, .size = 24, .fields = fields, .field_count = 2};
	const struct mf_store stores[] = {
		{.kind = MF_STORE_HASH, .map = "a", .key_size = 16, .value_size = 8, .key = &raw},
		{.kind = MF_STORE_HASH, .map = "b", .key_size = 8, .value_size = 8, .key = &int64},
		{.kind = MF_STORE_HASH, .map = "c", .key_size = 16, .value_size = 16, .key = &raw},
		{.kind = MF_STORE_HASH,
		 .map = "d",
		 .key_size = 24,
		 .value_size = 8,
		 .key = &record},
	};
	const struct mf_field named[] = {{.offset = 0, .type = &int64, .name = "n"},
					 {.offset = 8, .type = &raw, .name = "s"}};
	const struct mf_type with_names = {
		.kind = MF_RECORD, .size = 24, .fields = named, .field_count = 2};
	struct mf_map maps[] = {
		{.name = "@a",
		 .key = &raw,
		 .value = &count,
		 .stores = &stores[0],
		 .store_count = 1},
		{.name = "@b",
		 .key = &int64,
		 .value = &int64,
		 .stores = &stores[1],
		 .store_count = 1},
		{.name = "@c", .key = &raw, .value = &most, .stores = &stores[2], .store_count = 1},
		{.name = "@d",
		 .key = &with_names,
		 .value = &sum,
		 .stores = &stores[3],
		 .store_count = 1},
	};
	const struct {
		int64_t number;
		struct token stack;
	} row = {9, {1, 1, 1}};
	struct tester tester;

	/* One alone. */
	setup(&tester, maps, 3);
	PUT_STACK(&tester, 1, 0xabc);
	put(&tester, "a", &row.stack, 4);
	put(&tester, "b", &row.number, 8);
	CHECK(bpf_map_update_elem(session_map_fd(&tester.fixture.session, "c"), &row.stack,
				  (const uint64_t[]){6, 1}, BPF_ANY) == 0);
	begin(&tester);
	CHECK(output_all_maps(tester.output) == 0);
	expect(&tester, "0xabc 4\n", "@b[9]: 8\n@c[\nabc\n]: 6\n");
	teardown(&tester);

	setup(&tester, maps, 4);
	PUT_STACK(&tester, 1, 0xabc);
	put(&tester, "a", &row.stack, 4);
	put(&tester, "d", &row, -2);
	begin(&tester);
	CHECK(output_all_maps(tester.output) == 0);
	expect(&tester, "@a;0xabc 4\n@d;9;0xabc -2\n", "");
	teardown(&tester);
}

/* Texts, values, warnings and losses are said on standard error, in their order. */
static void all_else_is_said_beside_it(void)
{
	const struct mf_field fields[] = {{.offset = 8, .type = &int64}};
	const struct mf_event events[] = {
		{.kind = MF_EVENT_PRINTF,
		 .index = 0,
		 .size = 16,
		 .format = "it is %d\n",
		 .fields = fields,
		 .field_count = 1},
		{.kind = MF_EVENT_PRINT_VALUE,
		 .index = 1,
		 .size = 16,
		 .fields = fields,
		 .field_count = 1},
		{.kind = MF_EVENT_WARNING, .index = 2, .size = 8, .message = "watch out"},
		{.kind = MF_EVENT_ERRORF, .index = 3, .size = 8, .format = "an error"},
		{.kind = MF_EVENT_WARNF, .index = 4, .size = 8, .format = "a warning"},
		{.kind = MF_EVENT_CAT, .index = 5, .size = 8, .format = "/proc/self/comm"},
		{.kind = MF_EVENT_SYSTEM, .index = 6, .size = 8, .format = "echo run"},
	};
	const struct mf_probe probe = {.name = "begin"};
	const struct {
		uint32_t event, cpu;
		int64_t number;
	} record = {0, 0, 42};
	struct tester tester;

	setup(&tester, NULL, 0);
	tester.fixture.manifest.events = events;
	tester.fixture.manifest.event_count = sizeof(events) / sizeof(*events);
	tester.fixture.options.unsafe = true;
	begin(&tester);
	CHECK(output_attached(tester.output, 1) == 0);
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		CHECK(output_event(tester.output, &events[i], &record, sizeof(record)) == 0);
	CHECK(output_repeated(tester.output, &events[2], 0, 8) == 0);
	CHECK(output_lost(tester.output, &(struct loss){&events[0], 5}, 1) == 0);
	CHECK(output_lost_total(tester.output, &(struct loss){&events[0], 6}, 1) == 0);
	CHECK(output_missed(tester.output, &(struct miss){&probe, 7}, 1) == 0);
	CHECK(output_end_of_run(tester.output) == 0);
	expect(&tester, "",
	       "Attached 1 probe\n"
	       "it is 42\n"
	       "42\n"
	       "WARNING: watch out\n"
	       "ERROR: an error\n"
	       "WARNING: a warning\n"
	       "test_folded\n"
	       "run\n"
	       "WARNING: 8 times: watch out\n"
	       "Lost 5 events\n"
	       "WARNING: Total lost event count: 6\n"
	       "WARNING: 7 events of begin were left out by the kernel: a BPF program was running "
	       "on that CPU already.\n");
	teardown(&tester);
}

/* What strangers wrote does not command a terminal that is standard error. */
static void a_terminal_beside_it_is_not_commanded(void)
{
	const struct mf_field fields[] = {{.offset = 8, .type = &string8}};
	const struct mf_event events[] = {
		{.kind = MF_EVENT_PRINT_VALUE,
		 .index = 0,
		 .size = 16,
		 .fields = fields,
		 .field_count = 1},
		{.kind = MF_EVENT_PRINTF,
		 .index = 1,
		 .size = 16,
		 .format = "%s\n",
		 .fields = fields,
		 .field_count = 1},
	};
	const struct {
		uint32_t event, cpu;
		char text[8];
	} record = {0, 0, "a\x1b[2J"};

	for (int is_terminal = 0; is_terminal < 2; is_terminal++) {
		struct tester tester;

		setup(&tester, NULL, 0);
		tester.fixture.manifest.events = events;
		tester.fixture.manifest.event_count = 2;
		begin(&tester);
		tester.output->stderr_is_terminal = is_terminal;
		for (int i = 0; i < 2; i++) {
			CHECK(output_event(tester.output, &events[i], &record, sizeof(record)) ==
			      0);
			CHECK(!tester.output->values.to_terminal && !tester.output->capturing);
			CHECK(tester.output->renderer == &folded_renderer);
		}
		expect(&tester, "",
		       is_terminal ? "a\\x1b[2J\na\\x1b[2J\n" : "a\x1b[2J\na\x1b[2J\n");
		teardown(&tester);
	}
}

int main(void)
{
	CHECK(bpfload_test_landmark(1) == 10 && bpfload_test_beacon(1) == 6);
	stacks_of_one_name_are_added_up();
	parts_of_a_key_have_their_order();
	frames_by_build_id();
	several_maps_are_told_apart();
	all_else_is_said_beside_it();
	a_terminal_beside_it_is_not_commanded();
	failure_clear(&failure);
	return check_result("folded");
}
