/* [JSN-001..006, JSN-008, JSN-012, JSN-014..017, JSN-019] Output as JSON. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "output/output.h"
#include "output/renderer.h"
#include "symbols/symbols.h"
#include "output/value_json.h"
#include "output/value_typed.h"
#include "base/failure.h"
#include "check.h"
#include "fixture.h"

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type uint64 = {.kind = MF_INT, .size = 8};
static const struct mf_type int32 = {.kind = MF_INT, .size = 4, .is_signed = true};
static const struct mf_type uint8 = {.kind = MF_INT, .size = 1};
static const struct mf_type string4 = {.kind = MF_STRING, .size = 4, .capacity = 4};
static const struct mf_type boolean = {.kind = MF_BOOL, .size = 1};
static const struct mf_enum_value states[] = {{"RUNNING", 0}, {"SLEEPING", 1}};
static const struct mf_enum enums[] = {{"state", states, 2, false}};

struct tester {
	struct fixture fixture;
	struct value_context values;
	struct symbols *symbols;
	struct wall_clock clock;
	struct strbuf text;
};

static void setup(struct tester *tester)
{
	*tester = (struct tester){0};
	fixture_init(&tester->fixture);
	tester->fixture.manifest.enums = enums;
	tester->fixture.session.enums = enums;
	tester->fixture.manifest.enum_count = 1;
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
	json_value(&tester->text, &tester->values, type, data);
	CHECK_TEXT(&tester->text, expected);
}

static void check_key(struct tester *tester, const struct mf_type *type, const void *data,
		      const char *expected)
{
	json_key(&tester->text, &tester->values, type, data);
	CHECK_TEXT(&tester->text, expected);
}

static void texts_are_escaped(struct tester *tester)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"", "\"\""},
		{"plain", "\"plain\""},
		{"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
		{"\n\r\t", "\"\\n\\r\\t\""},
		{"\b\f\x01\x1f\x7f", "\"\\u0008\\u000c\\u0001\\u001f\x7f\""},
		{"\xc3\xa9 \xe2\x82\xac \xf0\x9d\x84\x9e",
		 "\"\xc3\xa9 \xe2\x82\xac \xf0\x9d\x84\x9e\""},
		/* Cut short, too long a form, a surrogate, beyond U+10FFFF, a lone tail. */
		{"\xe2\x82", "\"\\ufffd\\ufffd\""},
		{"\xc0\x80", "\"\\ufffd\\ufffd\""},
		{"\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\""},
		{"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
		{"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
		{"\xf0\x8f\xbf\xbf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
		{"\xff\x80z", "\"\\ufffd\\ufffdz\""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_string(&tester->text, rows[i].text);
		CHECK_TEXT(&tester->text, rows[i].expected);
	}
}

static void numbers_that_a_double_cannot_hold_are_strings(struct tester *tester)
{
	static const struct {
		int64_t value;
		const char *expected;
	} rows[] = {
		{0, "0"},
		{-1, "-1"},
		{1ll << 53, "9007199254740992"},
		{(1ll << 53) + 1, "\"9007199254740993\""},
		{(1ll << 53) + 2, "9007199254740994"},
		{-(1ll << 53) - 1, "\"-9007199254740993\""},
		{INT64_MAX, "\"9223372036854775807\""},
		{INT64_MIN, "-9223372036854775808"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_value(tester, &int64, &rows[i].value, rows[i].expected);
	check_value(tester, &uint64, &(uint64_t){UINT64_MAX}, "\"18446744073709551615\"");
	check_value(tester, &uint64, &(uint64_t){1ull << 63}, "9223372036854775808");
}

static void values_have_their_json_form(struct tester *tester)
{
	const struct mf_type nothing = {.kind = MF_VOID};
	const struct mf_type pointer = {.kind = MF_POINTER, .size = 8};
	const struct mf_type state = {.kind = MF_ENUM, .size = 8, .is_signed = true};
	const struct mf_type buffer = {.kind = MF_BUFFER, .size = 8, .capacity = 4};
	const struct mf_type stats = {.kind = MF_STATS, .size = 16, .is_signed = true};
	const struct mf_type avg = {.kind = MF_AVG, .size = 16, .is_signed = true};
	const struct {
		uint32_t length;
		uint8_t bytes[4];
	} bytes = {3, {0, 65, 255, 9}}, longer = {4000000000u, {1, 2, 3, 4}};
	const uint64_t sums[] = {(uint64_t)-9, 2};

	check_value(tester, &nothing, "", "null");
	check_value(tester, &boolean, &(uint8_t){1}, "true");
	check_value(tester, &pointer, &(uint64_t){255}, "255");
	check_value(tester, &state, &(int64_t){1}, "1");
	check_value(tester, &string4, "a\"b", "\"a\\\"b\"");
	check_value(tester, &string4, "abcd", "\"abcd..\"");
	check_value(tester, &buffer, &bytes, "[0,65,255]");
	/* A record may claim any length. */
	check_value(tester, &buffer, &longer, "[1,2,3,4]");
	check_value(tester, &stats, sums, "{\"count\": 2, \"average\": -4, \"total\": -9}");
	check_value(tester, &avg, sums, "-4");
	json_map_value(&tester->text, &tester->values, &stats, (const uint8_t *)sums, 2);
	CHECK_TEXT(&tester->text, "{\"count\": 2, \"average\": -2, \"total\": -9}");
	json_map_value(&tester->text, &tester->values, &int64, (const uint8_t *)&(int64_t){-7}, 2);
	CHECK_TEXT(&tester->text, "-3");
}

static const struct mf_field pair_fields[] = {
	{.offset = 0, .type = &int32, .name = "a"},
	{.offset = 4, .type = &string4, .name = "b"},
};
static const struct mf_type pair = {
	.kind = MF_TUPLE, .size = 8, .fields = pair_fields, .field_count = 2};
static const struct mf_type point = {
	.kind = MF_RECORD, .size = 8, .fields = pair_fields, .field_count = 2};
static const struct {
	int32_t number;
	char text[4];
} data = {7, "x y"};

static void composites_have_their_spacing(struct tester *tester)
{
	const struct mf_type array = {.kind = MF_ARRAY, .size = 16, .element = &int64, .count = 2};
	const struct mf_field nested_fields[] = {{.offset = 0, .type = &pair},
						 {.offset = 8, .type = &uint8}};
	const struct mf_type nested = {
		.kind = MF_TUPLE, .size = 16, .fields = nested_fields, .field_count = 2};
	const struct mf_field bits[] = {
		{.offset = 0, .type = &uint8, .name = "low", .bit_width = 3},
		{.offset = 0, .type = &uint8, .name = "high", .bit_offset = 3, .bit_width = 5}};
	const struct mf_type bit_fields = {
		.kind = MF_RECORD, .size = 1, .fields = bits, .field_count = 2};
	const struct mf_type empty = {.kind = MF_RECORD}, unit = {.kind = MF_TUPLE};
	const uint8_t room[16] = {7, 0, 0, 0, 'x', ' ', 'y', 0, 200};

	check_value(tester, &array, (int64_t[]){1, -2}, "[1,-2]");
	check_value(tester, &pair, &data, "[7,\"x y\"]");
	check_value(tester, &point, &data, "{\"a\": 7, \"b\": \"x y\"}");
	check_value(tester, &nested, room, "[[7,\"x y\"],200]");
	check_value(tester, &bit_fields, &(uint8_t){0xfd}, "{\"low\": 5, \"high\": 31}");
	check_value(tester, &empty, "", "{}");
	check_value(tester, &unit, "", "[]");
	check_key(tester, &array, (int64_t[]){1, -2}, "\"[1,-2]\"");
	check_key(tester, &pair, &data, "\"7,x y\"");
	check_key(tester, &point, &data, "\"{.a=7,.b=x y}\"");
	check_key(tester, &nested, room, "\"(7,x y),200\"");
	check_key(tester, &string4, "(a)", "\"(a)\"");
	check_key(tester, &boolean, &(uint8_t){0}, "\"false\"");
}

static void histograms_have_inclusive_bounds(struct tester *tester)
{
	const struct mf_type hist = {.kind = MF_HIST, .size = 65 * 8, .buckets = 65};
	const struct mf_type fine = {.kind = MF_HIST, .size = 253 * 8, .buckets = 253, .bits = 2};
	const struct mf_type lhist = {
		.kind = MF_LHIST, .size = 4 * 8, .buckets = 4, .min = -10, .max = 10, .step = 10};
	const struct mf_type wild = {.kind = MF_LHIST,
				     .size = 3 * 8,
				     .buckets = 3,
				     .min = INT64_MIN,
				     .max = INT64_MAX,
				     .step = INT64_MAX};
	uint64_t counts[256] = {0};

	check_value(tester, &hist, counts, "[]");
	counts[0] = 1;
	counts[2] = 5;
	counts[3] = 6;
	check_value(tester, &hist, counts,
		    "[{\"max\": -1, \"count\": 1},{\"min\": 0, \"max\": 0, \"count\": 0},"
		    "{\"min\": 1, \"max\": 1, \"count\": 5},{\"min\": 2, \"max\": 3, \"count\": "
		    "6}]");
	memset(counts, 0, sizeof(counts));
	counts[64] = 4;
	json_map_value(&tester->text, &tester->values, &hist, (const uint8_t *)counts, 2);
	CHECK_TEXT(&tester->text, "[{\"min\": 4611686018427387904, \"max\": "
				  "\"9223372036854775807\", \"count\": 2}]");
	memset(counts, 0, sizeof(counts));
	counts[10] = 1;
	check_value(tester, &fine, counts, "[{\"min\": 10, \"max\": 11, \"count\": 1}]");
	memset(counts, 0, sizeof(counts));
	counts[0] = counts[1] = counts[2] = counts[3] = 4;
	json_map_value(&tester->text, &tester->values, &lhist, (const uint8_t *)counts, 2);
	CHECK_TEXT(&tester->text,
		   "[{\"max\": -11, \"count\": 4},{\"min\": -10, \"max\": -1, \"count\": 4},"
		   "{\"min\": 0, \"max\": 9, \"count\": 4},{\"min\": 10, \"count\": 4}]");
	/* Bounds that overflow are wrong, but do no harm. */
	json_value(&tester->text, &tester->values, &wild, (const uint8_t *)counts);
	CHECK(tester->text.length > 0);
	strbuf_clear(&tester->text);
}

static void read_file(struct strbuf *text, const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t got;

	strbuf_reserve(text, 1 << 16);
	got = read(fd, text->data, 1 << 16);
	text->length = got > 0 ? (size_t)got : 0;
	close(fd);
}

static void messages_are_lines_of_the_output(void)
{
	const struct mf_field fields[] = {{.offset = 8, .type = &int64}};
	const struct mf_place place = {
		.line = 3, .column = 9, .end_column = 14, .text = "x", .file = "li\"b.bt"};
	const struct mf_event events[] = {
		{.kind = MF_EVENT_PRINTF,
		 .index = 0,
		 .size = 16,
		 .format = "%d\n",
		 .fields = fields,
		 .field_count = 1},
		{.kind = MF_EVENT_WARNING,
		 .index = 1,
		 .size = 8,
		 .message = "zero",
		 .place = &place},
		{.kind = MF_EVENT_WARNING,
		 .index = 2,
		 .size = 16,
		 .fields = fields,
		 .field_count = 1,
		 .message = "full",
		 .helper = "map_update_elem"},
		{.kind = MF_EVENT_SYSTEM,
		 .index = 3,
		 .size = 8,
		 .format = "head -c 70000 /dev/zero | tr '\\0' 'z' | wc -c"},
	};
	struct {
		uint32_t event, cpu;
		int64_t number;
	} record = {0, 0, -E2BIG};
	char path[] = "/tmp/bpfload-test-XXXXXX";
	struct fixture fixture;
	struct output *output;
	struct strbuf text = {0};
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
	fixture_init(&fixture);
	fixture.manifest.events = events;
	fixture.manifest.event_count = 4;
	fixture.options.output = path;
	fixture.options.form = FORM_JSON;
	fixture.options.buffering = BUFFER_FULL;
	fixture.options.unsafe = true;
	if (!CHECK(output_open(&output, &fixture.session, &failure) == 0))
		return;
	CHECK(output_attached(output, 2) == 0);
	CHECK(output_event(output, &events[0], &record, sizeof(record)) == 0);
	CHECK(output_event(output, &events[1], &record, sizeof(record)) == 0);
	CHECK(output_idle(output) == 0);
	/* With -B full nothing is written before there is much. */
	read_file(&text, path);
	CHECK_TEXT(&text, "");
	CHECK(output_event(output, &events[2], &record, sizeof(record)) == 0);
	CHECK(output_lost(output, &(struct loss){&events[0], 5}, 1) == 0);
	CHECK(output_lost(output, NULL, 0) == 0);
	CHECK(output_lost_total(output, &(struct loss){&events[0], 5}, 1) == 0);
	CHECK(output_event(output, &events[3], &record, sizeof(record)) == 0);
	fixture.options.buffering = BUFFER_NONE;
	CHECK(output_event(output, &events[0], &record, sizeof(record)) == 0);
	read_file(&text, path);
	CHECK_TEXT(&text,
		   "{\"type\": \"attached_probes\", \"count\": 2, \"data\": {\"probes\": 2}}\n"
		   "{\"type\": \"printf\", \"data\": \"-7\\n\"}\n"
		   "{\"type\": \"runtime_error\", \"msg\": \"zero\", \"filename\": \"li\\\"b.bt\", "
		   "\"line\": 3, \"col\": 9}\n"
		   "{\"type\": \"helper_error\", \"msg\": \"full\", \"helper\": "
		   "\"map_update_elem\", \"retcode\": -7}\n"
		   "{\"type\": \"lost_events\", \"count\": 5, \"data\": {\"events\": 5}}\n"
		   "{\"type\": \"syscall\", \"data\": \"70000\\n\"}\n"
		   "{\"type\": \"printf\", \"data\": \"-7\\n\"}\n");
	CHECK(output_finish(output) == 0);
	CHECK(output_close(output) == 0);
	unlink(path);
	strbuf_free(&text);
	fixture_free(&fixture);
}

static void typed_values_say_what_they_are(struct tester *tester)
{
	const struct mf_type pointer = {.kind = MF_POINTER, .size = 8};
	const struct mf_type state = {.kind = MF_ENUM, .size = 8, .is_signed = true};
	const struct mf_type plain_state = {.kind = MF_ENUM, .size = 8};
	const struct mf_type sum = {.kind = MF_SUM, .size = 8, .is_signed = true};
	const struct mf_field fields[] = {{.offset = 0, .type = &int64},
					  {.offset = 8, .type = &pointer}};
	const struct mf_type tuple = {
		.kind = MF_TUPLE, .size = 16, .fields = fields, .field_count = 2};
	const struct mf_type array = {
		.kind = MF_ARRAY, .size = 16, .element = &pointer, .count = 2};
	const uint64_t data[] = {1, 0xabc}, most = UINT64_MAX;
	const int64_t total = -1009;

	typed_value(&tester->text, &tester->values, &pointer, (const uint8_t *)&data[1]);
	CHECK_TEXT(&tester->text, "\"0xabc\"");
	typed_value(&tester->text, &tester->values, &state, (const uint8_t *)&data[0]);
	CHECK_TEXT(&tester->text, "{\"name\": \"SLEEPING\", \"number\": 1}");
	/* A number without a name, with a sign and without. */
	typed_value(&tester->text, &tester->values, &state, (const uint8_t *)&most);
	CHECK_TEXT(&tester->text, "{\"name\": \"-1\", \"number\": -1}");
	typed_value(&tester->text, &tester->values, &plain_state, (const uint8_t *)&most);
	CHECK_TEXT(&tester->text, "{\"name\": \"18446744073709551615\", "
				  "\"number\": \"18446744073709551615\"}");
	typed_value(&tester->text, &tester->values, &array, (const uint8_t *)data);
	CHECK_TEXT(&tester->text, "[\"0x1\", \"0xabc\"]");
	/* Parts of a key: of a tuple its elements, of anything else the one value. */
	typed_key(&tester->text, &tester->values, &tuple, (const uint8_t *)data);
	CHECK_TEXT(&tester->text, "[1, \"0xabc\"]");
	typed_key(&tester->text, &tester->values, &pointer, (const uint8_t *)data);
	CHECK_TEXT(&tester->text, "[\"0x1\"]");
	typed_key(&tester->text, &tester->values, NULL, NULL);
	CHECK_TEXT(&tester->text, "[]");
	typed_key_type(&tester->text, &tester->values, NULL);
	CHECK_TEXT(&tester->text, "[]");
	/* A map's numbers are divided; addresses are none. */
	typed_map_value(&tester->text, &tester->values, &sum, (const uint8_t *)&total, 10);
	CHECK_TEXT(&tester->text, "-100");
	typed_map_value(&tester->text, &tester->values, &pointer, (const uint8_t *)&data[1], 10);
	CHECK_TEXT(&tester->text, "\"0xabc\"");
}

int main(void)
{
	struct tester tester;

	setup(&tester);
	texts_are_escaped(&tester);
	numbers_that_a_double_cannot_hold_are_strings(&tester);
	values_have_their_json_form(&tester);
	composites_have_their_spacing(&tester);
	histograms_have_inclusive_bounds(&tester);
	typed_values_say_what_they_are(&tester);
	teardown(&tester);
	messages_are_lines_of_the_output();
	return check_result("json output");
}
