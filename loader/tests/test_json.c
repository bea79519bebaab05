/* The JSON reader: what it takes, and that it takes nothing else. */
#include "base/json.h"
#include "check.h"

static bool parses(const char *text, size_t length)
{
	struct arena arena = {0};
	struct json_error error;
	bool result = json_parse(&arena, text, length, &error) != NULL;

	arena_free(&arena);
	return result;
}

static void test_values(void)
{
	static const char text[] =
		" {\"a\": [1, -2, 18446744073709551615], \"b\": {\"c\": true}, \"d\": null} ";
	struct arena arena = {0};
	struct json_error error;
	const struct json *root = json_parse(&arena, text, strlen(text), &error);
	const struct json *list;

	if (CHECK(root)) {
		list = json_member(root, "a");
		CHECK(list->kind == JSON_ARRAY && list->count == 3);
		CHECK(list->first->number == 1 && !list->first->flag);
		CHECK((int64_t)list->first->next->number == -2 && list->first->next->flag);
		CHECK(list->first->next->next->number == UINT64_MAX);
		CHECK(json_member(json_member(root, "b"), "c")->flag);
		CHECK(json_member(root, "d")->kind == JSON_NULL);
		CHECK(!json_member(root, "e") && !json_member(list, "a") &&
		      !json_member(NULL, "a"));
	}
	arena_free(&arena);
}

static void expect_string(const char *text, const char *utf8, const char *bytes)
{
	struct arena arena = {0};
	struct json_error error;
	const struct json *value = json_parse(&arena, text, strlen(text), &error);
	const char *got;

	if (CHECK(value)) {
		got = json_text(&arena, value);
		CHECK(utf8 ? got && strcmp(got, utf8) == 0 : !got);
		CHECK(strcmp(json_bytes(&arena, value), bytes) == 0);
	}
	arena_free(&arena);
}

static void test_strings(void)
{
	expect_string("\"plain\"", "plain", "plain");
	expect_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", "\"\\/\b\f\n\r\t");
	/* One character a byte in bytes, UTF-8 in text. */
	expect_string("\"\\u00e9\xc3\xbf\"", "\xc3\xa9\xc3\xbf", "\xe9\xff");
	/* Up to U+00FF; what is more is no byte. */
	expect_string("\"\\u00ff\\u0100\"", "\xc3\xbf\xc4\x80", "\xff\xc4\x80");
	expect_string("\"\\u20ac\"", "\xe2\x82\xac", "\xe2\x82\xac");
	expect_string("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	/* A NUL ends bytes, and is refused in text. */
	expect_string("\"a\\u0000b\"", NULL, "a");
}

static void test_refusals(void)
{
	static const char *const bad[] = {
		"",
		"{",
		"[1",
		"[1,]",
		"{\"a\":}",
		"{\"a\" 1}",
		"{a:1}",
		"01",
		"1.5",
		"1e3",
		"-",
		"+1",
		"nul",
		"tru",
		"1 2",
		"\"a",
		"\"\\x\"",
		"\"\\u12\"",
		"\"\\ud800\"",
		"\"\\udc00\"",
		"\"\x01\"",
		"\"\xff\"",
		"\"\xc0\x80\"",
		"\"\xed\xa0\x80\"",
		"[1}",
		"{\"a\":1,\"a\":2}",
		"18446744073709551616",
		"-9223372036854775809",
		"'a'",
	};
	char deep[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!CHECK(!parses(bad[i], strlen(bad[i]))))
			fprintf(stderr, "  text: %s\n", bad[i]);
	memset(deep, '[', sizeof(deep));
	CHECK(!parses(deep, sizeof(deep)));
	memset(deep, '[', 60);
	memset(deep + 60, ']', 60);
	CHECK(parses(deep, 120));
	/* The text need not be terminated. */
	CHECK(parses("12345", 3) && !parses("\"ab\"", 3));
}

static uint64_t number_of(const char *text, bool *is_negative)
{
	struct arena arena = {0};
	struct json_error error;
	const struct json *value = json_parse(&arena, text, strlen(text), &error);
	uint64_t number = value && value->kind == JSON_NUMBER ? value->number : 0;

	*is_negative = value && value->flag;
	arena_free(&arena);
	return number;
}

static void test_ends_of_numbers(void)
{
	bool is_negative;

	CHECK(number_of("18446744073709551615", &is_negative) == UINT64_MAX && !is_negative);
	CHECK(number_of("9223372036854775808", &is_negative) == 1ull << 63 && !is_negative);
	CHECK(number_of("-9223372036854775808", &is_negative) == 1ull << 63 && is_negative);
	CHECK(number_of("-0", &is_negative) == 0 && !is_negative);
	CHECK(!parses("18446744073709551620", 20) && !parses("184467440737095516150", 21));
	CHECK(parses("0", 1) && !parses("-01", 3) && !parses("1E3", 3));
}

/* Every code point by its escape, which may have digits of both cases, is what UTF-8 has for it. */
static void test_every_code_point(void)
{
	static const uint32_t points[] = {0x01,	   0x7f,    0x80,    0x7ff,   0x800,
					  0x0fff,  0xd7ff,  0xe000,  0xffff,  0x10000,
					  0x103ff, 0x10400, 0x1f600, 0xabcde, 0x10ffff};
	char escaped[32], text[8];

	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
		uint32_t point = points[i], rest = point - 0x10000;
		size_t length = 0;

		if (point < 0x80) {
			text[length++] = (char)point;
		} else {
			unsigned more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;

			text[length++] = (char)(0xfeu << (6 - more) | point >> 6 * more);
			while (more--)
				text[length++] = (char)(0x80 | (point >> 6 * more & 0x3f));
		}
		text[length] = '\0';
		for (int upper = 0; upper < 2; upper++) {
			if (point < 0x10000)
				snprintf(escaped, sizeof(escaped),
					 upper ? "\"\\u%04X\"" : "\"\\u%04x\"", point);
			else
				snprintf(escaped, sizeof(escaped),
					 upper ? "\"\\u%04X\\u%04X\"" : "\"\\u%04x\\u%04x\"",
					 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
			expect_string(escaped, text,
				      point < 0x100 ? (char[]){(char)point, 0} : text);
		}
		snprintf(escaped, sizeof(escaped), "\"%s\"", text);
		if (point >= 0x20)
			expect_string(escaped, text,
				      point < 0x100 ? (char[]){(char)point, 0} : text);
	}
}

static void expect_refusal(const char *text, const char *what, size_t at)
{
	struct arena arena = {0};
	struct json_error error = {0};

	CHECK(!json_parse(&arena, text, strlen(text), &error));
	if (!CHECK(error.what && strcmp(error.what, what) == 0 && error.at == at))
		fprintf(stderr, "  text: %s: %s at %zu\n", text, error.what ? error.what : "",
			error.at);
	arena_free(&arena);
}

static void test_reasons_and_places(void)
{
	expect_refusal(" ", "cut off", 1);
	expect_refusal("[1 2]", "a comma is missing", 3);
	expect_refusal("{\"a\" 1}", "a name without a value", 5);
	expect_refusal("{ a:1}", "a member without a name", 2);
	expect_refusal("{\"a\":1,\"b\":2,\"a\":3}", "a member twice", 16);
	expect_refusal("\"ab", "a string without an end", 3);
	expect_refusal("\"\\", "a malformed character in a string", 1);
	expect_refusal("\"a\\ud800x\"", "a malformed character in a string", 8);
	expect_refusal("\"\\ud800\\u0041\"", "a malformed character in a string", 7);
	expect_refusal("\"\\ud800\\ue000\"", "a malformed character in a string", 7);
	expect_refusal("\"\\udfff\"", "a malformed character in a string", 1);
	expect_refusal("\"\\u00g0\"", "a malformed character in a string", 1);
	expect_refusal("\"\x1f\"", "a malformed character in a string", 1);
	expect_refusal("-x", "not a value", 1);
	expect_refusal("truE", "not a value", 0);
	expect_refusal("1 x", "something behind the end", 2);
	expect_refusal("1.5", "a number that is not whole", 1);
	expect_refusal("007", "a number with leading zeros", 3);
	CHECK(parses("\t\r\n 1 \t\r\n", 9) && !parses("\v1", 2) && !parses("1\0", 2));
	CHECK(parses("[]", 2) && parses("{}", 2) && parses("\" \"", 3) && parses("false", 5));
}

/* The limits that keep a hostile manifest short: at each, and one beyond. */
static void test_limits(void)
{
	struct strbuf text = {0};
	char name[16];

	for (size_t depth = 64; depth <= 65; depth++) {
		strbuf_fill(&text, '[', depth);
		strbuf_fill(&text, ']', depth);
		CHECK(parses(text.data, text.length) == (depth == 64));
		strbuf_clear(&text);
	}
	/* One beside another is not deep. */
	strbuf_char(&text, '[');
	for (int i = 0; i < 100; i++)
		strbuf_text(&text, "[],");
	strbuf_text(&text, "[]]");
	CHECK(parses(text.data, text.length));
	for (unsigned members = 256; members <= 257; members++) {
		strbuf_clear(&text);
		for (unsigned i = 0; i < members; i++) {
			snprintf(name, sizeof(name), "%c\"%u\":0", i ? ',' : '{', i);
			strbuf_text(&text, name);
		}
		strbuf_char(&text, '}');
		CHECK(parses(text.data, text.length) == (members == 256));
	}
	/* Elements are only bounded with all values. */
	for (unsigned elements = (2u << 20) - 1; elements <= 2u << 20; elements++) {
		strbuf_clear(&text);
		strbuf_char(&text, '[');
		for (unsigned i = 0; i < elements; i++)
			strbuf_text(&text, i ? ",0" : "0");
		strbuf_char(&text, ']');
		CHECK(parses(text.data, text.length) == (elements < 2u << 20));
	}
	strbuf_free(&text);
}

int main(void)
{
	test_ends_of_numbers();
	test_every_code_point();
	test_reasons_and_places();
	test_limits();
	test_values();
	test_strings();
	test_refusals();
	return check_result("json");
}
