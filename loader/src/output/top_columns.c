#include "output/top_columns.h"

#include <math.h>
#include <stdio.h>

#include "output/hist.h"
#include "output/line_value.h"
#include "output/series.h"
#include "output/spark.h"

#define RATE                \
	{                   \
		"/s", false \
	}

typedef void (*column_writer)(struct strbuf *to, const struct value_context *context,
			      const struct mf_type *type, const uint8_t *value, bool utf8);

/* What a table of values has: `write` NULL is the rate. */
struct shape {
	size_t count;
	struct top_column columns[TOP_COLUMNS];
	column_writer write[TOP_COLUMNS];
};

static void put_value(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const uint8_t *value, bool utf8)
{
	(void)utf8;
	line_value(to, context, type, value);
}

static void put_signed_or_not(struct strbuf *to, const struct mf_type *type, uint64_t number)
{
	if (value_is_signed(type))
		strbuf_i64(to, (int64_t)number);
	else
		strbuf_u64(to, number);
}

/* Of {total, count}. */
static void put_times(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const uint8_t *value, bool utf8)
{
	(void)context, (void)type, (void)utf8;
	strbuf_u64(to, value_load(value + 8, 8, false));
}

static void put_average(struct strbuf *to, const struct value_context *context,
			const struct mf_type *type, const uint8_t *value, bool utf8)
{
	(void)context, (void)utf8;
	put_signed_or_not(to, type, value_average(type, value));
}

static void put_total(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const uint8_t *value, bool utf8)
{
	(void)context, (void)utf8;
	put_signed_or_not(to, type, value_load(value, 8, false));
}

/* Values of rows stand aligned. */
static const uint64_t *counts_of(const uint8_t *value)
{
	return (const uint64_t *)(const void *)value;
}

static void put_hist_total(struct strbuf *to, const struct value_context *context,
			   const struct mf_type *type, const uint8_t *value, bool utf8)
{
	(void)context, (void)utf8;
	strbuf_u64(to, hist_total(counts_of(value), type->buckets));
}

static struct hist_bounds bounds_of(const struct mf_type *type, uint32_t bucket)
{
	return type->kind == MF_HIST ? hist_bounds(bucket, type->bits)
				     : lhist_bounds(bucket, type->min, type->max, type->step);
}

/* As short as it is exact: 4096 is 4K. */
static void put_bound(struct strbuf *to, int64_t bound)
{
	static const char units[] = " KMGTPE";
	size_t unit = 0;

	while (bound && bound % 1024 == 0 && unit < sizeof(units) - 2) {
		bound /= 1024;
		unit++;
	}
	strbuf_i64(to, bound);
	if (unit)
		strbuf_char(to, units[unit]);
}

static int64_t behind(int64_t bound)
{
	return bound == INT64_MAX ? bound : bound + 1;
}

/* What is known of a number in that bucket. */
static void put_bucket(struct strbuf *to, const struct mf_type *type, uint32_t bucket)
{
	struct hist_bounds bounds = bounds_of(type, bucket);

	if (bounds.has_low && bounds.has_high && bounds.low == bounds.high) {
		put_bound(to, bounds.low);
	} else if (bounds.has_high) {
		strbuf_char(to, '<');
		put_bound(to, behind(bounds.high));
	} else {
		strbuf_text(to, ">=");
		put_bound(to, bounds.low);
	}
}

/* The bucket that the given part of all numbers has reached. */
static void put_percentile(struct strbuf *to, const struct mf_type *type, const uint8_t *value,
			   uint32_t percent)
{
	const uint64_t *counts = counts_of(value);
	uint64_t total = hist_total(counts, type->buckets), sum = 0;
	/* Rounded up, without leaving 64 bits. */
	uint64_t wanted = total / 100 * percent + (total % 100 * percent + 99) / 100;

	for (uint32_t i = 0; i < type->buckets && total; i++) {
		sum += counts[i];
		if (sum >= wanted) {
			put_bucket(to, type, i);
			return;
		}
	}
	strbuf_char(to, '-');
}

static void put_median(struct strbuf *to, const struct value_context *context,
		       const struct mf_type *type, const uint8_t *value, bool utf8)
{
	(void)context, (void)utf8;
	put_percentile(to, type, value, 50);
}

static void put_p90(struct strbuf *to, const struct value_context *context,
		    const struct mf_type *type, const uint8_t *value, bool utf8)
{
	(void)context, (void)utf8;
	put_percentile(to, type, value, 90);
}

static void put_p99(struct strbuf *to, const struct value_context *context,
		    const struct mf_type *type, const uint8_t *value, bool utf8)
{
	(void)context, (void)utf8;
	put_percentile(to, type, value, 99);
}

/* Buckets from the first to the last that is not empty, between their ends; where they are many,
 * neighbours share a cell. */
static void put_buckets(struct strbuf *to, const struct value_context *context,
			const struct mf_type *type, const uint8_t *value, bool utf8)
{
	struct hist_range range = hist_range(counts_of(value), type->buckets);
	uint32_t in_cell = (range.end - range.first + SPARK_WIDTH - 1) / SPARK_WIDTH;
	double cells[SPARK_WIDTH] = {0};
	struct hist_bounds first, last;

	(void)context;
	if (range.first == range.end)
		return;
	for (uint32_t i = range.first; i < range.end; i++)
		cells[(i - range.first) / in_cell] += (double)counts_of(value)[i];
	first = bounds_of(type, range.first);
	last = bounds_of(type, range.end - 1);
	if (first.has_low)
		put_bound(to, first.low);
	strbuf_char(to, '[');
	spark_put(to, cells, (range.end - range.first + in_cell - 1) / in_cell, 0, utf8);
	strbuf_char(to, ']');
	if (last.has_high)
		put_bound(to, last.high);
}

static void put_newest(struct strbuf *to, const struct value_context *context,
		       const struct mf_type *type, const uint8_t *value, bool utf8)
{
	(void)context, (void)utf8;
	series_newest_text(to, type, value);
}

static void put_intervals(struct strbuf *to, const struct value_context *context,
			  const struct mf_type *type, const uint8_t *value, bool utf8)
{
	double numbers[SPARK_WIDTH], least = 0;
	uint32_t count = series_numbers(numbers, SPARK_WIDTH, type, value);

	(void)context;
	for (uint32_t i = 0; i < count; i++)
		least = numbers[i] < least ? numbers[i] : least;
	strbuf_char(to, '[');
	spark_put(to, numbers, count, least, utf8);
	strbuf_char(to, ']');
}

static const struct shape number = {2, {{"VALUE", false}, RATE}, {put_value, NULL}};
static const struct shape count = {2, {{"COUNT", false}, RATE}, {put_value, NULL}};
static const struct shape sum = {2, {{"SUM", false}, RATE}, {put_value, NULL}};
static const struct shape least = {1, {{"MIN", false}}, {put_value}};
static const struct shape greatest = {1, {{"MAX", false}}, {put_value}};
static const struct shape average = {
	3, {{"AVG", false}, {"COUNT", false}, RATE}, {put_value, put_times, NULL}};
static const struct shape stats = {4,
				   {{"COUNT", false}, RATE, {"AVG", false}, {"TOTAL", false}},
				   {put_times, NULL, put_average, put_total}};
static const struct shape hist = {
	6,
	{{"COUNT", false}, RATE, {"P50", false}, {"P90", false}, {"P99", false}, {"BUCKETS", true}},
	{put_hist_total, NULL, put_median, put_p90, put_p99, put_buckets}};
static const struct shape series = {
	2, {{"LAST", false}, {"INTERVALS", true}}, {put_newest, put_intervals}};
/* Of maps without keys, so that they stand together. */
static const struct shape single = {2, {{"VALUE", false}, RATE}, {put_value, NULL}};
static const struct shape text = {1, {{"VALUE", true}}, {put_value}};

static const struct shape *shape_of_rows(const struct mf_type *type)
{
	switch (type->kind) {
	case MF_INT:
		return &number;
	case MF_COUNT:
		return &count;
	case MF_SUM:
		return &sum;
	case MF_MIN:
		return &least;
	case MF_MAX:
		return &greatest;
	case MF_AVG:
		return &average;
	case MF_STATS:
		return &stats;
	case MF_HIST:
	case MF_LHIST:
		return &hist;
	case MF_TSERIES:
		return &series;
	default:
		return &text;
	}
}

static const struct shape *shape_of(const struct mf_type *type, bool has_key)
{
	const struct shape *shape = shape_of_rows(type);

	return !has_key && shape->count <= single.count && shape != &series ? &single : shape;
}

size_t top_columns(const struct mf_type *type, bool has_key, const struct top_column **columns)
{
	const struct shape *shape = shape_of(type, has_key);

	*columns = shape->columns;
	return shape->count;
}

static void put_rate(struct strbuf *to, double rate)
{
	char digits[32];

	if (isnan(rate)) {
		strbuf_char(to, '-');
		return;
	}
	snprintf(digits, sizeof(digits), fabs(rate) < 99.95 ? "%.1f" : "%.0f", rate);
	strbuf_text(to, digits);
}

void top_column_text(struct strbuf *to, const struct value_context *context,
		     const struct mf_map *map, const uint8_t *value, double rate, size_t column,
		     bool utf8)
{
	const struct shape *shape = shape_of(map->value, map->key != NULL);

	if (shape->write[column])
		shape->write[column](to, context, map->value, value, utf8);
	else
		put_rate(to, rate);
}
