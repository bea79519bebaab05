/* Numbers as digits, characters of UTF-8, names that are near: at the ends of their ranges. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/closest.h"
#include "base/id_table.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "check.h"

static void numbers_are_written_as_printf_does(void)
{
	struct strbuf text = {0};
	char expected[32], room[STRBUF_NUMBER_MAX], *end = room + sizeof(room);

	/* Around every power of two and of ten. */
	for (unsigned step = 0; step < 64 + 20; step++) {
		uint64_t base = step < 64 ? 1ull << step : 1;

		for (unsigned i = 64; i < step; i++)
			base *= 10;
		for (uint64_t value = base - 2; value != base + 2; value++) {
			snprintf(expected, sizeof(expected), "%" PRIu64, value);
			strbuf_u64(&text, value);
			CHECK_TEXT(&text, expected);
			snprintf(expected, sizeof(expected), "%" PRId64, (int64_t)value);
			strbuf_i64(&text, (int64_t)value);
			CHECK_TEXT(&text, expected);
			snprintf(expected, sizeof(expected), "%" PRIx64, value);
			strbuf_hex(&text, value);
			CHECK_TEXT(&text, expected);
			strbuf_put(&text, digits_hex(end, value, true),
				   (size_t)(end - digits_hex(end, value, true)));
			snprintf(expected, sizeof(expected), "%" PRIX64, value);
			CHECK_TEXT(&text, expected);
			strbuf_put(&text, digits_octal(end, value),
				   (size_t)(end - digits_octal(end, value)));
			snprintf(expected, sizeof(expected), "%" PRIo64, value);
			CHECK_TEXT(&text, expected);
		}
	}
	for (uint64_t value = 0; value < 1000; value++) {
		snprintf(expected, sizeof(expected), "%" PRIu64, value);
		strbuf_u64(&text, value);
		CHECK_TEXT(&text, expected);
	}
	strbuf_free(&text);
}

static void buffers_keep_what_they_hold_as_they_grow(void)
{
	struct strbuf text = {0};
	bool is_kept = true;

	for (size_t i = 0; i < 5000; i++)
		strbuf_char(&text, (char)('a' + i % 26));
	for (size_t i = 0; i < text.length; i++)
		is_kept = is_kept && text.data[i] == (char)('a' + i % 26);
	CHECK(is_kept && text.length == 5000 && text.room >= 5000 && text.room <= 10000);
	strbuf_drop(&text, 4998);
	CHECK_TEXT(&text, "gh");
	strbuf_right(&text, "ab", 2, 2);
	strbuf_right(&text, "ab", 2, 3);
	strbuf_right(&text, "abc", 3, 2);
	strbuf_fill(&text, '-', 3);
	CHECK_TEXT(&text, "ab ababc---");
	/* Exactly full: the NUL of a C text is beyond. */
	strbuf_fill(&text, 'x', text.room);
	CHECK(strlen(strbuf_c_text(&text)) == text.length);
	strbuf_free(&text);
	CHECK(!text.data && !text.length && !text.room);
}

/* The range of lead bytes, and of second bytes, of RFC 3629's grammar. */
static size_t length_by_the_grammar(const uint8_t *at, size_t room)
{
	static const struct {
		uint8_t first, last, low, high;
		size_t length;
	} rows[] = {
		{0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (at[0] < rows[i].first || at[0] > rows[i].last)
			continue;
		if (rows[i].length > room)
			return 0;
		if (rows[i].length > 1 && (at[1] < rows[i].low || at[1] > rows[i].high))
			return 0;
		for (size_t j = 2; j < rows[i].length; j++)
			if (at[j] < 0x80 || at[j] > 0xbf)
				return 0;
		return rows[i].length;
	}
	return 0;
}

static void characters_are_those_of_the_grammar(void)
{
	static const uint8_t rests[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
	bool are_same = true;

	for (unsigned pair = 0; pair < 0x10000; pair++) {
		for (size_t i = 0; i < sizeof(rests) * sizeof(rests); i++) {
			const uint8_t bytes[] = {(uint8_t)(pair >> 8), (uint8_t)pair,
						 rests[i / sizeof(rests)],
						 rests[i % sizeof(rests)]};

			are_same = are_same &&
				   utf8_length(bytes, 4) == length_by_the_grammar(bytes, 4);
		}
	}
	CHECK(are_same);
	/* What is cut off is not read: sanitizers look at the ends. */
	for (size_t room = 1; room < 4; room++) {
		uint8_t *bytes = malloc(room);

		memcpy(bytes, "\xf0\x9f\x98\x80", room);
		CHECK(utf8_length(bytes, room) == 0);
		bytes[0] = room == 3 ? 0xe1 : (uint8_t)'a';
		CHECK(utf8_length(bytes, room) == (room == 3 ? 3 : 1));
		free(bytes);
	}
}

static const char *nearest(const char *wanted, const char *const *names)
{
	struct closest closest = closest_to(wanted);

	for (; *names; names++)
		closest_offer(&closest, *names);
	return closest.name;
}

#define NEAREST(wanted, ...) nearest((wanted), (const char *const[]){__VA_ARGS__, NULL})

static bool is(const char *name, const char *expected)
{
	return name && strcmp(name, expected) == 0;
}

static void a_third_of_the_letters_may_differ(void)
{
	char longest[130], other[130];

	/* One of each kind: changed, put in, left out, swapped. */
	CHECK(is(NEAREST("abc", "abx"), "abx") && is(NEAREST("abc", "abxc"), "abxc"));
	CHECK(is(NEAREST("abc", "ac"), "ac") && is(NEAREST("abc", "acb"), "acb"));
	CHECK(is(NEAREST("abc", "bac"), "bac"));
	/* Of three letters one, of five one, of six two. */
	CHECK(!NEAREST("abc", "axx") && !NEAREST("abcde", "abcxx"));
	CHECK(is(NEAREST("abcdef", "abcdxx"), "abcdxx") && !NEAREST("abcdef", "abcxxx"));
	CHECK(is(NEAREST("abcdef", "xxabcdef"), "xxabcdef") && !NEAREST("abcdef", "xxxabcdef"));
	CHECK(is(NEAREST("abcdef", "cdef"), "cdef") && !NEAREST("abcdef", "def"));
	/* Of one or two letters one. */
	CHECK(is(NEAREST("a", "b"), "b") && is(NEAREST("ab", "b"), "b") && !NEAREST("ab", "xy"));
	/* Two swaps, with a letter in between: rows that only a swap mends. */
	CHECK(is(NEAREST("abcdef", "badcef"), "badcef") &&
	      is(NEAREST("abcdef", "bacdfe"), "bacdfe"));
	/* The nearest; of equal ones the first. */
	CHECK(is(NEAREST("abcdef", "abcdxx", "abcdex", "abcdxf"), "abcdex"));
	CHECK(is(NEAREST("abcdef", "abcdef", "abcdex"), "abcdef"));
	/* What is longer than 128 letters is not guessed at. */
	memset(longest, 'a', sizeof(longest));
	longest[128] = '\0';
	memcpy(other, longest, sizeof(other));
	other[127] = 'b';
	CHECK(NEAREST(longest, other) == other && NEAREST(other, longest) == longest);
	longest[128] = 'a';
	longest[129] = '\0';
	CHECK(!NEAREST(longest, other) && !NEAREST(other, longest));
}

static unsigned freed;

static void count_freed(void *item)
{
	freed += item != NULL;
}

static void tables_find_each_id_and_no_other(void)
{
	static char items[1000];
	struct id_table table = {0};
	bool is_right = true;

	CHECK(!id_table_find(&table, 0) && table.room == 0);
	for (uint64_t i = 0; i < sizeof(items); i++) {
		id_table_add(&table, i * i << 20, &items[i]);
		/* At least half of it is free: what is not there is soon known not to be. */
		CHECK(table.count == i + 1 && table.room >= 2 * i && table.room <= 64 + 4 * i);
	}
	for (uint64_t i = 0; i < sizeof(items); i++)
		is_right = is_right && id_table_find(&table, i * i << 20) == &items[i] &&
			   !id_table_find(&table, (i * i << 20) + 1);
	CHECK(is_right);
	id_table_replace(&table, 49 << 20, &items[0]);
	CHECK(id_table_find(&table, 49 << 20) == &items[0] && table.count == sizeof(items));
	id_table_free(&table, count_freed);
	CHECK(freed == sizeof(items) && !table.slots && !table.room && !table.count);
}

int main(void)
{
	numbers_are_written_as_printf_does();
	buffers_keep_what_they_hold_as_they_grow();
	characters_are_those_of_the_grammar();
	a_third_of_the_letters_may_differ();
	tables_find_each_id_and_no_other();
	return check_result("text");
}
