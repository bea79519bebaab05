/* The screen of --top, cell by cell. */
#include "output/top.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/failure.h"
#include "base/last_lines.h"
#include "check.h"
#include "fixture.h"
#include "output/output.h"
#include "output/top_columns.h"

static const struct mf_type uint32 = {.kind = MF_INT, .size = 4};
static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
static const struct mf_type sum = {.kind = MF_SUM, .size = 8};
static const struct mf_type average = {.kind = MF_AVG, .size = 16, .is_signed = true};
static const struct mf_type stats = {.kind = MF_STATS, .size = 16};
static const struct mf_type hist = {.kind = MF_HIST, .size = 8 * 65, .buckets = 65};
static const struct mf_type linear = {
	.kind = MF_LHIST, .size = 8 * 4, .buckets = 4, .min = 0, .max = 20, .step = 10};

static const struct mf_store stores[] = {
	{.kind = MF_STORE_HASH, .map = "k", .key_size = 4, .value_size = 8, .key = &uint32},
	{.kind = MF_STORE_GLOBAL, .value_size = 8, .offset = 0, .present = 24},
	{.kind = MF_STORE_GLOBAL, .value_size = 8, .offset = 8, .present = 24},
	{.kind = MF_STORE_HASH, .map = "e", .key_size = 4, .value_size = 8, .key = &uint32},
};

static struct mf_map maps[] = {
	{.name = "@k", .key = &uint32, .value = &sum, .stores = &stores[0], .store_count = 1},
	{.name = "@name", .value = &string8, .stores = &stores[2], .store_count = 1},
	{.name = "@a", .value = &int64, .stores = &stores[1], .store_count = 1},
	{.name = "@e", .key = &uint32, .value = &sum, .stores = &stores[3], .store_count = 1},
	{.name = "@b", .value = &int64, .stores = &stores[1], .store_count = 1},
};

struct tester {
	struct fixture fixture;
	struct output *output;
	struct top *top;
	struct last_lines lines;
	char path[32];
	int keys;
};

static struct failure failure;

static bool setup(struct tester *tester)
{
	memset(tester, 0, sizeof(*tester));
	fixture_init(&tester->fixture);
	tester->fixture.manifest.script = "dir/tool.bt";
	tester->fixture.manifest.maps = maps;
	tester->fixture.manifest.map_count = sizeof(maps) / sizeof(*maps);
	tester->keys = fixture_map(&tester->fixture, "k", BPF_MAP_TYPE_HASH, 4, 8, 64);
	CHECK(fixture_map(&tester->fixture, "e", BPF_MAP_TYPE_HASH, 4, 8, 64) >= 0);
	strcpy(tester->path, "/tmp/bpfload-test-XXXXXX");
	close(mkstemp(tester->path));
	tester->fixture.options.output = tester->path;
	if (!CHECK(output_open(&tester->output, &tester->fixture.session, &failure) == 0))
		return false;
	tester->top = top_new(tester->output);
	return true;
}

static void teardown(struct tester *tester)
{
	top_free(tester->top);
	last_lines_free(&tester->lines);
	CHECK(output_close(tester->output) == 0);
	unlink(tester->path);
	fixture_free(&tester->fixture);
}

static void put(const struct tester *tester, uint32_t key, uint64_t value)
{
	CHECK(bpf_map_update_elem(tester->keys, &key, &value, BPF_ANY) == 0);
}

static void replace(struct strbuf *text, const char *what, const char *with)
{
	struct strbuf to = {0};

	for (const char *at = text->data; *at;) {
		if (strncmp(at, what, strlen(what)) == 0) {
			strbuf_text(&to, with);
			at += strlen(what);
		} else {
			strbuf_char(&to, *at++);
		}
	}
	strbuf_put(&to, "", 1);
	to.length--;
	strbuf_free(text);
	*text = to;
}

/* Headings of tables are shown in reverse over the whole width, what was printed over its own. */
static void check_reverse(struct strbuf *text, size_t width)
{
	strbuf_put(text, "", 1);
	text->length--;
	for (const char *at = text->data; (at = strstr(at, "\033[7m")); at += 4)
		CHECK((size_t)(strstr(at, "\033[m") - at) == 4 + width ||
		      strncmp(at + 4, "printed", 7) == 0);
}

static const char first_line[] = "tool.bt  up 1:02:03  5 events  2 lost  every 0.5s  by ";

/* What stands below the two first lines; `#` begins lines in reverse, `.` dim ones. */
static void expect(struct tester *tester, const struct top_view *view, const char *order,
		   const char *expected)
{
	const struct top_figures figures = {3723999999999, 5, 2};
	struct strbuf text = {0}, head = {0};
	const char *below;

	top_draw(tester->top, view, &figures, &tester->lines, &text);
	CHECK(text.length > 6 && memcmp(text.data, "\033[m\033[H", 6) == 0);
	check_reverse(&text, view->width);
	replace(&text, "\033[m\033[H", "");
	replace(&text, "\033[K", "");
	replace(&text, "\033[m", "");
	replace(&text, "\033[7m", "#");
	replace(&text, "\033[1m", "!");
	replace(&text, "\033[2m", ".");
	while (strstr(text.data, " \r\n"))
		replace(&text, " \r\n", "\r\n");
	replace(&text, "\r\n", "\n");
	strbuf_char(&head, '!');
	strbuf_text(&head, first_line);
	strbuf_text(&head, order);
	strbuf_text(&head, "\n.q quit  v r k sort by value, rate, key  i reverse  n next  p pause  "
			   "+/- interval  h help\n");
	if (CHECK(text.length > head.length && memcmp(text.data, head.data, head.length) == 0)) {
		below = text.data + head.length;
		strbuf_clear(&head);
		strbuf_text(&head, below);
		CHECK_TEXT(&head, expected);
	}
	strbuf_free(&head);
	strbuf_free(&text);
}

static const struct top_view plain = {
	.width = 90, .height = 14, .order = TOP_BY_VALUE, .interval_ns = 500000000};

#define SECOND 1000000000u
static void tables_in_the_order_of_their_names(void)
{
	struct top_view view = plain;
	struct tester tester;
	uint64_t value = 41, yes = 1;

	if (!setup(&tester))
		return;
	for (uint32_t i = 1; i <= 6; i++)
		put(&tester, i, i * 10);
	memcpy(tester.fixture.bss, &value, 8);
	memcpy(tester.fixture.bss + 8, "so\nme", 6);
	memcpy(tester.fixture.bss + 24, &yes, 8);
	top_read(tester.top, SECOND);
	put(&tester, 2, 26);
	value = 43;
	memcpy(tester.fixture.bss, &value, 8);
	top_read(tester.top, 3u * SECOND);
	/* Maps without keys share a table, in which texts have no rate. */
	view.height = 15;
	expect(&tester, &view, "value",
	       "# VALUE   /s\n"
	       "    43  1.0  @a\n"
	       "    43  1.0  @b\n"
	       "so\\nme    -  @name\n"
	       "#SUM  /s  @e  empty\n"
	       "#SUM   /s  @k  6 keys\n"
	       " 60  0.0  6\n"
	       " 50  0.0  5\n"
	       " 40  0.0  4\n"
	       " 30  0.0  3\n"
	       " 26  3.0  2\n"
	       " 10  0.0  1\n");
	CHECK(top_tables(tester.top) == 3);
	view.height = 12;
	view.order = TOP_BY_RATE;
	expect(&tester, &view, "rate",
	       "# VALUE   /s\n"
	       "    43  1.0  @a\n"
	       "    43  1.0  @b\n"
	       "so\\nme    -  @name\n"
	       "#SUM  /s  @e  empty\n"
	       "#SUM   /s  @k  6 keys, 2 not shown\n"
	       " 26  3.0  2\n"
	       " 10  0.0  1\n"
	       " 30  0.0  3\n"
	       " 40  0.0  4");
	/* Each alone, counted round. */
	view.alone = 9;
	view.height = 6;
	view.order = TOP_BY_KEY;
	view.reversed = view.paused = true;
	expect(&tester, &view, "key, reversed  PAUSED",
	       "#SUM   /s  @k  6 keys, 3 not shown\n"
	       " 60  0.0  6\n"
	       " 50  0.0  5\n"
	       " 40  0.0  4");
	/* Where lines lack, one says how many tables do. */
	view = plain;
	view.height = 7;
	expect(&tester, &view, "value",
	       "#VALUE   /s    1 not shown\n"
	       "   43  1.0  @a\n"
	       "   43  1.0  @b\n"
	       "#SUM  /s  @e  empty\n"
	       ".1 more tables: n shows each alone");
	teardown(&tester);
}

static void lines_that_were_printed(void)
{
	static const char printed[] = "first\nsecond\n\033[31mred\033[0m\033[2J\nlast\n";
	struct top_view view = plain;
	struct tester tester;

	if (!setup(&tester))
		return;
	view.height = 12;
	top_read(tester.top, SECOND);
	last_lines_put(&tester.lines, printed, strlen(printed));
	expect(&tester, &view, "value",
	       "#SUM  /s  @e  empty\n"
	       "#SUM  /s  @k  empty\n"
	       "\n\n\n\n"
	       "#printed: the last 3 of 4 lines\n"
	       "second\n"
	       "red\\x1b[2J\n"
	       "last");
	view.help = true;
	view.height = 5;
	tester.lines.total = 0;
	last_lines_free(&tester.lines);
	memset(&tester.lines, 0, sizeof(tester.lines));
	expect(&tester, &view, "value",
	       "\n  q        quit, as Ctrl-C does: maps are printed\n"
	       "  v  r  k  sort by value, by rate, by key");
	teardown(&tester);
}

/* What was printed takes a quarter of the lines, and tables those that are left. */
static void tables_leave_room_for_what_was_printed(void)
{
	static const char printed[] = "first\nsecond\nlast\n";
	struct top_view view = plain;
	struct tester tester;

	if (!setup(&tester))
		return;
	view.height = 12;
	for (uint32_t i = 1; i <= 8; i++)
		put(&tester, i, i * 10);
	top_read(tester.top, SECOND);
	last_lines_put(&tester.lines, printed, strlen(printed));
	expect(&tester, &view, "value",
	       "#SUM  /s  @e  empty\n"
	       "#SUM  /s  @k  8 keys, 4 not shown\n"
	       " 80   -  8\n"
	       " 70   -  7\n"
	       " 60   -  6\n"
	       " 50   -  5\n"
	       "#printed: the last 3 of 3 lines\n"
	       "first\n"
	       "second\n"
	       "last");
	teardown(&tester);
}

/* Columns of a value, with a space behind each. */
static void expect_columns(const struct mf_type *type, const void *value, double rate,
			   const char *expected)
{
	const struct mf_map map = {.name = "@", .key = &uint32, .value = type};
	const struct value_context context = {.stacks = -1};
	const struct top_column *columns;
	size_t count = top_columns(type, true, &columns);
	struct strbuf text = {0};

	for (size_t i = 0; i < count; i++) {
		strbuf_text(&text, columns[i].title);
		strbuf_char(&text, ' ');
		top_column_text(&text, &context, &map, value, rate, i, false);
		strbuf_char(&text, ' ');
	}
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

static void columns_of_values(void)
{
	const int64_t averaged[] = {-70, 7};
	const uint64_t counted[] = {1000, 3}, one[4] = {0, 100, 0, 0}, ends[4] = {5, 0, 0, 5};
	uint64_t buckets[65] = {0};
	int64_t number = -3;

	expect_columns(&int64, &number, 99.94, "VALUE -3 /s 99.9 ");
	expect_columns(&int64, &number, -99.96, "VALUE -3 /s -100 ");
	expect_columns(&int64, &number, NAN, "VALUE -3 /s - ");
	expect_columns(&average, averaged, 2, "AVG -10 COUNT 7 /s 2.0 ");
	expect_columns(&stats, counted, 0, "COUNT 3 /s 0.0 AVG 333 TOTAL 1000 ");
	/* What is known of a number in a bucket that so much of all have reached. */
	expect_columns(&linear, one, 0, "COUNT 100 /s 0.0 P50 <10 P90 <10 P99 <10 BUCKETS 0[@]9 ");
	expect_columns(&linear, ends, 0,
		       "COUNT 10 /s 0.0 P50 <0 P90 >=20 P99 >=20 BUCKETS [@  @] ");
	expect_columns(&hist, buckets, 0, "COUNT 0 /s 0.0 P50 - P90 - P99 - BUCKETS  ");
	/* 0, 1, [2, 4), ...: the 90th of a hundred is in a bucket, the 91st in the next. */
	buckets[2] = 90;
	buckets[13] = 9;
	buckets[23] = 1;
	expect_columns(
		&hist, buckets, 0,
		"COUNT 100 /s 0.0 P50 1 P90 1 P99 <4K BUCKETS 1[@          :         .]4194303 ");
}

int main(void)
{
	tables_in_the_order_of_their_names();
	lines_that_were_printed();
	tables_leave_room_for_what_was_printed();
	columns_of_values();
	failure_clear(&failure);
	return check_result("top_screen");
}
