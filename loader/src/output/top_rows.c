#include "output/top_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "output/hist.h"
#include "output/value.h"

#define NO_ROW UINT32_MAX
/* Keys are strangers': if so many of them meet, those that follow have no rate. */
#define MOST_STEPS 64
#define MIX 0x9e3779b97f4a7c15u

bool top_has_rate(const struct mf_type *type)
{
	switch (type->kind) {
	case MF_INT:
	case MF_COUNT:
	case MF_SUM:
	case MF_AVG:
	case MF_STATS:
	case MF_HIST:
	case MF_LHIST:
		return true;
	default:
		return false;
	}
}

static uint64_t number_of(const struct mf_type *type, const uint8_t *value)
{
	switch (type->kind) {
	case MF_INT:
	case MF_COUNT:
	case MF_SUM:
		return value_number(type, value);
	case MF_AVG:
	case MF_STATS:
		return value_load(value + 8, 8, false);
	case MF_HIST:
	case MF_LHIST:
		/* Values of rows stand aligned. */
		return hist_total((const uint64_t *)(const void *)value, type->buckets);
	default:
		return 0;
	}
}

/* Numbers of these go down when the script says so, others when they begin anew. */
static bool may_fall(const struct mf_type *type)
{
	return type->kind == MF_INT || (type->kind == MF_SUM && type->is_signed);
}

/* The rows of a reading by their keys: open addressing. */
struct index {
	const struct map_rows *rows;
	uint32_t *slots;
	size_t mask;
	uint64_t seed;
};

static uint64_t hash_key(const struct index *index, const uint8_t *key, size_t size, uint32_t store)
{
	uint64_t hash = index->seed ^ store, word;

	for (size_t i = 0; i < size; i += sizeof(word)) {
		memcpy(&word, key + i, sizeof(word));
		hash = (hash ^ word) * MIX;
		hash ^= hash >> 32;
	}
	/* What only upper bits of the last word tell apart is not yet in all lower ones. */
	hash *= MIX;
	return hash ^ hash >> 32;
}

/* The store that a row is of; rows of one follow on another. */
static uint32_t store_of(const struct map_rows *rows, size_t row)
{
	uint32_t store = 0;

	while (store + 1u < rows->map->store_count && row >= rows->store_ends[store])
		store++;
	return store;
}

static void make_index(struct index *index, const struct map_rows *rows, uint64_t seed)
{
	size_t size = 16;

	while (size < 2 * rows->count)
		size *= 2;
	*index = (struct index){.rows = rows, .mask = size - 1, .seed = seed};
	index->slots = memory_array(size, sizeof(*index->slots));
	memset(index->slots, 0xff, size * sizeof(*index->slots));
	for (size_t row = 0; row < rows->count; row++) {
		uint64_t hash = hash_key(index, map_rows_key(rows, row), rows->key_stride,
					 store_of(rows, row));

		for (uint32_t i = 0; i < MOST_STEPS; i++)
			if (index->slots[(hash + i) & index->mask] == NO_ROW) {
				index->slots[(hash + i) & index->mask] = (uint32_t)row;
				break;
			}
	}
}

enum found { FOUND, FOUND_NONE, FOUND_UNKNOWN };

/* The row of a key in the reading before. */
static enum found find(const struct index *index, const uint8_t *key, uint32_t store, uint32_t *row)
{
	const struct map_rows *rows = index->rows;
	uint64_t hash = hash_key(index, key, rows->key_stride, store);

	for (uint32_t i = 0; i < MOST_STEPS; i++) {
		*row = index->slots[(hash + i) & index->mask];
		if (*row == NO_ROW)
			return FOUND_NONE;
		if (store_of(rows, *row) == store &&
		    memcmp(map_rows_key(rows, *row), key, rows->key_stride) == 0)
			return FOUND;
	}
	return FOUND_UNKNOWN;
}

static double rate(const struct mf_type *type, enum found found, uint64_t before, uint64_t now,
		   double seconds)
{
	if (found == FOUND_UNKNOWN)
		return NAN;
	/* A number that is new was not zero before. */
	if (found == FOUND_NONE && type->kind == MF_INT)
		return NAN;
	if (found == FOUND_NONE)
		return (value_is_signed(type) ? (double)(int64_t)now : (double)now) / seconds;
	if (may_fall(type))
		return (double)(int64_t)(now - before) / seconds;
	return now < before ? NAN : (double)(now - before) / seconds;
}

static void find_rates(struct top_rows *top, const struct top_rows *before, uint64_t seed)
{
	const struct mf_type *type = top->rows.map->value;
	double seconds = (double)(top->read_at - before->read_at) / 1e9;
	struct index index;

	make_index(&index, &before->rows, seed);
	for (size_t row = 0; row < top->rows.count; row++) {
		uint32_t old;
		enum found found = find(&index, map_rows_key(&top->rows, row),
					store_of(&top->rows, row), &old);

		top->rates[row] = rate(type, found, found == FOUND ? before->numbers[old] : 0,
				       top->numbers[row], seconds);
	}
	free(index.slots);
}

void top_rows_read(struct top_rows *top, const struct session *session, const struct mf_map *map,
		   uint64_t now, bool emptied, uint64_t seed)
{
	struct top_rows before = *top;
	bool has_before = before.read_at && !before.error && now > before.read_at;

	/* Only its keys and numbers are compared. */
	row_values_free(&before.rows.values);
	*top = (struct top_rows){.read_at = now};
	top->error = map_rows_read(&top->rows, session, map);
	if (top->error) {
		map_rows_free(&top->rows);
		map_rows_none(&top->rows, map);
	}
	top->numbers = memory_array(top->rows.count + 1, sizeof(*top->numbers));
	top->rates = memory_array(top->rows.count + 1, sizeof(*top->rates));
	for (size_t row = 0; row < top->rows.count; row++) {
		top->numbers[row] = number_of(map->value, map_rows_value(&top->rows, row));
		top->rates[row] = NAN;
	}
	if (has_before && !emptied && !top->error && top_has_rate(map->value))
		find_rates(top, &before, seed);
	top_rows_free(&before);
}

struct ranked {
	uint64_t rank;
	uint32_t row;
};

static uint64_t signed_rank(int64_t number)
{
	return (uint64_t)number ^ (uint64_t)1 << 63;
}

/* Doubles so that unsigned comparison gives their order (IEEE 754, 5.10); what is none comes last.
 */
static uint64_t double_rank(double number)
{
	uint64_t bits;

	if (isnan(number))
		return 0;
	memcpy(&bits, &number, sizeof(bits));
	return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static uint64_t rank_of(const struct top_rows *top, enum top_order order, size_t row)
{
	const struct mf_type *type = top->rows.map->value;
	const uint8_t *value;
	uint64_t rank = 0;

	if (order == TOP_BY_RATE)
		return double_rank(top->rates[row]);
	if (order == TOP_BY_KEY)
		return 0;
	value = map_rows_value(&top->rows, row);
	if (type->kind == MF_MIN || type->kind == MF_MAX)
		return type->is_signed ? signed_rank((int64_t)value_number(type, value))
				       : value_number(type, value);
	if (map_rows_rank(&top->rows, row, &rank))
		return rank;
	return value_is_number(type) ? value_number(type, value) : 0;
}

struct choice {
	const struct map_rows *rows;
	bool reversed;
};

/* Whether a row comes before another one. */
static bool comes_before(const struct choice *choice, const struct ranked *a,
			 const struct ranked *b)
{
	bool before;

	if (a->rank != b->rank)
		before = a->rank > b->rank;
	else
		before = map_rows_compare_keys(choice->rows, a->row, b->row) < 0;
	return before != choice->reversed;
}

size_t top_rows_choose(const struct top_rows *top, enum top_order order, bool reversed,
		       uint32_t *chosen, size_t most)
{
	const struct choice choice = {&top->rows, reversed};
	struct ranked *list = memory_array(most + 1, sizeof(*list));
	size_t count = 0;

	for (size_t row = 0; row < top->rows.count && most; row++) {
		struct ranked ranked = {rank_of(top, order, row), (uint32_t)row};
		size_t low = 0, high = count;

		if (count == most && !comes_before(&choice, &ranked, &list[count - 1]))
			continue;
		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (comes_before(&choice, &ranked, &list[middle]))
				high = middle;
			else
				low = middle + 1;
		}
		memmove(&list[low + 1], &list[low], (count - low) * sizeof(*list));
		list[low] = ranked;
		count += count < most;
	}
	for (size_t i = 0; i < count; i++)
		chosen[i] = list[i].row;
	free(list);
	return count;
}

void top_rows_free(struct top_rows *top)
{
	map_rows_free(&top->rows);
	free(top->numbers);
	free(top->rates);
	*top = (struct top_rows){0};
}
