#include "output/row_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "output/hist.h"

#define WORD sizeof(uint64_t)

/* A histogram with its zeros; what stands in `range` is no zero. */
struct whole_histogram {
	struct hist_range range;
	uint64_t counts[];
};

_Static_assert(sizeof(struct hist_range) == WORD, "a range takes one word of what is kept");

void row_values_init(struct row_values *values, const struct mf_type *type)
{
	size_t size = type->size ? type->size : 1;

	*values = (struct row_values){
		.size = (size + WORD - 1) / WORD * WORD,
		.are_histograms = type->kind == MF_HIST || type->kind == MF_LHIST,
	};
}

void row_values_free(struct row_values *values)
{
	free(values->whole);
	free(values->places);
	free(values->kept);
	free(values->shown);
	*values = (struct row_values){0};
}

static bool grow_whole(struct row_values *values)
{
	/* A scalar is one row; a series can have 24 MB. */
	size_t room = values->room ? values->room * 2 : 1;
	uint8_t *moved = memory_try_resize(values->whole, room, values->size);

	if (!moved)
		return false;
	values->whole = moved;
	values->room = room;
	return true;
}

static bool grow_places(struct row_values *values)
{
	size_t room = values->room ? values->room * 2 : 64;
	uint32_t *moved = memory_try_resize(values->places, room, sizeof(*moved));

	if (!moved)
		return false;
	values->places = moved;
	values->room = room;
	if (!values->shown)
		values->shown = memory_try_array(1, sizeof(*values->shown) + values->size);
	return values->shown != NULL;
}

static bool grow_kept(struct row_values *values, size_t more)
{
	size_t room = values->kept_room ? values->kept_room : 64;
	uint64_t *moved;

	while (room - values->kept_used < more)
		room *= 2;
	/* Places are 32 bits wide. */
	if (room > UINT32_MAX)
		return false;
	moved = memory_try_resize(values->kept, room, sizeof(*moved));
	if (!moved)
		return false;
	values->kept = moved;
	values->kept_room = room;
	return true;
}

static bool add_histogram(struct row_values *values, const uint64_t *counts)
{
	struct hist_range range = hist_range(counts, (uint32_t)(values->size / WORD));
	size_t length = range.end - range.first;
	uint64_t *to;

	if (values->count == values->room && !grow_places(values))
		return false;
	if (values->kept_room - values->kept_used < length + 1 && !grow_kept(values, length + 1))
		return false;
	to = values->kept + values->kept_used;
	memcpy(to, &range, sizeof(range));
	memcpy(to + 1, counts + range.first, length * WORD);
	values->places[values->count++] = (uint32_t)values->kept_used;
	values->kept_used += length + 1;
	return true;
}

bool row_values_add(struct row_values *values, const uint8_t *value)
{
	/* Histograms stand aligned. */
	if (values->are_histograms)
		return add_histogram(values, (const uint64_t *)(const void *)value);
	if (values->count == values->room && !grow_whole(values))
		return false;
	memcpy(values->whole + values->count++ * values->size, value, values->size);
	return true;
}

bool row_values_take(struct row_values *values, uint8_t *whole, size_t count)
{
	bool all = true;

	if (!values->are_histograms && !values->count) {
		free(values->whole);
		values->whole = whole;
		values->count = values->room = count;
		return true;
	}
	for (size_t i = 0; i < count && all; i++)
		all = row_values_add(values, whole + i * values->size);
	free(whole);
	return all;
}

/* What is kept of a histogram: the counts of a range. */
static const uint64_t *kept_of(const struct row_values *values, size_t row,
			       struct hist_range *range)
{
	const uint64_t *kept = values->kept + values->places[row];

	memcpy(range, kept, sizeof(*range));
	return kept + 1;
}

void row_values_expect_place(const struct row_values *values, size_t row)
{
	if (values->are_histograms)
		__builtin_prefetch(&values->places[row]);
}

void row_values_expect(const struct row_values *values, size_t row)
{
	if (values->are_histograms)
		__builtin_prefetch(values->kept + values->places[row]);
	else
		__builtin_prefetch(values->whole + row * values->size);
}

const uint8_t *row_values_get(const struct row_values *values, size_t row)
{
	struct whole_histogram *shown = values->shown;
	const uint64_t *kept;

	if (!values->are_histograms)
		return values->whole + row * values->size;
	memset(shown->counts + shown->range.first, 0,
	       (shown->range.end - shown->range.first) * WORD);
	kept = kept_of(values, row, &shown->range);
	memcpy(shown->counts + shown->range.first, kept,
	       (shown->range.end - shown->range.first) * WORD);
	return (const uint8_t *)shown->counts;
}

uint64_t row_values_total(const struct row_values *values, size_t row)
{
	struct hist_range range;
	const uint64_t *kept = kept_of(values, row, &range);

	return hist_total(kept, range.end - range.first);
}

void row_values_zero(struct row_values *values)
{
	if (!values->are_histograms && values->count)
		memset(values->whole, 0, values->count * values->size);
	/* An empty range. */
	for (size_t row = 0; values->are_histograms && row < values->count; row++)
		values->kept[values->places[row]] = 0;
}
