/* [OUT-039..043] Every conversion, with all flags, widths, precisions and lengths, beside the C
 * library's own printf. */
#include <stdlib.h>

#include "output/printf.h"
#include "symbols/symbols.h"
#include "check.h"
#include "fixture.h"

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type uint64 = {.kind = MF_INT, .size = 8};
static const struct mf_type int32 = {.kind = MF_INT, .size = 4, .is_signed = true};
static const struct mf_type uint16 = {.kind = MF_INT, .size = 2};
static const struct mf_type int8 = {.kind = MF_INT, .size = 1, .is_signed = true};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};

struct tester {
	struct fixture fixture;
	struct value_context values;
	struct symbols *symbols;
	struct wall_clock clock;
	struct strbuf text;
	unsigned long compared;
};

/* What the loader makes of a format and the bytes of an argument. */
static const char *ours(struct tester *tester, const char *format, const struct mf_type *type,
			const void *data)
{
	const struct mf_field field = {.offset = 0, .type = type};
	struct format compiled;
	struct arena arena = {0};
	char why[160];

	strbuf_clear(&tester->text);
	if (!format_compile(&compiled, &arena, format, &field, 1, why, sizeof(why)))
		strbuf_text(&tester->text, why);
	else
		format_text(&tester->text, &tester->values, &compiled, data);
	arena_free(&arena);
	strbuf_char(&tester->text, '\0');
	return tester->text.data;
}

static bool same(struct tester *tester, const char *format, const struct mf_type *type,
		 const void *data, const char *theirs)
{
	const char *text = ours(tester, format, type, data);

	tester->compared++;
	if (strcmp(text, theirs) == 0)
		return true;
	fprintf(stderr, "%s: '%s' and not '%s'\n", format, text, theirs);
	return false;
}

/* The C library's, by what an argument of that length is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void theirs(char *out, size_t size, const char *format, const char *length, int64_t value)
{
	if (strcmp(length, "l") == 0)
		snprintf(out, size, format, (long)value);
	else if (strcmp(length, "ll") == 0)
		snprintf(out, size, format, (long long)value);
	else if (strcmp(length, "j") == 0)
		snprintf(out, size, format, (intmax_t)value);
	else if (strcmp(length, "z") == 0)
		snprintf(out, size, format, (size_t)value);
	else if (strcmp(length, "t") == 0)
		snprintf(out, size, format, (ptrdiff_t)value);
	else
		snprintf(out, size, format, (int)value);
}

static void text_of_theirs(char *out, size_t size, const char *format, const char *text)
{
	snprintf(out, size, format, text);
}
#pragma GCC diagnostic pop

/* Those of the set bits of `which`. */
static void flags_of(char out[6], unsigned int which)
{
	static const char all[] = "-+ #0";
	size_t length = 0;

	for (size_t i = 0; i < sizeof(all) - 1; i++)
		if (which & 1u << i)
			out[length++] = all[i];
	out[length] = '\0';
}

static const char *const widths[] = {"", "1", "7", "24"};
static const char *const precisions[] = {"", ".", ".1", ".4", ".22"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool one_number(struct tester *tester, const char *flags, const char *width,
		       const char *precision, const char *length, char conversion)
{
	static const struct {
		const struct mf_type *type;
		int64_t value;
	} values[] = {
		{&int64, 0},	      {&int64, 1},	   {&int64, -1},
		{&int64, 4294967298}, {&int64, INT64_MIN}, {&uint64, -2},
		{&int32, INT32_MIN},  {&uint16, 65535},	   {&int8, -128},
	};
	char format[48];
	char wanted[128];
	bool fine = true;

	snprintf(format, sizeof(format), "<%%%s%s%s%s%c>", flags, width, precision, length,
		 conversion);
	for (size_t i = 0; i < COUNT(values); i++) {
		theirs(wanted, sizeof(wanted), format, length, values[i].value);
		/* The lowest bytes of the value are what a record holds of it. */
		fine &= same(tester, format, values[i].type, &values[i].value, wanted);
	}
	return fine;
}

static void numbers(struct tester *tester)
{
	static const char *const lengths[] = {"", "hh", "h", "l", "ll", "j", "z", "t"};
	char flags[6];

	for (unsigned int which = 0; which < 1u << 5; which++) {
		bool fine = true;

		flags_of(flags, which);
		for (size_t w = 0; w < COUNT(widths); w++)
			for (size_t p = 0; p < COUNT(precisions); p++)
				for (size_t l = 0; l < COUNT(lengths); l++)
					for (const char *c = "diuxXo"; *c; c++)
						fine &= one_number(tester, flags, widths[w],
								   precisions[p], lengths[l], *c);
		CHECK(fine);
	}
}

static void characters_and_texts(struct tester *tester)
{
	static const char *const texts[] = {"", "a", "seven77", "b\0tail"};
	char format[48];
	char wanted[128];
	bool fine = true;

	for (size_t left = 0; left < 2; left++)
		for (size_t w = 0; w < COUNT(widths); w++) {
			const int64_t letter = 'A' + 0x100;

			snprintf(format, sizeof(format), "<%%%s%sc>", left ? "-" : "", widths[w]);
			theirs(wanted, sizeof(wanted), format, "", letter);
			fine &= same(tester, format, &int64, &letter, wanted);
			for (size_t p = 0; p < COUNT(precisions); p++)
				for (size_t t = 0; t < COUNT(texts); t++) {
					char data[8] = "";

					memcpy(data, texts[t], t == 3 ? 6 : strlen(texts[t]));
					snprintf(format, sizeof(format), "<%%%s%s%ss>",
						 left ? "-" : "", widths[w], precisions[p]);
					text_of_theirs(wanted, sizeof(wanted), format, texts[t]);
					fine &= same(tester, format, &string8, data, wanted);
				}
		}
	CHECK(fine);
}

int main(void)
{
	struct tester tester = {0};

	fixture_init(&tester.fixture);
	tester.symbols = symbols_new(&tester.fixture.manifest.config, NULL);
	wall_clock_init(&tester.clock);
	value_context_init(&tester.values, &tester.fixture.session, tester.symbols, &tester.clock);
	numbers(&tester);
	characters_and_texts(&tester);
	CHECK(tester.compared > 270000);
	value_context_free(&tester.values);
	symbols_free(tester.symbols);
	strbuf_free(&tester.text);
	fixture_free(&tester.fixture);
	return check_result("printf");
}
