/* [OUT-033..036] [JSN-007] Pictures of tseries(), and slots of several CPUs as one series. */
#include <math.h>
#include <stdlib.h>

#include "output/series.h"
#include "check.h"

#define SECOND 1000000000ull
/* 1970-01-01 03:25:45 */
#define START 12345ull

static const struct mf_type seconds = {.kind = MF_TSERIES,
				       .is_signed = true,
				       .aggregation = MF_SERIES_SUM,
				       .interval = SECOND,
				       .count = 8,
				       .size = 8 * 16};

static struct wall_clock wall;

static void put(uint64_t *slots, const struct mf_type *type, uint64_t interval, int64_t value,
		uint64_t third)
{
	uint32_t words = mf_slot_size(type->aggregation) / 8;
	uint64_t *slot = slots + interval % type->count * words;

	slot[0] = interval + 1;
	slot[1] = (uint64_t)value;
	if (words == 3)
		slot[2] = third;
}

static void show(struct strbuf *text, const struct mf_type *type, const uint64_t *slots)
{
	series_text(text, &wall, type, (const uint8_t *)slots, 1);
}

static void a_line_an_interval_and_a_place_on_an_axis_of_53(void)
{
	uint64_t slots[16] = {0};
	struct strbuf text = {0};

	put(slots, &seconds, START, 0, 0);
	put(slots, &seconds, START + 1, 26, 0);
	put(slots, &seconds, START + 3, 52, 0);
	show(&text, &seconds, slots);
	CHECK_TEXT(&text, "         0                                                  52\n"
			  "hh:mm:ss |___________________________________________________|\n"
			  "03:25:45 *                                                   | 0\n"
			  "03:25:46 |                         *                         | 26\n"
			  "03:25:47 |                                                   | -\n"
			  "03:25:48 |                                                   * 52\n"
			  "         v___________________________________________________v\n"
			  "         0                                                  52\n");
	strbuf_free(&text);
}

static void equal_values_stand_between_their_neighbours(void)
{
	struct mf_type type = seconds;
	uint64_t slots[16] = {0};
	struct strbuf text = {0};

	put(slots, &type, START, 7, 0);
	show(&text, &type, slots);
	CHECK_TEXT(&text, "         6                                                   8\n"
			  "hh:mm:ss |___________________________________________________|\n"
			  "03:25:45 |                         *                         | 7\n"
			  "         v___________________________________________________v\n"
			  "         6                                                   8\n");
	/* Nothing is below the least number. */
	type.is_signed = false;
	put(slots, &type, START, 0, 0);
	show(&text, &type, slots);
	CHECK(strstr(strbuf_c_text(&text), "03:25:45 *  ") != NULL);
	CHECK(strstr(strbuf_c_text(&text), "         0      ") != NULL);
	strbuf_clear(&text);
	put(slots, &type, START, -1, 0);
	show(&text, &type, slots);
	CHECK(strstr(strbuf_c_text(&text), "* 18446744073709551615\n") != NULL);
	strbuf_clear(&text);
	type.is_signed = true;
	put(slots, &type, START, INT64_MIN, 0);
	show(&text, &type, slots);
	CHECK(strstr(strbuf_c_text(&text), "03:25:45 *  ") != NULL);
	strbuf_free(&text);
}

static void the_least_number_is_divided_by_any_count(void)
{
	struct mf_type type = seconds;
	uint64_t slots[24] = {0};
	struct strbuf text = {0};

	type.aggregation = MF_SERIES_AVG;
	/* A count that no program has made: -1 as a number with a sign. */
	put(slots, &type, START, INT64_MIN, UINT64_MAX);
	put(slots, &type, START + 1, INT64_MIN, 1);
	put(slots, &type, START + 2, -7, 2);
	series_text(&text, &wall, &type, (const uint8_t *)slots, 1);
	CHECK(strstr(strbuf_c_text(&text), " 0\n") != NULL);
	CHECK(strstr(strbuf_c_text(&text), " -9223372036854775808\n") != NULL);
	CHECK(strstr(strbuf_c_text(&text), " -3\n") != NULL);
	strbuf_free(&text);
}

static void zero_is_a_dot_where_it_lies_inside(void)
{
	uint64_t slots[16] = {0};
	struct strbuf text = {0};

	put(slots, &seconds, START, -26, 0);
	put(slots, &seconds, START + 1, 26, 0);
	put(slots, &seconds, START + 2, 0, 0);
	show(&text, &seconds, slots);
	CHECK_TEXT(&text, "         -26                                                26\n"
			  "hh:mm:ss |___________________________________________________|\n"
			  "03:25:45 *                         .                         | -26\n"
			  "03:25:46 |                         .                         * 26\n"
			  "03:25:47 |                         *                         | 0\n"
			  "         v___________________________________________________v\n"
			  "         -26                                                26\n");
	strbuf_free(&text);
}

static void fractions_are_as_fine_as_the_interval(void)
{
	static const struct {
		uint64_t interval;
		const char *head, *time;
	} table[] = {
		{SECOND / 2, "hh:mm:ss.ms  |___", "\n00:00:01.500 |"},
		{1500000, "hh:mm:ss.\u03bcs     |___", "\n00:00:00.004500 |"},
		{1001, "hh:mm:ss.ns        |___", "\n00:00:00.000003003 |"},
		{60 * SECOND, "hh:mm:ss |___", "\n00:03:00 |"},
	};
	struct strbuf text = {0};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct mf_type type = seconds;
		uint64_t slots[16] = {0};

		type.interval = table[i].interval;
		put(slots, &type, 3, 1, 0);
		show(&text, &type, slots);
		CHECK(strstr(strbuf_c_text(&text), table[i].head) != NULL);
		CHECK(strstr(strbuf_c_text(&text), table[i].time) != NULL);
		strbuf_clear(&text);
	}
	strbuf_free(&text);
}

static void nothing_is_told(void)
{
	uint64_t slots[16] = {0};
	struct strbuf text = {0};

	show(&text, &seconds, slots);
	CHECK_TEXT(&text, "<no data>\n");
	series_json(&text, &wall, &seconds, (const uint8_t *)slots, 1);
	CHECK_TEXT(&text, "[]");
	strbuf_free(&text);
}

static void json_leaves_empty_intervals_out(void)
{
	struct mf_type type = seconds;
	uint64_t slots[16] = {0};
	struct strbuf text = {0};

	type.interval = SECOND / 2;
	put(slots, &type, 1, -9007199254740993, 0);
	put(slots, &type, 3, 10, 0);
	series_json(&text, &wall, &type, (const uint8_t *)slots, 1);
	CHECK_TEXT(&text, "[{\"interval_start\":\"1970-01-01 00:00:00.500000000\",\"value\":"
			  "\"-9007199254740993\"},"
			  "{\"interval_start\":\"1970-01-01 00:00:01.500000000\",\"value\":10}]");
	series_json(&text, &wall, &type, (const uint8_t *)slots, 10);
	CHECK(strstr(strbuf_c_text(&text), "\"value\":1}]") != NULL);
	strbuf_free(&text);
}

static void old_intervals_end_with_the_window(void)
{
	uint64_t slots[16] = {0};
	struct strbuf text = {0};

	put(slots, &seconds, START, 1, 0);
	put(slots, &seconds, START + 1, 2, 0);
	/* Its slot follows; those before it are from the round before. */
	put(slots, &seconds, START + 9, 3, 0);
	put(slots, &seconds, START + 10, 4, 0);
	series_json(&text, &wall, &seconds, (const uint8_t *)slots, 1);
	CHECK_TEXT(&text, "[{\"interval_start\":\"1970-01-01 03:25:54.000000000\",\"value\":3},"
			  "{\"interval_start\":\"1970-01-01 03:25:55.000000000\",\"value\":4}]");
	strbuf_free(&text);
}

static void cpus_count_together_in_the_newest_interval(void)
{
	static const struct {
		enum mf_aggregation aggregation;
		int64_t expected;
	} table[] = {
		{MF_SERIES_SUM, 5}, {MF_SERIES_MIN, -2},  {MF_SERIES_MAX, 7},
		{MF_SERIES_AVG, 1}, {MF_SERIES_LAST, -2},
	};
	struct strbuf text = {0};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct mf_type type = seconds;
		/* Three CPUs, of which one stopped a round before. */
		uint64_t slots[3][24] = {0}, one[24];
		char expected[32];

		type.aggregation = table[i].aggregation;
		put(slots[0], &type, START, 7, table[i].aggregation == MF_SERIES_AVG ? 2 : 100);
		put(slots[1], &type, START, -2, table[i].aggregation == MF_SERIES_AVG ? 3 : 200);
		put(slots[2], &type, START - type.count, 50, 300);
		series_combine((uint8_t *)one, &type, type.count, (const uint8_t *)slots,
			       sizeof(slots[0]), 3);
		series_json(&text, &wall, &type, (const uint8_t *)one, 1);
		snprintf(expected, sizeof(expected), "\"value\":%lld}]",
			 (long long)table[i].expected);
		CHECK(strstr(strbuf_c_text(&text), expected) != NULL);
		strbuf_clear(&text);
	}
	strbuf_free(&text);
}

/* As --top has them: the last of them, and a number for each interval that is shown. */
static void numbers_of_intervals(void)
{
	uint64_t slots[16] = {0};
	struct strbuf text = {0};
	double numbers[4] = {-1, -1, -1, -1};

	CHECK(series_numbers(numbers, 4, &seconds, (const uint8_t *)slots) == 0 &&
	      numbers[0] == -1);
	series_newest_text(&text, &seconds, (const uint8_t *)slots);
	CHECK_TEXT(&text, "");
	put(slots, &seconds, START, 5, 0);
	put(slots, &seconds, START + 2, -7, 0);
	CHECK(series_numbers(numbers, 4, &seconds, (const uint8_t *)slots) == 3);
	CHECK(numbers[0] == 5 && isnan(numbers[1]) && numbers[2] == -7);
	/* The last ones where there is no room for all. */
	put(slots, &seconds, START + 4, 9, 0);
	CHECK(series_numbers(numbers, 4, &seconds, (const uint8_t *)slots) == 4);
	CHECK(isnan(numbers[0]) && numbers[1] == -7 && isnan(numbers[2]) && numbers[3] == 9);
	series_newest_text(&text, &seconds, (const uint8_t *)slots);
	CHECK_TEXT(&text, "9");
	strbuf_free(&text);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	a_line_an_interval_and_a_place_on_an_axis_of_53();
	equal_values_stand_between_their_neighbours();
	the_least_number_is_divided_by_any_count();
	zero_is_a_dot_where_it_lies_inside();
	fractions_are_as_fine_as_the_interval();
	nothing_is_told();
	json_leaves_empty_intervals_out();
	numbers_of_intervals();
	old_intervals_end_with_the_window();
	cpus_count_together_in_the_newest_interval();
	return check_result("series");
}
