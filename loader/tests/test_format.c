/* [OUT-039..046] Formats of printf. */
#include <stdlib.h>

#include "host/gfp_flags.h"
#include "output/printf.h"
#include "symbols/symbols.h"
#include "check.h"
#include "fixture.h"

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type uint32 = {.kind = MF_INT, .size = 4};
static const struct mf_type int8 = {.kind = MF_INT, .size = 1, .is_signed = true};
static const struct mf_type boolean = {.kind = MF_BOOL, .size = 1};
static const struct mf_type pointer = {.kind = MF_POINTER, .size = 8};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
static const struct mf_type buffer8 = {.kind = MF_BUFFER, .size = 12, .capacity = 8};
static const struct mf_type none = {.kind = MF_VOID};

struct tester {
	struct fixture fixture;
	struct value_context values;
	struct symbols *symbols;
	struct wall_clock clock;
	struct arena arena;
	struct strbuf text;
	char why[160];
};

static void setup(struct tester *tester)
{
	*tester = (struct tester){0};
	fixture_init(&tester->fixture);
	tester->symbols = symbols_new(&tester->fixture.manifest.config, NULL);
	wall_clock_init(&tester->clock);
	value_context_init(&tester->values, &tester->fixture.session, tester->symbols,
			   &tester->clock);
}

static void teardown(struct tester *tester)
{
	value_context_free(&tester->values);
	symbols_free(tester->symbols);
	arena_free(&tester->arena);
	strbuf_free(&tester->text);
	fixture_free(&tester->fixture);
}

/* Formats one argument. The record is no longer than it has to be, so that sanitizers see what lies
 * behind. */
static void one(struct tester *tester, const char *format, const struct mf_type *type,
		const void *data, const char *expected)
{
	const struct mf_field field = {.offset = 0, .type = type};
	uint8_t *record = malloc(type->size ? type->size : 1);
	struct format compiled;

	memcpy(record, data, type->size);
	if (CHECK(format_compile(&compiled, &tester->arena, format, &field, 1, tester->why,
				 sizeof(tester->why)))) {
		format_text(&tester->text, &tester->values, &compiled, record);
		CHECK_TEXT(&tester->text, expected);
	} else {
		fprintf(stderr, "%s: %s\n", format, tester->why);
	}
	free(record);
}

static void integers(struct tester *tester)
{
	static const struct {
		const char *format;
		int64_t value;
		const char *expected;
	} table[] = {
		{"%d", 255, "255"},
		{"%lu", 255, "255"},
		{"%x", 255, "ff"},
		{"%#x", 255, "0xff"},
		{"%5d|", 255, "  255|"},
		{"%-5d|", 255, "255  |"},
		{"%05d", 255, "00255"},
		{"%d", -5, "-5"},
		{"%lu", -5, "18446744073709551611"},
		{"%x", -5, "fffffffb"},
		{"%#x", -5, "0xfffffffb"},
		{"%5d|", -5, "   -5|"},
		{"%-5d|", -5, "-5   |"},
		{"%05d", -5, "-0005"},
		{"%d", 4294967297, "1"},
		{"%lu", 4294967297, "4294967297"},
		{"%x", 4294967297, "1"},
		{"%#x", 4294967297, "0x1"},
		{"%ld", INT64_MIN, "-9223372036854775808"},
		{"%lld", -1, "-1"},
		{"%jd", 4294967297, "4294967297"},
		{"%zu", 4294967297, "4294967297"},
		{"%td", 4294967297, "4294967297"},
		{"%Lu", 4294967297, "4294967297"},
		{"%hd", 65537, "1"},
		{"%hhd", 255, "-1"},
		{"%hhu", 511, "255"},
		{"%i", -7, "-7"},
		{"%u", -1, "4294967295"},
		{"%X", 0xabcd, "ABCD"},
		{"%#X", 0xabcd, "0XABCD"},
		{"%o", 8, "10"},
		{"%#o", 8, "010"},
		{"%#x", 0, "0"},
		{"%+d", 5, "+5"},
		{"% d", 5, " 5"},
		{"%+05d", 5, "+0005"},
		{"%#010x", 255, "0x000000ff"},
		{"%-05d|", 5, "5    |"},
		{"%.3d", 5, "005"},
		{"%.3d", -5, "-005"},
		{"%6.3d|", 5, "   005|"},
		{"%-6.3d|", 5, "005   |"},
		{"%06.3d|", 5, "   005|"},
		{"%#.4x", 255, "0x00ff"},
		{"%.1d", 12, "12"},
		{"%.0d|", 0, "|"},
		{"%.d|", 0, "|"},
		{"%c", 'A', "A"},
		{"%3c|", 'A', "  A|"},
		{"%p", 0x1000, "0x1000"},
		{"%p", 0, "0"},
		{"%12p|", 0x1000, "      0x1000|"},
		{"%s", -5, "-5"},
		{"%5s|", -5, "   -5|"},
		{"%gr", 0xcc0, "GFP_KERNEL"},
		{"%%%d%%", 5, "%5%"},
		{"%q%d%", 5, "%q5%"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		one(tester, table[i].format, &int64, &table[i].value, table[i].expected);
}

static void arguments_keep_their_own_sign_and_size(struct tester *tester)
{
	one(tester, "%d", &int8, &(int8_t){-3}, "-3");
	one(tester, "%lu", &int8, &(int8_t){-3}, "18446744073709551613");
	one(tester, "%d", &uint32, &(uint32_t){4294967295u}, "-1");
	one(tester, "%ld", &uint32, &(uint32_t){4294967295u}, "4294967295");
	one(tester, "%d", &boolean, &(uint8_t){1}, "1");
	one(tester, "%s", &boolean, &(uint8_t){1}, "true");
	one(tester, "%p", &pointer, &(uint64_t){0xffffffff81000000u}, "0xffffffff81000000");
	one(tester, "%s", &pointer, &(uint64_t){0}, "0x0");
}

static void strings(struct tester *tester)
{
	one(tester, "<%s>", &string8, "abc\0xyz", "<abc>");
	one(tester, "<%10s>", &string8, "abc\0xyz", "<       abc>");
	one(tester, "<%-10s>", &string8, "abc\0xyz", "<abc       >");
	one(tester, "<%.1s>", &string8, "abc\0xyz", "<a>");
	one(tester, "<%.3s>", &string8, "abc\0xyz", "<abc>");
	one(tester, "<%.9s>", &string8, "abc\0xyz", "<abc>");
	one(tester, "<%.0s>", &string8, "abc\0xyz", "<>");
	one(tester, "<%4.2s>", &string8, "abc\0xyz", "<  ab>");
	one(tester, "<%-4.2s>", &string8, "abc\0xyz", "<ab  >");
	one(tester, "%s", &string8, "abcdefgh", "abcdefgh..");
	one(tester, "%12s", &string8, "abcdefgh", "  abcdefgh..");
}

static void composite_values_take_the_width_as_a_whole(struct tester *tester)
{
	const struct mf_field fields[] = {{.offset = 0, .type = &int64},
					  {.offset = 8, .type = &string8}};
	const struct mf_type tuple = {
		.kind = MF_TUPLE, .size = 16, .fields = fields, .field_count = 2};
	const struct {
		int64_t number;
		char text[8];
	} data = {-1, "ab"};

	one(tester, "%s", &tuple, &data, "(-1, ab)");
	one(tester, "%10s|", &tuple, &data, "  (-1, ab)|");
	one(tester, "%-10s|", &tuple, &data, "(-1, ab)  |");
}

static void buffers(struct tester *tester)
{
	static const char data[12] = "\4\0\0\0a \n\xfezzzz";
	static const char long_one[12] = "\377\0\0\0abcdefgh";

	one(tester, "%r", &buffer8, data, "a \\x0a\\xfe");
	one(tester, "%rx", &buffer8, data, "\\x61\\x20\\x0a\\xfe");
	one(tester, "%rh", &buffer8, data, "61 20 0a fe");
	one(tester, "%s", &buffer8, data, "a \\x0a\\xfe");
	/* A length beyond the buffer, as a hostile object may write it. */
	one(tester, "%r", &buffer8, long_one, "abcdefgh");
	one(tester, "%rh", &buffer8, long_one, "61 62 63 64 65 66 67 68");
}

static void formats_that_do_not_fit_their_fields_are_refused(struct tester *tester)
{
	static const struct mf_field fields[2] = {{.type = &int64}, {.type = &string8}};
	static const struct {
		const char *format;
		uint32_t count;
	} table[] = {
		{"", 1},     {"%d", 0}, {"%d %d", 2}, {"%s", 2}, {"%f", 1}, {"%*d", 1},
		{"%.*d", 1}, {"%n", 1}, {"%g", 1},    {"%r", 1}, {"%d", 2}, {"%%d", 1},
	};
	struct format compiled;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CHECK(!format_compile(&compiled, &tester->arena, table[i].format, fields,
				      table[i].count, tester->why, sizeof(tester->why)));
	CHECK(!format_compile(&compiled, &tester->arena, "%d", &(struct mf_field){.type = &none}, 1,
			      tester->why, sizeof(tester->why)));
	CHECK(format_compile(&compiled, &tester->arena, "%d %s", fields, 2, tester->why,
			     sizeof(tester->why)));
}

static void huge_widths_are_cut(struct tester *tester)
{
	const struct mf_field field = {.type = &int64};
	uint64_t value = 1;
	struct format compiled;

	CHECK(format_compile(&compiled, &tester->arena, "%99999999999999999999d", &field, 1,
			     tester->why, sizeof(tester->why)));
	format_text(&tester->text, &tester->values, &compiled, (const uint8_t *)&value);
	CHECK(tester->text.length == 4096);
	strbuf_clear(&tester->text);
}

static void flags_of_allocations(struct tester *tester)
{
	gfp_flags_text(&tester->text, 0);
	CHECK_TEXT(&tester->text, "0");
	gfp_flags_text(&tester->text, 0xcc0 | 0x100);
	CHECK_TEXT(&tester->text, "GFP_KERNEL|__GFP_ZERO");
	gfp_flags_text(&tester->text, 0x400cc0);
	CHECK_TEXT(&tester->text, "GFP_KERNEL_ACCOUNT");
	gfp_flags_text(&tester->text, 0x820);
	CHECK_TEXT(&tester->text, "GFP_ATOMIC");
	gfp_flags_text(&tester->text, 0x8 | 0x1 | 0x8000000000u);
	CHECK_TEXT(&tester->text, "GFP_DMA|0x8000000008");
}

int main(void)
{
	struct tester tester;

	setup(&tester);
	integers(&tester);
	arguments_keep_their_own_sign_and_size(&tester);
	strings(&tester);
	composite_values_take_the_width_as_a_whole(&tester);
	buffers(&tester);
	formats_that_do_not_fit_their_fields_are_refused(&tester);
	huge_widths_are_cut(&tester);
	flags_of_allocations(&tester);
	teardown(&tester);
	return check_result("format");
}
