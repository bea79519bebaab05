/* The order of rows: by value where values are numbers, otherwise by key; equal values by key. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "output/map_rows.h"
#include "output/value.h"

struct ranked {
	/* By value, and by the first part of the key. */
	uint64_t rank, first;
	uint32_t row;
};

/* Numbers so that unsigned comparison gives the order of signed ones. */
static uint64_t signed_rank(uint64_t value)
{
	return value ^ (uint64_t)1 << 63;
}

bool map_rows_rank(const struct map_rows *rows, size_t row, uint64_t *rank)
{
	const struct mf_type *type = rows->map->value;
	const uint8_t *value;

	if (rows->values.are_histograms) {
		*rank = row_values_total(&rows->values, row);
		return true;
	}
	value = map_rows_value(rows, row);
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

/* The number that keys of a type are compared by first, if there is one, and where it stands. */
static const struct mf_type *first_int(const struct mf_type *type, uint32_t *offset)
{
	*offset = 0;
	while (type && type->kind == MF_TUPLE && type->field_count) {
		*offset += type->fields[0].offset;
		type = type->fields[0].type;
	}
	return type && type->kind == MF_INT ? type : NULL;
}

static uint64_t first_rank(const struct map_rows *rows, size_t row)
{
	uint32_t offset;
	const struct mf_type *type = first_int(map_rows_key_type(rows, row), &offset);

	return signed_rank(value_load(map_rows_key(rows, row) + offset, type->size, true));
}

/* Whether keys of all stores begin with a number. */
static bool has_first(const struct mf_map *map)
{
	uint32_t offset;

	for (uint32_t i = 0; i < map->store_count; i++)
		if (!first_int(map->stores[i].key ? map->stores[i].key : map->key, &offset))
			return false;
	return map->key != NULL;
}

static size_t byte_of(const struct ranked *item, unsigned byte)
{
	return (byte < 8 ? item->first >> 8 * byte : item->rank >> 8 * (byte - 8)) & 255;
}

/* Stable; `room` has place for as many. */
static void sort_by_byte(const struct ranked *list, struct ranked *room, size_t count,
			 unsigned byte)
{
	size_t places[256] = {0}, place = 0;

	for (size_t i = 0; i < count; i++)
		places[byte_of(&list[i], byte)]++;
	for (size_t i = 0; i < 256; i++) {
		size_t next = place + places[i];

		places[i] = place;
		place = next;
	}
	for (size_t i = 0; i < count; i++)
		room[places[byte_of(&list[i], byte)]++] = list[i];
}

/*
 * By both numbers, byte by byte from the lowest on: of thousands of rows a few bytes differ, and
 * each costs less than a comparison of two rows far apart. What list and room are is swapped then.
 */
static void sort_by_numbers(struct ranked **list, struct ranked **room, size_t count)
{
	struct ranked differ = {0};

	for (size_t i = 1; i < count; i++) {
		differ.first |= (*list)[i].first ^ (*list)[0].first;
		differ.rank |= (*list)[i].rank ^ (*list)[0].rank;
	}
	for (unsigned byte = 0; byte < 16; byte++) {
		struct ranked *sorted = *room;

		if (!byte_of(&differ, byte))
			continue;
		sort_by_byte(*list, sorted, count, byte);
		*room = *list;
		*list = sorted;
	}
}

static int compare_rows(const void *left, const void *right, void *context)
{
	const struct ranked *a = left, *b = right;

	return map_rows_compare_keys(context, a->row, b->row);
}

/* What has the same numbers stands together, and goes by the rest of the key. */
static void sort_alike(struct ranked *list, size_t count, const struct map_rows *rows)
{
	for (size_t start = 0, end; start < count; start = end) {
		for (end = start + 1; end < count && list[end].rank == list[start].rank &&
				      list[end].first == list[start].first;)
			end++;
		if (end - start > 1)
			qsort_r(&list[start], end - start, sizeof(*list), compare_rows,
				(void *)rows);
	}
}

void map_rows_sort(const struct map_rows *rows, uint32_t *order)
{
	struct ranked *list = memory_array(rows->count, sizeof(*list));
	struct ranked *room = memory_array(rows->count, sizeof(*room));
	bool are_first = has_first(rows->map);

	for (size_t i = 0; i < rows->count; i++) {
		list[i].row = (uint32_t)i;
		map_rows_rank(rows, i, &list[i].rank);
		if (are_first)
			list[i].first = first_rank(rows, i);
	}
	sort_by_numbers(&list, &room, rows->count);
	sort_alike(list, rows->count, rows);
	for (size_t i = 0; i < rows->count; i++)
		order[i] = list[i].row;
	free(list);
	free(room);
}
