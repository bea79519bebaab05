/* [CLI-032] Numbers of positional parameters, and `$N` in attach points. */
#include "session/params.h"
#include "check.h"

static void expect_integer(const char *text, int64_t expected)
{
	int64_t value = 0;

	if (!CHECK(parse_integer(text, &value)) || !CHECK(value == expected))
		fprintf(stderr, "  text: %s, value: %lld\n", text, (long long)value);
}

static void expect_text(const char *text)
{
	int64_t value;

	if (!CHECK(!parse_integer(text, &value)))
		fprintf(stderr, "  text: %s\n", text);
}

static void test_integers(void)
{
	expect_integer("0", 0);
	expect_integer("42", 42);
	expect_integer("-42", -42);
	expect_integer("1_000_000", 1000000);
	expect_integer("0x1F", 31);
	expect_integer("-0x10", -16);
	expect_integer("0xffff_ffff_ffff_ffff", -1);
	expect_integer("017", 15);
	/* Octal wants an octal digit next. */
	expect_integer("08", 8);
	expect_integer("0b101", 5);
	expect_integer("1e6", 1000000);
	expect_integer("9E3", 9000);
	/* Exponents of two digits are decimal, too; and every digit of each base is one. */
	expect_integer("1e10", 10000000000);
	expect_integer("3e12", 3000000000000);
	expect_integer("1e19", (int64_t)10000000000000000000u);
	expect_integer("1234567890", 1234567890);
	expect_integer("0x1234567890abcdef", 0x1234567890abcdef);
	expect_integer("0xABCDEF", 0xabcdef);
	expect_integer("01234567", 01234567);
	expect_integer("0b10", 2);
	expect_integer("5ull", 5);
	expect_integer("5UL", 5);
	expect_integer("4294967295u", 4294967295);
	expect_integer("5s", 5000000000);
	expect_integer("2ms", 2000000);
	expect_integer("3us", 3000);
	expect_integer("7ns", 7);
	expect_integer("1m", 60000000000);
	expect_integer("1h", 3600000000000);
	expect_integer("1d", 86400000000000);
	expect_integer("18446744073709551615", -1);
	expect_integer("-9223372036854775808", INT64_MIN);
}

static void test_texts(void)
{
	expect_text("");
	expect_text("-");
	expect_text("abc");
	expect_text("12abc");
	expect_text("1_");
	expect_text("_1");
	expect_text("1 ");
	expect_text("0x");
	expect_text("0xg");
	expect_text("0x5u");
	expect_text("0b2");

	expect_text("10e3");
	expect_text("1e0");
	expect_text("1e20");
	expect_text("4294967296u");
	expect_text("9223372036854775808l");
	expect_text("18446744073709551616");
	expect_text("-9223372036854775809");
	expect_text("1000000000d");
	expect_text("--5");
}

static void test_expansion(void)
{
	const char *values[] = {"one", "2"};
	struct options options = {.parameters = values, .parameter_count = 2};
	struct arena arena = {0};
	const char *text;

	text = params_expand(&options, &arena, "/bin/$1-$2");
	CHECK(strcmp(text, "/bin/one-2") == 0);
	text = params_expand(&options, &arena, "$3");
	CHECK(strcmp(text, "") == 0);
	text = params_expand(&options, &arena, "$x$");
	CHECK(strcmp(text, "$x$") == 0);
	CHECK(!params_expand(&options, &arena, NULL));
	arena_free(&arena);
}

static void test_storage(void)
{
	const char *values[] = {"-7", "a longer text"};
	struct options options = {.parameters = values, .parameter_count = 2, .no_warnings = true};
	struct mf_param params[] = {
		{.index = 1, .offset = 0, .size = 8},
		{.index = 2, .is_text = true, .offset = 8, .size = 8},
		{.index = 3, .is_text = true, .offset = 16, .size = 8},
	};
	struct manifest manifest = {.params = params, .param_count = 3};
	struct failure failure = {0};
	uint8_t rodata[24];
	int64_t number;

	memset(rodata, 0xff, sizeof(rodata));
	CHECK(params_store(&options, &manifest, rodata, sizeof(rodata), &failure) == 0);
	memcpy(&number, rodata, sizeof(number));
	CHECK(number == -7);
	CHECK(memcmp(rodata + 8, "a longe\0\0\0\0\0\0\0\0\0", 16) == 0);
	/* A text where a number is wanted, and a place outside of the section. */
	values[0] = "seven";
	CHECK(params_store(&options, &manifest, rodata, sizeof(rodata), &failure) == 2);
	CHECK(strcmp(failure.text,
		     "Positional parameter $1 is used as a number, but \"seven\" is none.") == 0);
	failure_clear(&failure);
	values[0] = "7";
	CHECK(params_store(&options, &manifest, rodata, 20, &failure) == 5);
	CHECK(strcmp(failure.text, "parameter $3 has no place in .rodata") == 0);
}

static void test_bounds(void)
{
	const char *values[] = {"5"};
	struct options options = {.parameters = values, .parameter_count = 1};
	struct mf_place place = {.line = 3, .column = 7, .text = "print(@, $1)"};
	struct mf_bound bound = {1, 1, 5, "print() expects few", &place};
	struct manifest manifest = {.bounds = &bound, .bound_count = 1, .script = "a.bt"};
	struct failure failure = {0};

	CHECK(params_check(&options, &manifest, &failure) == 0);
	CHECK(params_number(&options, 1, 9) == 5);
	CHECK(params_number(&options, 0, 9) == 9);
	values[0] = "6";
	CHECK(params_check(&options, &manifest, &failure) == 2);
	CHECK(strcmp(failure.text, "print() expects few ($1 is 6)") == 0);
	CHECK(strcmp(failure.file, "a.bt") == 0 && failure.line == 3 && failure.column == 7);
	failure_clear(&failure);
	options.parameter_count = 0;
	CHECK(params_check(&options, &manifest, &failure) == 2);
	CHECK(strcmp(failure.text, "print() expects few ($1 is not given)") == 0);
	failure_clear(&failure);
}

int main(void)
{
	test_integers();
	test_texts();
	test_expansion();
	test_storage();
	test_bounds();
	return check_result("params");
}
