/* [OUT-012..017, OUT-049, OUT-062] Values, keys and times as text. */
#include <stdlib.h>
#include <time.h>

#include <linux/bpf.h>

#include "output/stacks.h"
#include "symbols/symbols.h"
#include "output/value.h"
#include "check.h"
#include "fixture.h"

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type uint64 = {.kind = MF_INT, .size = 8};
static const struct mf_type int32 = {.kind = MF_INT, .size = 4, .is_signed = true};
static const struct mf_type uint32 = {.kind = MF_INT, .size = 4};
static const struct mf_type int8 = {.kind = MF_INT, .size = 1, .is_signed = true};
static const struct mf_type uint16 = {.kind = MF_INT, .size = 2};
static const struct mf_type string4 = {.kind = MF_STRING, .size = 4, .capacity = 4};

struct tester {
	struct fixture fixture;
	struct value_context values;
	struct symbols *symbols;
	struct wall_clock clock;
	struct strbuf text;
};

static const struct mf_enum_value states[] = {{"RUNNING", 0}, {"SLEEPING", 1}, {"LOST", -1}};
static const struct mf_enum enums[] = {{"state", states, 3, false}};
static const char *const formats[] = {"%Y-%m-%d %H:%M:%S.%f", "%l %k", ""};

static void setup(struct tester *tester)
{
	*tester = (struct tester){0};
	fixture_init(&tester->fixture);
	tester->fixture.manifest.enums = enums;
	tester->fixture.session.enums = enums;
	tester->fixture.manifest.enum_count = 1;
	tester->fixture.manifest.formats = formats;
	tester->fixture.manifest.format_count = 3;
	tester->symbols = symbols_new(&tester->fixture.manifest.config, NULL);
	wall_clock_init(&tester->clock);
	value_context_init(&tester->values, &tester->fixture.session, tester->symbols,
			   &tester->clock);
}

static void teardown(struct tester *tester)
{
	value_context_free(&tester->values);
	symbols_free(tester->symbols);
	strbuf_free(&tester->text);
	fixture_free(&tester->fixture);
}

static void check_value(struct tester *tester, const struct mf_type *type, const void *data,
			const char *expected)
{
	uint8_t *copy = malloc(type->size ? type->size : 1);

	memcpy(copy, data, type->size);
	value_text(&tester->text, &tester->values, type, copy);
	CHECK_TEXT(&tester->text, expected);
	free(copy);
}

static void check_key(struct tester *tester, const struct mf_type *type, const void *data,
		      const char *expected)
{
	value_key_text(&tester->text, &tester->values, type, data);
	CHECK_TEXT(&tester->text, expected);
}

static void plain_values(struct tester *tester)
{
	const struct mf_type boolean = {.kind = MF_BOOL, .size = 1};
	const struct mf_type pointer = {.kind = MF_POINTER, .size = 8};
	const struct mf_type nothing = {.kind = MF_VOID};
	const struct mf_type state = {.kind = MF_ENUM, .size = 8, .is_signed = true};

	check_value(tester, &int64, &(int64_t){INT64_MIN}, "-9223372036854775808");
	check_value(tester, &uint64, &(uint64_t){UINT64_MAX}, "18446744073709551615");
	check_value(tester, &int8, &(int8_t){-128}, "-128");
	check_value(tester, &uint32, &(uint32_t){4294967295u}, "4294967295");
	check_value(tester, &boolean, &(uint8_t){0}, "false");
	check_value(tester, &boolean, &(uint8_t){1}, "true");
	check_value(tester, &nothing, "", "null");
	check_value(tester, &pointer, &(uint64_t){0xdeadbeef}, "0xdeadbeef");
	check_value(tester, &pointer, &(uint64_t){0}, "0x0");
	check_value(tester, &state, &(int64_t){1}, "SLEEPING");
	check_value(tester, &state, &(int64_t){-1}, "LOST");
	check_value(tester, &state, &(int64_t){7}, "7");
	check_value(tester, &state, &(int64_t){-7}, "-7");
}

static void strings_without_nul_get_the_trailer(struct tester *tester)
{
	check_value(tester, &string4, "abc", "abc");
	check_value(tester, &string4, "abcd", "abcd..");
	check_value(tester, &string4, "\0bcd", "");
	tester->values.trailer = "";
	tester->values.trailer_length = 0;
	check_value(tester, &string4, "abcd", "abcd");
	tester->values.trailer = "...";
	tester->values.trailer_length = 3;
	check_value(tester, &string4, "abcd", "abcd...");
	tester->values.trailer = "..";
	tester->values.trailer_length = 2;
}

static void composite_values(struct tester *tester)
{
	const struct mf_type array = {.kind = MF_ARRAY, .size = 12, .element = &int32, .count = 3};
	const struct mf_type empty_array = {.kind = MF_ARRAY, .element = &int32};
	const struct mf_field inner_fields[] = {{.offset = 0, .type = &int32},
						{.offset = 4, .type = &int32}};
	const struct mf_type inner = {
		.kind = MF_TUPLE, .size = 8, .fields = inner_fields, .field_count = 2};
	const struct mf_field fields[] = {{.offset = 0, .type = &int32},
					  {.offset = 4, .type = &string4},
					  {.offset = 8, .type = &inner}};
	const struct mf_type tuple = {
		.kind = MF_TUPLE, .size = 16, .fields = fields, .field_count = 3};
	const struct mf_type single = {
		.kind = MF_TUPLE, .size = 4, .fields = fields, .field_count = 1};
	const struct mf_type empty = {.kind = MF_TUPLE};
	const struct mf_field named[] = {{.offset = 0, .type = &int32, .name = "a"},
					 {.offset = 4, .type = &string4, .name = "b"},
					 {.offset = 8, .type = &inner, .name = "c"}};
	const struct mf_type record = {
		.kind = MF_RECORD, .size = 16, .fields = named, .field_count = 3};
	const struct mf_type empty_record = {.kind = MF_RECORD};
	struct {
		int32_t a;
		char b[4];
		int32_t c[2];
	} data = {1, "abc", {2, 3}};

	check_value(tester, &array, (int32_t[]){1, 2, 3}, "[1,2,3]");
	check_value(tester, &empty_array, "", "[]");
	check_value(tester, &tuple, &data, "(1, abc, (2, 3))");
	check_value(tester, &single, &data, "(1)");
	check_value(tester, &empty, "", "()");
	check_value(tester, &record, &data, "{ .a = 1, .b = abc, .c = (2, 3) }");
	check_value(tester, &empty_record, "", "{}");
	check_key(tester, &tuple, &data, "1, abc, (2, 3)");
	check_key(tester, &single, &data, "1");
	check_key(tester, &empty, "", "");
	check_key(tester, &record, &data, "{ .a = 1, .b = abc, .c = (2, 3) }");
	check_key(tester, &string4, "(a)", "a");
	check_key(tester, &string4, "(a", "(a");
	check_key(tester, &string4, "()", "");
	check_key(tester, &string4, ")", ")");
	check_key(tester, &int32, &(int32_t){-4}, "-4");
}

static void bit_fields(struct tester *tester)
{
	const struct mf_field fields[] = {
		{.type = &uint16, .name = "low", .bit_offset = 0, .bit_width = 3},
		{.type = &uint16, .name = "mid", .bit_offset = 3, .bit_width = 12},
		{.type = &uint16, .name = "top", .bit_offset = 15, .bit_width = 1},
		{.offset = 2, .type = &int8, .name = "sign", .bit_offset = 4, .bit_width = 4},
		{.offset = 8, .type = &uint64, .name = "all", .bit_offset = 0, .bit_width = 64},
	};
	const struct mf_type record = {
		.kind = MF_RECORD, .size = 16, .fields = fields, .field_count = 5};
	const struct mf_field wide[] = {
		{.offset = 1, .type = &uint64, .name = "nine", .bit_offset = 3, .bit_width = 62},
	};
	const struct mf_type packed = {
		.kind = MF_RECORD, .size = 10, .fields = wide, .field_count = 1};
	uint8_t data[16] = {0x05 | 0x08, 0x80, 0xe3};
	uint64_t all = UINT64_MAX;

	memcpy(data + 8, &all, sizeof(all));
	check_value(tester, &packed, "\0\x0f\0\0\0\0\0\0\0\x01", "{ .nine = 2305843009213693953 }");
	check_value(tester, &record, data,
		    "{ .low = 5, .mid = 1, .top = 1, .sign = -2, .all = 18446744073709551615 }");
}

/* Every place and width, bit by bit. What lies behind is not read: sanitizers look at the end. */
static void bit_fields_at_every_place(void)
{
	for (uint16_t first = 0; first < 64; first++) {
		for (uint16_t width = 1; width <= 64; width++) {
			size_t size = (first + width + 7u) / 8;
			uint8_t *data = malloc(size), room[8];
			uint64_t expected = 0, missing = width < 64 ? UINT64_MAX << width : 0;
			bool is_negative;

			for (size_t i = 0; i < size; i++)
				data[i] = (uint8_t)((i + 3u) * 0x9du ^ (unsigned)width * 0x35u);
			for (uint16_t bit = 0; bit < width; bit++)
				expected |=
					(uint64_t)(data[(first + bit) / 8] >> (first + bit) % 8 & 1)
					<< bit;
			is_negative = expected >> (width - 1) & 1;
			for (int is_signed = 0; is_signed < 2; is_signed++) {
				const struct mf_field field = {.type = is_signed ? &int64 : &uint64,
							       .bit_offset = first,
							       .bit_width = width};
				const uint8_t *value = value_of_field(&field, data, room);

				if (!CHECK(value_load(value, 8, false) ==
					   (is_signed && is_negative ? expected | missing
								     : expected)))
					fprintf(stderr, "  %u bits at %u\n", width, first);
			}
			free(data);
		}
	}
}

static void buffers(struct tester *tester)
{
	const struct mf_type buffer = {.kind = MF_BUFFER, .size = 12, .capacity = 8};

	check_value(tester, &buffer, "\5\0\0\0\0AZ~\x7fzzz", "\\x00AZ~\\x7f");
	check_value(tester, &buffer, "\0\0\0\0abcdefgh", "");
	check_value(tester, &buffer,
		    "\xff\xff\xff\xff"
		    "abcdefgh",
		    "abcdefgh");
}

static void aggregates(struct tester *tester)
{
	const struct mf_type average = {.kind = MF_AVG, .size = 16, .is_signed = true};
	const struct mf_type unsigned_average = {.kind = MF_AVG, .size = 16};
	const struct mf_type stats = {.kind = MF_STATS, .size = 16, .is_signed = true};
	const struct mf_type count = {.kind = MF_COUNT, .size = 8};
	const struct mf_type least = {.kind = MF_MIN, .size = 16, .is_signed = true};

	check_value(tester, &average, (int64_t[]){10, 4}, "2");
	check_value(tester, &average, (int64_t[]){-10, 4}, "-2");
	check_value(tester, &average, (int64_t[]){5, 0}, "0");
	check_value(tester, &unsigned_average, (uint64_t[]){UINT64_MAX, 1}, "18446744073709551615");
	check_value(tester, &stats, (int64_t[]){-10, 4},
		    "{ .count = 4, .average = -2, .total = -10 }");
	check_value(tester, &stats, (int64_t[]){0, 0}, "{ .count = 0, .average = 0, .total = 0 }");
	check_value(tester, &count, &(int64_t){3}, "3");
	check_value(tester, &least, (int64_t[]){-3, 1}, "-3");
}

static void timestamps(struct tester *tester)
{
	const struct mf_type timestamp = {.kind = MF_TIMESTAMP, .size = 16};
	uint64_t boot = tester->clock.boot_offset;
	/* 2021-03-04 05:06:07.089012345 UTC. */
	uint64_t wall = 1614834367089012345u;
	struct {
		uint64_t ns;
		uint32_t format, unused;
	} value = {wall - boot, 0, 0};

	/* The offset may be measured anew between the two lines above; TZ is UTC (main). */
	if (tester->clock.boot_offset == boot) {
		check_value(tester, &timestamp, &value, "2021-03-04 05:06:07.089012");
		value.format = 1;
		check_value(tester, &timestamp, &value, "089 089012345");
	}
	value.format = 2;
	check_value(tester, &timestamp, &value, "(?)");
	value.format = 3;
	check_value(tester, &timestamp, &value, "(?)");
}

static void names(struct tester *tester)
{
	const struct mf_type user = {.kind = MF_NAME, .size = 8, .name_space = MF_NAME_USER};
	const struct mf_type error = {.kind = MF_NAME, .size = 8, .name_space = MF_NAME_ERRNO};
	const struct mf_type signal = {.kind = MF_NAME, .size = 8, .name_space = MF_NAME_SIGNAL};
	const struct mf_type call = {.kind = MF_NAME, .size = 8, .name_space = MF_NAME_SYSCALL};

	check_value(tester, &user, &(uint64_t){0}, "root");
	check_value(tester, &user, &(uint64_t){UINT64_MAX}, "");
	check_value(tester, &error, &(int64_t){-13}, "Permission denied");
	check_value(tester, &error, &(int64_t){INT64_MIN}, "Unknown error");
	check_value(tester, &signal, &(int64_t){15}, "Terminated");
	check_value(tester, &signal, &(int64_t){-1}, "N/A");
	check_value(tester, &call, &(uint64_t){UINT64_MAX}, "unknown system call");
}

static void addresses(struct tester *tester)
{
	const struct mf_type inet = {.kind = MF_INET, .size = 20};
	const struct mf_type mac = {.kind = MF_MACADDR, .size = 6};
	struct {
		uint32_t family;
		uint8_t address[16];
	} value = {2, {192, 0, 2, 1}};

	check_value(tester, &inet, &value, "192.0.2.1");
	value.family = 10;
	check_value(tester, &inet, &value, "c000:201::");
	value.family = 7;
	check_value(tester, &inet, &value, "");
	check_value(tester, &mac, (uint8_t[]){0, 1, 0xab, 0xcd, 0xfe, 0x10}, "00:01:AB:CD:FE:10");
}

/* Ids of no cgroup, and patterns that the manifest does not have. */
static void cgroups_without_a_path(struct tester *tester)
{
	const struct mf_type path = {.kind = MF_CGROUP_PATH, .size = 16};
	struct {
		uint64_t id;
		uint32_t pattern, unused;
	} value = {1, UINT32_MAX, 0};

	check_value(tester, &path, &value, "");
	value.id = UINT64_MAX;
	value.pattern = 0;
	check_value(tester, &path, &value, "");
}

static void times_have_a_limit(struct tester *tester)
{
	CHECK(time_text(&tester->text, &tester->clock, "%H:%M:%S\n", 3600000000000u, false, 64));
	CHECK_TEXT(&tester->text, "01:00:00\n");
	CHECK(!time_text(&tester->text, &tester->clock, "", 0, false, 64));
	CHECK(!time_text(&tester->text, &tester->clock,
			 "0123456789012345678901234567890123456789012345678901234567890123", 0,
			 false, 64));
	CHECK(time_text(&tester->text, &tester->clock,
			"012345678901234567890123456789012345678901234567890123456789012", 0, false,
			64));
	CHECK(tester->text.length == 63);
	strbuf_clear(&tester->text);
}

static void the_clock_follows_a_jump(struct tester *tester)
{
	struct wall_clock clock = tester->clock;

	/* As if the wall clock had been set an hour since. */
	clock.boot_offset -= 3600000000000u;
	CHECK(wall_clock_of_boot(&clock, 0) - tester->clock.boot_offset + 1000000 < 2000000);
}

static void probe_names(struct tester *tester)
{
	const struct mf_type probe = {.kind = MF_PROBE, .size = 8};
	const char *names[] = {"tracepoint:sched:sched_switch"};

	tester->fixture.session.names.names = names;
	tester->fixture.session.names.count = 1;
	check_value(tester, &probe, &(uint64_t){0}, "tracepoint:sched:sched_switch");
	check_value(tester, &probe, &(uint64_t){1}, "1");
}

static void raw_frames(struct tester *tester)
{
	const uint64_t frames[] = {0x7f0000001234, 0xffffffff81000000};

	stacks_frames_text(&tester->text, &tester->values, MF_STACK_RAW, true, 1, frames, 2);
	CHECK_TEXT(&tester->text, "\n7f0000001234\nffffffff81000000\n");
	stacks_frames_text(&tester->text, &tester->values, MF_STACK_RAW, true, 1, frames, 0);
	CHECK_TEXT(&tester->text, "\n");
	/* Nothing is mapped at 1 in any process. */
	stacks_frames_text(&tester->text, &tester->values, MF_STACK_BPFTRACE, true, 1,
			   (const uint64_t[]){1}, 1);
	CHECK_TEXT(&tester->text, "\n        0x1\n");
	stacks_frames_text(&tester->text, &tester->values, MF_STACK_PERF, true, 1,
			   (const uint64_t[]){1}, 1);
	CHECK_TEXT(&tester->text, "\n\t1 [unknown] ([unknown])\n");
}

static void frames_with_build_ids(struct tester *tester)
{
	struct bpf_stack_build_id frames[] = {
		{.status = BPF_STACK_BUILD_ID_VALID, .offset = 0x1234},
		{.status = BPF_STACK_BUILD_ID_IP, .ip = 0x7f0000001000},
	};

	for (uint8_t i = 0; i < 20; i++)
		frames[0].build_id[i] = (unsigned char)(0xf0 + i);
	stacks_build_ids_text(&tester->text, &tester->values, 0x7ffffff0, frames, 2);
	CHECK_TEXT(&tester->text, "\nf0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00010203 0x1234\n"
				  "7f0000001000\n");
}

int main(void)
{
	struct tester tester;

	setenv("TZ", "UTC", 1);
	setup(&tester);
	plain_values(&tester);
	strings_without_nul_get_the_trailer(&tester);
	composite_values(&tester);
	bit_fields(&tester);
	bit_fields_at_every_place();
	buffers(&tester);
	aggregates(&tester);
	timestamps(&tester);
	names(&tester);
	addresses(&tester);
	cgroups_without_a_path(&tester);
	times_have_a_limit(&tester);
	the_clock_follows_a_jump(&tester);
	probe_names(&tester);
	raw_frames(&tester);
	frames_with_build_ids(&tester);
	teardown(&tester);
	return check_result("values");
}
