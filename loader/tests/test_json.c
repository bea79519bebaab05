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

int main(void)
{
	test_values();
	test_strings();
	test_refusals();
	return check_result("json");
}
