/* The screen of --top: texts in cells, last lines, and what is greatest. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/last_lines.h"
#include "base/screen_text.h"
#include "output/spark.h"
#include "output/top_rows.h"
#include "output/value.h"
#include "check.h"
#include "fixture.h"

#define WIDE "\xe6\xbc\xa2"

static void texts_of_cells(void)
{
	static const struct {
		const char *text;
		size_t width;
		const char *shown;
		size_t cells;
	} texts[] = {
		{"", 5, "", 0},
		{"plain", 5, "plain", 5},
		{"plain", 4, "pla~", 4},
		{"plain", 1, "~", 1},
		{"plain", 0, "", 0},
		{WIDE WIDE, 4, WIDE WIDE, 4},
		/* Half of a character is none. */
		{WIDE WIDE, 3, WIDE "~", 3},
		{"a" WIDE WIDE, 4, "a" WIDE "~", 4},
		{WIDE, 1, "~", 1},
		{"\033[2J", 20, "\\x1b[2J", 7},
		{"a\nb\tc", 20, "a\\nb\\tc", 7},
		{"\x9b\xff", 20, "\\x9b\\xff", 8},
		{"\xc2\x9b", 20, "\\xc2\\x9b", 8},
		/* A mark that turns the direction of what follows. */
		{"a\xe2\x80\xae", 20, "a\\u202e", 7},
		/* Escapes are not cut. */
		{"a\033b", 4, "a~", 2},
		{"a\033", 5, "a\\x1b", 5},
	};
	struct strbuf text = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		CHECK(screen_text(&text, texts[i].text, strlen(texts[i].text), texts[i].width,
				  true) == texts[i].cells);
		CHECK_TEXT(&text, texts[i].shown);
	}
	CHECK(screen_text(&text, "\xc3\xa9", 2, 20, false) == 8);
	CHECK_TEXT(&text, "\\xc3\\xa9");
	screen_cell(&text, "12", 2, 5, true, true);
	screen_cell(&text, WIDE, 3, 4, false, true);
	CHECK_TEXT(&text, "   12" WIDE "  ");
	strbuf_free(&text);
}

static void lines_that_are_last(void)
{
	struct last_lines lines = {0};
	char text[16];

	CHECK(last_lines_count(&lines) == 0);
	last_lines_put(&lines, "be", 2);
	last_lines_put(&lines, "gun\n\nopen", 9);
	CHECK(last_lines_count(&lines) == 3 && lines.total == 3);
	CHECK(last_lines_get(&lines, 0)->length == 5);
	CHECK(last_lines_get(&lines, 1)->length == 0);
	CHECK(memcmp(last_lines_get(&lines, 2)->data, "open", 4) == 0);
	last_lines_put(&lines, "\n", 1);
	CHECK(lines.total == 3);
	for (int i = 0; i < LAST_LINES; i++) {
		int length = snprintf(text, sizeof(text), "%d\n", i);

		last_lines_put(&lines, text, (size_t)length);
	}
	CHECK(last_lines_count(&lines) == LAST_LINES && lines.total == LAST_LINES + 3);
	CHECK(memcmp(last_lines_get(&lines, 0)->data, "0", 1) == 0);
	CHECK(memcmp(last_lines_get(&lines, LAST_LINES - 1)->data, "199", 3) == 0);
	for (int i = 0; i < 2 * LAST_LINE_MAX / 10; i++)
		last_lines_put(&lines, "0123456789", 10);
	CHECK(last_lines_get(&lines, LAST_LINES - 1)->length == LAST_LINE_MAX);
	last_lines_free(&lines);
}

static void pictures(void)
{
	const double numbers[] = {0, 1, 50, 100, NAN};
	struct strbuf text = {0};

	spark_put(&text, numbers, 5, 0, false);
	CHECK_TEXT(&text, " .+@ ");
	spark_put(&text, numbers, 5, 0, true);
	CHECK_TEXT(&text, " \u2581\u2585\u2588 ");
	strbuf_free(&text);
}

static const struct mf_type uint32 = {.kind = MF_INT, .size = 4};
static const struct mf_type sum = {.kind = MF_SUM, .size = 8};
static const struct mf_type number = {.kind = MF_INT, .size = 8, .is_signed = true};

#define MANY 100000
#define SECOND 1000000000u

static struct mf_store store = {.map = "h", .kind = MF_STORE_HASH, .key_size = 4, .value_size = 8};

static int make_map(struct fixture *fixture)
{
	fixture_init(fixture);
	return fixture_map(fixture, "h", BPF_MAP_TYPE_HASH, 4, 8, MANY);
}

static void put(int fd, uint32_t key, int64_t value)
{
	CHECK(bpf_map_update_elem(fd, &key, &value, BPF_ANY) == 0);
}

static uint32_t key_of(const struct top_rows *top, uint32_t row)
{
	uint32_t key;

	memcpy(&key, map_rows_key(&top->rows, row), sizeof(key));
	return key;
}

static double rate_of(const struct top_rows *top, uint32_t key)
{
	for (uint32_t row = 0; row < top->rows.count; row++)
		if (key_of(top, row) == key)
			return top->rates[row];
	return -12345;
}

static void rates(void)
{
	struct mf_map map = {
		.name = "@h", .key = &uint32, .value = &sum, .stores = &store, .store_count = 1};
	struct top_rows top = {0};
	struct fixture fixture;
	int fd = make_map(&fixture);

	put(fd, 1, 100);
	put(fd, 2, 50);
	top_rows_read(&top, &fixture.session, &map, SECOND, false, 7);
	CHECK(isnan(rate_of(&top, 1)));
	put(fd, 1, 140);
	put(fd, 2, 20);
	put(fd, 3, 6);
	top_rows_read(&top, &fixture.session, &map, 3u * SECOND, false, 7);
	CHECK(rate_of(&top, 1) == 20);
	/* A sum of what is not negative went down: it was begun anew, nobody knows when. */
	CHECK(isnan(rate_of(&top, 2)));
	CHECK(rate_of(&top, 3) == 3);
	put(fd, 1, 150);
	top_rows_read(&top, &fixture.session, &map, 4u * SECOND, true, 7);
	CHECK(isnan(rate_of(&top, 1)));
	map.value = &number;
	top_rows_free(&top);
	top_rows_read(&top, &fixture.session, &map, 5u * SECOND, false, 7);
	put(fd, 1, -50);
	put(fd, 4, 9);
	top_rows_read(&top, &fixture.session, &map, 6u * SECOND, false, 7);
	CHECK(rate_of(&top, 1) == -200);
	CHECK(isnan(rate_of(&top, 4)));
	top_rows_free(&top);
	fixture_free(&fixture);
}

/* What bits of keys are alike is a matter of scripts, and of those that they trace. */
static void keys_that_are_much_alike(void)
{
	static const struct mf_type uint64 = {.kind = MF_INT, .size = 8};
	struct mf_store wide = store;
	struct mf_map map = {
		.name = "@h", .key = &uint64, .value = &sum, .stores = &wide, .store_count = 1};
	struct top_rows top = {0};
	struct fixture fixture;
	int fd;

	wide.key_size = 8;
	fixture_init(&fixture);
	fd = fixture_map(&fixture, "h", BPF_MAP_TYPE_HASH, 8, 8, 2000);
	for (uint64_t shift = 0; shift <= 52; shift += 4) {
		for (uint64_t i = 0; i < 100; i++) {
			uint64_t key = 1 + (i << shift), value = 5;

			CHECK(bpf_map_update_elem(fd, &key, &value, BPF_ANY) == 0);
		}
	}
	top_rows_read(&top, &fixture.session, &map, SECOND, false, 7);
	top_rows_read(&top, &fixture.session, &map, 2u * SECOND, false, 7);
	CHECK(top.rows.count > 1000);
	for (size_t row = 0; row < top.rows.count; row++)
		CHECK(top.rates[row] == 0);
	top_rows_free(&top);
	fixture_free(&fixture);
}

static void greatest(void)
{
	struct mf_map map = {
		.name = "@h", .key = &uint32, .value = &number, .stores = &store, .store_count = 1};
	struct top_rows top = {0};
	struct fixture fixture;
	uint32_t chosen[8];
	int fd = make_map(&fixture);

	for (uint32_t key = 0; key < MANY; key++)
		put(fd, key, (int64_t)((key * 7919u) % MANY) - 500);
	top_rows_read(&top, &fixture.session, &map, SECOND, false, 7);
	CHECK(top.rows.count == MANY);
	CHECK(top_rows_choose(&top, TOP_BY_VALUE, false, chosen, 8) == 8);
	for (uint32_t i = 0; i < 8; i++)
		CHECK(value_load(map_rows_value(&top.rows, chosen[i]), 8, false) ==
		      MANY - 1 - i - 500);
	CHECK(top_rows_choose(&top, TOP_BY_VALUE, true, chosen, 8) == 8);
	CHECK((int64_t)value_load(map_rows_value(&top.rows, chosen[0]), 8, false) == -500);
	CHECK(top_rows_choose(&top, TOP_BY_KEY, false, chosen, 8) == 8);
	for (uint32_t i = 0; i < 8; i++)
		CHECK(key_of(&top, chosen[i]) == i);
	put(fd, 77, 1000000);
	top_rows_read(&top, &fixture.session, &map, 2u * SECOND, false, 7);
	CHECK(top_rows_choose(&top, TOP_BY_RATE, false, chosen, 1) == 1);
	CHECK(key_of(&top, chosen[0]) == 77);
	CHECK(rate_of(&top, 78) == 0);
	CHECK(top_rows_choose(&top, TOP_BY_RATE, false, chosen, 0) == 0);
	top_rows_free(&top);
	fixture_free(&fixture);
}

int main(void)
{
	texts_of_cells();
	lines_that_are_last();
	pictures();
	rates();
	keys_that_are_much_alike();
	greatest();
	return check_result("test_top");
}
