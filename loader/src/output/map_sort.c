/* The order of rows: by value where values are numbers, otherwise by key; equal values by key. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "output/map_rows.h"
#include "output/value.h"

struct ranked {
	/* By value, and by a part of the key. */
	uint64_t rank, part;
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

/* Of longer keys what follows is compared. */
#define MOST_PARTS 8
/* Fewer rows are compared one with the other. */
#define FEW_ROWS 32

/* An int of a key, or up to eight bytes of a text. */
struct key_part {
	uint32_t offset, size;
	bool is_text;
};

struct key_parts {
	struct key_part parts[MOST_PARTS];
	uint32_t count;
	/* There are more. */
	bool is_full;
};

struct sorting {
	const struct map_rows *rows;
	/* Of each store. */
	struct key_parts *stores;
	/* So many do for keys of all stores. */
	uint32_t part_count;
	/* Place for all rows. */
	struct ranked *room;
};

static void add_part(struct key_parts *to, uint32_t offset, uint32_t size, bool is_text)
{
	to->is_full = to->count == MOST_PARTS;
	if (!to->is_full)
		to->parts[to->count++] = (struct key_part){offset, size, is_text};
}

/* In the order in which compare_keys has them. */
static void add_parts(struct key_parts *to, const struct mf_type *type, uint32_t offset)
{
	if (type->kind == MF_INT)
		add_part(to, offset, type->size, false);
	for (uint32_t i = 0; type->kind == MF_STRING && i < type->capacity && !to->is_full; i += 8)
		add_part(to, offset + i, type->capacity - i < 8 ? type->capacity - i : 8, true);
	for (uint32_t i = 0; type->kind == MF_TUPLE && i < type->field_count && !to->is_full; i++)
		add_parts(to, type->fields[i].type, offset + type->fields[i].offset);
}

/* Texts of several stores have several sizes: of such keys the ints before the first text count. */
static uint32_t common_parts(const struct key_parts *stores, uint32_t store_count)
{
	uint32_t common = store_count ? stores[0].count : 0;

	for (uint32_t i = 0; i < store_count && store_count > 1; i++) {
		uint32_t ints = 0;

		while (ints < stores[i].count && !stores[i].parts[ints].is_text)
			ints++;
		common = ints < common ? ints : common;
	}
	return common;
}

static void find_parts(struct sorting *sorting)
{
	const struct mf_map *map = sorting->rows->map;

	sorting->stores = memory_array(map->store_count, sizeof(*sorting->stores));
	for (uint32_t i = 0; i < map->store_count && map->key; i++)
		add_parts(&sorting->stores[i], map->stores[i].key ? map->stores[i].key : map->key,
			  0);
	sorting->part_count = common_parts(sorting->stores, map->store_count);
}

static uint64_t part_number(const struct key_part *part, const uint8_t *key)
{
	uint64_t word = 0;

	if (!part->is_text)
		return signed_rank(value_load(key + part->offset, part->size, true));
	memcpy(&word, key + part->offset, part->size);
	return be64toh(word);
}

/* Gives rows the numbers that a part of their keys has. */
static void take_part(const struct sorting *sorting, struct ranked *list, size_t count,
		      uint32_t part)
{
	const struct map_rows *rows = sorting->rows;

	for (size_t i = 0; i < count; i++) {
		uint32_t store = 0;

		while (store + 1 < rows->map->store_count && list[i].row >= rows->store_ends[store])
			store++;
		list[i].part = part_number(&sorting->stores[store].parts[part],
					   map_rows_key(rows, list[i].row));
	}
}

static size_t byte_of(const struct ranked *item, unsigned byte)
{
	return (byte < 8 ? item->part >> 8 * byte : item->rank >> 8 * (byte - 8)) & 255;
}

/* Stable. */
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
 * each costs less than a comparison of two rows far apart.
 */
static void sort_by_numbers(struct ranked *list, struct ranked *room, size_t count)
{
	struct ranked differ = {0}, *from = list, *to = room;

	for (size_t i = 1; i < count; i++) {
		differ.part |= list[i].part ^ list[0].part;
		differ.rank |= list[i].rank ^ list[0].rank;
	}
	for (unsigned byte = 0; byte < 16; byte++) {
		struct ranked *sorted = to;

		if (!byte_of(&differ, byte))
			continue;
		sort_by_byte(from, sorted, count, byte);
		to = from;
		from = sorted;
	}
	if (from != list)
		memcpy(list, from, count * sizeof(*list));
}

static int compare_rows(const void *left, const void *right, void *context)
{
	const struct ranked *a = left, *b = right;

	return map_rows_compare_keys(context, a->row, b->row);
}

static void sort_alike(const struct sorting *sorting, struct ranked *list, size_t count,
		       uint32_t part);

/* By value and a part of the key; what has the same of both goes by the next part. */
static void sort_from(const struct sorting *sorting, struct ranked *list, size_t count,
		      uint32_t part)
{
	if (part < sorting->part_count)
		take_part(sorting, list, count, part);
	sort_by_numbers(list, sorting->room, count);
	for (size_t start = 0, end; start < count; start = end) {
		for (end = start + 1; end < count && list[end].rank == list[start].rank &&
				      list[end].part == list[start].part;)
			end++;
		sort_alike(sorting, &list[start], end - start, part + 1);
	}
}

static void sort_alike(const struct sorting *sorting, struct ranked *list, size_t count,
		       uint32_t part)
{
	if (count >= FEW_ROWS && part < sorting->part_count)
		sort_from(sorting, list, count, part);
	else if (count > 1)
		qsort_r(list, count, sizeof(*list), compare_rows, (void *)sorting->rows);
}

void map_rows_sort(const struct map_rows *rows, uint32_t *order)
{
	struct ranked *list = memory_array(rows->count, sizeof(*list));
	struct sorting sorting = {.rows = rows,
				  .room = memory_array(rows->count, sizeof(*sorting.room))};

	for (size_t i = 0; i < rows->count; i++) {
		list[i].row = (uint32_t)i;
		map_rows_rank(rows, i, &list[i].rank);
	}
	find_parts(&sorting);
	sort_from(&sorting, list, rows->count, 0);
	for (size_t i = 0; i < rows->count; i++)
		order[i] = list[i].row;
	free(list);
	free(sorting.stores);
	free(sorting.room);
}
