/* The order of rows: by value where values are numbers, otherwise by key; equal values by key. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "output/hist.h"
#include "output/map_rows.h"
#include "output/value.h"

struct ranked {
	uint64_t rank;
	uint32_t row;
};

/* Numbers so that unsigned comparison gives the order of signed ones. */
static uint64_t signed_rank(uint64_t value)
{
	return value ^ (uint64_t)1 << 63;
}

bool map_value_rank(const struct mf_type *type, const uint8_t *value, uint64_t *rank)
{
	switch (type->kind) {
	case MF_INT:
	case MF_COUNT:
	case MF_SUM:
		*rank = value_number(type, value);
		break;
	case MF_MIN:
	case MF_MAX:
		/* As unsigned numbers, whatever their sign. */
		*rank = value_load(value, 8, false);
		return true;
	case MF_AVG:
	case MF_STATS:
		*rank = value_average(type, value);
		break;
	case MF_HIST:
	case MF_LHIST:
		/* Values of rows stand aligned. */
		*rank = hist_total((const uint64_t *)(const void *)value, type->buckets);
		return true;
	default:
		return false;
	}
	if (value_is_signed(type))
		*rank = signed_rank(*rank);
	return true;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/*
 * Ints are compared as signed numbers of their width, unsigned ones too; strings over all their
 * bytes; tuples by their ints and strings. What is left is the same for this order.
 */
static int compare_keys(const struct mf_type *left_type, const uint8_t *left,
			const struct mf_type *right_type, const uint8_t *right)
{
	uint32_t count;
	int order;

	if (left_type->kind != right_type->kind)
		return 0;
	switch (left_type->kind) {
	case MF_INT:
		return compare_numbers(signed_rank(value_load(left, left_type->size, true)),
				       signed_rank(value_load(right, right_type->size, true)));
	case MF_STRING:
		count = left_type->capacity < right_type->capacity ? left_type->capacity
								   : right_type->capacity;
		order = memcmp(left, right, count);
		return order ? order
			     : compare_numbers(strnlen((const char *)left, left_type->capacity),
					       strnlen((const char *)right, right_type->capacity));
	case MF_TUPLE:
		count = left_type->field_count < right_type->field_count ? left_type->field_count
									 : right_type->field_count;
		for (uint32_t i = 0; i < count; i++) {
			const struct mf_field *a = &left_type->fields[i];
			const struct mf_field *b = &right_type->fields[i];

			order = compare_keys(a->type, left + a->offset, b->type, right + b->offset);
			if (order)
				return order;
		}
		return 0;
	default:
		return 0;
	}
}

int map_rows_compare_keys(const struct map_rows *rows, size_t a, size_t b)
{
	int order = 0;

	if (rows->map->key)
		order = compare_keys(map_rows_key_type(rows, a), map_rows_key(rows, a),
				     map_rows_key_type(rows, b), map_rows_key(rows, b));
	/* Any order will do for the rest, but the same one each time. */
	if (!order)
		order = memcmp(map_rows_key(rows, a), map_rows_key(rows, b), rows->key_stride);
	return order ? order : compare_numbers(a, b);
}

static int compare_rows(const void *left, const void *right, void *context)
{
	const struct ranked *a = left, *b = right;
	int order = compare_numbers(a->rank, b->rank);

	return order ? order : map_rows_compare_keys(context, a->row, b->row);
}

void map_rows_sort(const struct map_rows *rows, uint32_t *order)
{
	struct ranked *ranked = memory_array(rows->count, sizeof(*ranked));

	for (size_t i = 0; i < rows->count; i++) {
		ranked[i].row = (uint32_t)i;
		if (!map_value_rank(rows->map->value, map_rows_value(rows, i), &ranked[i].rank))
			ranked[i].rank = 0;
	}
	qsort_r(ranked, rows->count, sizeof(*ranked), compare_rows, (void *)rows);
	for (size_t i = 0; i < rows->count; i++)
		order[i] = ranked[i].row;
	free(ranked);
}
