#include "output/series.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "output/value.h"
#include "output/value_json.h"

#define SECOND 1000000000u
#define GRAPH_WIDTH 53
#define LEFT_WIDTH 21
#define RIGHT_WIDTH 32
#define TIME_LIMIT 64
/* hh:mm:ss */
#define HOURS_WIDTH 8

/* The intervals that a series shows, by number; none: first > last. */
struct span {
	uint64_t first, last;
};

static uint64_t word(const uint8_t *slot, uint32_t index)
{
	return value_load(slot + 8 * (size_t)index, 8, false);
}

static void put_word(uint8_t *slot, uint32_t index, uint64_t value)
{
	memcpy(slot + 8 * (size_t)index, &value, sizeof(value));
}

static bool is_less(bool is_signed, uint64_t a, uint64_t b)
{
	return is_signed ? (int64_t)a < (int64_t)b : a < b;
}

/* Both hold the same interval. */
static void combine_slot(uint8_t *to, const struct mf_type *type, const uint8_t *slot)
{
	uint64_t have = word(to, 1), other = word(slot, 1);

	switch (type->aggregation) {
	case MF_SERIES_LAST:
		if (word(slot, 2) > word(to, 2))
			memcpy(to, slot, 24);
		break;
	case MF_SERIES_AVG:
		put_word(to, 1, have + other);
		put_word(to, 2, word(to, 2) + word(slot, 2));
		break;
	case MF_SERIES_SUM:
		put_word(to, 1, have + other);
		break;
	case MF_SERIES_MIN:
		if (is_less(type->is_signed, other, have))
			put_word(to, 1, other);
		break;
	case MF_SERIES_MAX:
		if (is_less(type->is_signed, have, other))
			put_word(to, 1, other);
		break;
	}
}

void series_combine(uint8_t *to, const struct mf_type *type, uint32_t slots, const uint8_t *values,
		    size_t stride, uint32_t cpus)
{
	uint32_t size = mf_slot_size(type->aggregation);

	memset(to, 0, (size_t)slots * size);
	for (uint32_t cpu = 0; cpu < cpus; cpu++, values += stride) {
		for (uint32_t i = 0; i < slots; i++) {
			const uint8_t *slot = values + (size_t)i * size;
			uint8_t *best = to + (size_t)i * size;

			if (word(slot, 0) > word(best, 0))
				memcpy(best, slot, size);
			else if (word(slot, 0) && word(slot, 0) == word(best, 0))
				combine_slot(best, type, slot);
		}
	}
}

/* Where the value of an interval stands; NULL: it has none. */
static const uint8_t *slot_of(const struct mf_type *type, const uint8_t *slots, uint64_t interval)
{
	const uint8_t *slot =
		slots + (size_t)(interval % type->count) * mf_slot_size(type->aggregation);

	return word(slot, 0) == interval + 1 ? slot : NULL;
}

static struct span find_span(const struct mf_type *type, const uint8_t *slots)
{
	uint32_t size = mf_slot_size(type->aggregation);
	struct span span = {1, 0};
	uint64_t newest = 0, oldest = UINT64_MAX;

	for (uint32_t i = 0; i < type->count; i++)
		if (word(slots + (size_t)i * size, 0) > newest)
			newest = word(slots + (size_t)i * size, 0);
	if (!newest)
		return span;
	/* Older ones than `count` intervals were not overwritten because nothing came. */
	for (uint32_t i = 0; i < type->count; i++) {
		uint64_t mark = word(slots + (size_t)i * size, 0);

		if (mark && newest - mark < type->count && mark < oldest)
			oldest = mark;
	}
	span.first = oldest - 1;
	span.last = newest - 1;
	return span;
}

static uint64_t number_of(const struct mf_type *type, const uint8_t *slot, uint32_t div)
{
	uint64_t number = word(slot, 1);

	if (type->aggregation == MF_SERIES_AVG) {
		uint64_t count = word(slot, 2) ? word(slot, 2) : 1;

		/* By magnitudes: the machine ends a process that divides INT64_MIN by -1. */
		if (type->is_signed && (int64_t)number < 0)
			number = 0 - (0 - number) / count;
		else
			number /= count;
	}
	return type->is_signed ? (uint64_t)((int64_t)number / div) : number / div;
}

static void put_decimal(struct strbuf *to, bool is_signed, uint64_t number)
{
	if (is_signed)
		strbuf_i64(to, (int64_t)number);
	else
		strbuf_u64(to, number);
}

/* Digits of a second that intervals begin at. */
static uint32_t fraction_digits(uint64_t interval)
{
	if (interval % SECOND == 0)
		return 0;
	if (interval % 1000000 == 0)
		return 3;
	return interval % 1000 == 0 ? 6 : 9;
}

static void put_fraction(struct strbuf *to, uint64_t nanoseconds, uint32_t digits)
{
	char text[10] = ".";

	for (uint32_t i = 9; i > 0; i--, nanoseconds /= 10)
		text[i] = (char)('0' + nanoseconds % 10);
	if (digits)
		strbuf_put(to, text, digits + 1);
}

/* Column of a number on an axis; differences of 64 bits are right whatever the sign. */
static uint32_t place_on(uint64_t min, uint64_t max, uint64_t number, double scale)
{
	double place = scale * (double)(number - min) / (double)(max - min);

	/* Written so that what is no number is 0. */
	if (!(place > 0))
		return 0;
	return place > GRAPH_WIDTH - 1 ? GRAPH_WIDTH - 1 : (uint32_t)place;
}

static void put_ends(struct strbuf *to, bool is_signed, uint64_t min, uint64_t max, uint32_t indent)
{
	char digits[STRBUF_NUMBER_MAX];
	char *end = digits + sizeof(digits), *number;
	bool negative = is_signed && (int64_t)max < 0;
	size_t start;

	strbuf_fill(to, ' ', indent);
	start = to->length;
	put_decimal(to, is_signed, min);
	if (to->length - start < LEFT_WIDTH)
		strbuf_fill(to, ' ', LEFT_WIDTH - (to->length - start));
	number = digits_decimal(end, negative ? 0 - max : max);
	if (negative)
		*--number = '-';
	strbuf_right(to, number, (size_t)(end - number), RIGHT_WIDTH);
	strbuf_char(to, '\n');
}

static void put_rule(struct strbuf *to, char end)
{
	strbuf_char(to, end);
	strbuf_fill(to, '_', GRAPH_WIDTH - 2);
	strbuf_char(to, end);
	strbuf_char(to, '\n');
}

/* The ends of the axis: of equal numbers, one beside them. */
static void find_ends(const struct mf_type *type, const uint8_t *slots, struct span span,
		      uint32_t div, uint64_t *min, uint64_t *max)
{
	bool is_signed = type->is_signed, any = false;

	for (uint64_t i = span.first; i <= span.last; i++) {
		const uint8_t *slot = slot_of(type, slots, i);
		uint64_t number;

		if (!slot)
			continue;
		number = number_of(type, slot, div);
		if (!any || is_less(is_signed, number, *min))
			*min = number;
		if (!any || is_less(is_signed, *max, number))
			*max = number;
		any = true;
	}
	if (*min != *max)
		return;
	if (*min != (is_signed ? (uint64_t)INT64_MIN : 0))
		(*min)--;
	if (*max != (is_signed ? (uint64_t)INT64_MAX : UINT64_MAX))
		(*max)++;
}

static void put_line(struct strbuf *to, const struct mf_type *type, const uint8_t *slot,
		     uint64_t min, uint64_t max, uint32_t div)
{
	bool is_signed = type->is_signed;
	char graph[GRAPH_WIDTH];
	uint64_t number;

	memset(graph, ' ', sizeof(graph));
	graph[0] = graph[GRAPH_WIDTH - 1] = '|';
	if (is_signed && (int64_t)min < 0 && (int64_t)max > 0)
		graph[place_on(min, max, 0, GRAPH_WIDTH)] = '.';
	if (slot) {
		number = number_of(type, slot, div);
		graph[place_on(min, max, number, GRAPH_WIDTH - 1)] = '*';
	}
	strbuf_put(to, graph, sizeof(graph));
	strbuf_char(to, ' ');
	if (slot)
		put_decimal(to, is_signed, number);
	else
		strbuf_char(to, '-');
	strbuf_char(to, '\n');
}

void series_text(struct strbuf *to, struct wall_clock *clock, const struct mf_type *type,
		 const uint8_t *slots, uint32_t div)
{
	static const char *const fractions[] = {"", ".ms", ".\u03bcs", ".ns"};
	struct span span = find_span(type, slots);
	uint32_t digits = fraction_digits(type->interval);
	uint32_t width = HOURS_WIDTH + (digits ? digits + 1 : 0);
	uint64_t min = 0, max = 0;

	if (span.first > span.last) {
		strbuf_text(to, "<no data>\n");
		return;
	}
	find_ends(type, slots, span, div, &min, &max);
	put_ends(to, type->is_signed, min, max, width + 1);
	strbuf_text(to, "hh:mm:ss");
	strbuf_text(to, fractions[digits / 3]);
	strbuf_fill(to, ' ', digits ? width + 1 - (HOURS_WIDTH + 3) : 1);
	put_rule(to, '|');
	for (uint64_t i = span.first; i <= span.last; i++) {
		if (!time_text(to, clock, "%H:%M:%S", i * type->interval, false, TIME_LIMIT))
			strbuf_text(to, "(?)     ");
		put_fraction(to, i * type->interval % SECOND, digits);
		strbuf_char(to, ' ');
		put_line(to, type, slot_of(type, slots, i), min, max, div);
	}
	strbuf_fill(to, ' ', width + 1);
	put_rule(to, 'v');
	put_ends(to, type->is_signed, min, max, width + 1);
}

void series_json(struct strbuf *to, struct wall_clock *clock, const struct mf_type *type,
		 const uint8_t *slots, uint32_t div)
{
	struct span span = find_span(type, slots);
	bool first = true;

	strbuf_char(to, '[');
	for (uint64_t i = span.first; i <= span.last; i++) {
		const uint8_t *slot = slot_of(type, slots, i);

		if (!slot)
			continue;
		strbuf_text(to, first ? "{\"interval_start\":\"" : ",{\"interval_start\":\"");
		first = false;
		time_text(to, clock, "%Y-%m-%d %H:%M:%S", i * type->interval, false, TIME_LIMIT);
		put_fraction(to, i * type->interval % SECOND, 9);
		strbuf_text(to, "\",\"value\":");
		if (type->is_signed)
			json_i64(to, (int64_t)number_of(type, slot, div));
		else
			json_u64(to, number_of(type, slot, div));
		strbuf_char(to, '}');
	}
	strbuf_char(to, ']');
}

uint32_t series_numbers(double *numbers, uint32_t most, const struct mf_type *type,
			const uint8_t *slots)
{
	struct span span = find_span(type, slots);
	uint32_t count = 0;

	if (span.first > span.last)
		return 0;
	if (span.last - span.first >= most)
		span.first = span.last - most + 1;
	for (uint64_t i = span.first; i <= span.last; i++) {
		const uint8_t *slot = slot_of(type, slots, i);
		uint64_t number = slot ? number_of(type, slot, 1) : 0;

		if (!slot)
			numbers[count++] = NAN;
		else
			numbers[count++] =
				type->is_signed ? (double)(int64_t)number : (double)number;
	}
	return count;
}

void series_newest_text(struct strbuf *to, const struct mf_type *type, const uint8_t *slots)
{
	struct span span = find_span(type, slots);

	if (span.first <= span.last)
		put_decimal(to, type->is_signed,
			    number_of(type, slot_of(type, slots, span.last), 1));
}
