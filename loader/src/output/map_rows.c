#include "output/map_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/memory.h"
#include "output/map_batch.h"
#include "output/map_change.h"
#include "output/series.h"
#include "session/generations.h"
#include "session/session.h"
#include "output/value.h"

/* Rows stand in memory as the kernel gave them, not in their order: each is asked for that many
 * rows ahead. */
#define AHEAD 8

static size_t round_up_8(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* A row's key; its value is to follow. */
static bool add_key(struct map_rows *rows, const uint8_t *key, size_t size)
{
	uint8_t *to;

	if (rows->count == rows->room) {
		size_t first = rows->map->key ? 64 : 1, room = rows->room ? rows->room * 2 : first;
		uint8_t *keys;

		/* Row numbers are 32 bits wide in the order. */
		if (room > UINT32_MAX)
			return false;
		keys = memory_try_resize(rows->keys, room, rows->key_stride);
		if (!keys)
			return false;
		rows->keys = keys;
		rows->room = room;
	}
	to = rows->keys + rows->count++ * rows->key_stride;
	memset(to, 0, rows->key_stride);
	if (size)
		memcpy(to, key, size);
	return true;
}

static bool add_row(struct map_rows *rows, const uint8_t *key, size_t key_size,
		    const uint8_t *value)
{
	return add_key(rows, key, key_size) && row_values_add(&rows->values, value);
}

static void add_u64(uint8_t *to, const uint8_t *more)
{
	uint64_t sum = value_load(to, 8, false) + value_load(more, 8, false);

	memcpy(to, &sum, sizeof(sum));
}

/* {value, set}: CPUs that saw nothing do not count. */
static void combine_extreme(uint8_t *to, const struct mf_type *type, const uint8_t *value)
{
	uint64_t best = value_load(to, 8, false), other = value_load(value, 8, false);
	bool less;

	if (!value_load(value + 8, 8, false))
		return;
	less = type->is_signed ? (int64_t)other < (int64_t)best : other < best;
	if (!value_load(to + 8, 8, false) || (other != best && less == (type->kind == MF_MIN)))
		memcpy(to, value, 16);
}

void map_value_combine(uint8_t *to, const struct mf_type *type, const uint8_t *values,
		       size_t stride, uint32_t cpus)
{
	memset(to, 0, type->size);
	for (uint32_t cpu = 0; cpu < cpus; cpu++, values += stride) {
		switch (type->kind) {
		case MF_COUNT:
		case MF_SUM:
			add_u64(to, values);
			break;
		case MF_MIN:
		case MF_MAX:
			combine_extreme(to, type, values);
			break;
		case MF_AVG:
		case MF_STATS:
			add_u64(to, values);
			add_u64(to + 8, values + 8);
			break;
		case MF_HIST:
		case MF_LHIST:
			for (uint32_t i = 0; i < type->buckets; i++)
				add_u64(to + 8 * (size_t)i, values + 8 * (size_t)i);
			break;
		case MF_TSERIES:
			series_combine(to, type, type->count, values, stride, cpus);
			return;
		default:
			/* Plain values are not kept by CPU: all are the same, or only the first is
			 * used. */
			memcpy(to, values, type->size);
			return;
		}
	}
}

struct store_reader {
	struct map_rows *rows;
	const struct mf_store *store;
	uint32_t cpus;
	/* Room for one, whose last bytes are zero. */
	uint8_t *value;
};

static bool read_element(void *context, const uint8_t *key, const uint8_t *value)
{
	const struct store_reader *reader = context;
	const struct mf_store *store = reader->store;
	const struct mf_type *type = reader->rows->map->value;

	if (store->kind == MF_STORE_PERCPU_HASH)
		map_value_combine(reader->value, type, value, round_up_8(store->value_size),
				  reader->cpus);
	else
		memcpy(reader->value, value, type->size);
	return add_row(reader->rows, key, store->key_size, reader->value);
}

static int read_hash(struct map_rows *rows, const struct session *session,
		     const struct mf_store *store, bool remove)
{
	struct store_reader reader = {
		.rows = rows,
		.store = store,
		.cpus = session->cpus,
		.value = memory_try_array(1, rows->values.size),
	};
	struct map_walk walk = {
		.fd = session_map_fd(session, store->map),
		.key_size = store->key_size,
		.value_size = store->value_size,
		.max_entries = session_map_max_entries(session, store->map),
		.remove = remove,
		.element = read_element,
		.context = &reader,
	};
	int error = -ENOMEM;

	if (store->kind == MF_STORE_PERCPU_HASH)
		walk.value_size = round_up_8(store->value_size) * session->cpus;
	if (reader.value)
		error = map_walk(&walk);
	free(reader.value);
	return error == -ECANCELED ? -ENOMEM : error;
}

static int read_slot(struct map_rows *rows, const struct session *session,
		     const struct mf_store *store)
{
	size_t stride = round_up_8(store->value_size);
	uint8_t *values = memory_try_array(session->cpus, stride);
	uint8_t *value = memory_try_array(1, rows->values.size);
	bool present = false;
	int error = -ENOMEM;

	if (values && value)
		error = bpf_map_lookup_elem(session_map_fd(session, store->map), &store->first,
					    values);
	for (uint32_t cpu = 0; !error && cpu < session->cpus; cpu++)
		present |= value_load(values + cpu * stride + store->present, 8, false) != 0;
	if (!error && present) {
		map_value_combine(value, rows->map->value, values, stride, session->cpus);
		if (!add_row(rows, NULL, 0, value))
			error = -ENOMEM;
	}
	free(values);
	free(value);
	return error;
}

/* The slots of a series, element by element of the array. */
static int read_slots(struct map_rows *rows, const struct session *session,
		      const struct mf_store *store)
{
	const struct mf_type *type = rows->map->value;
	uint32_t size = mf_slot_size(type->aggregation), in_chunk = store->value_size / size;
	size_t stride = round_up_8(store->value_size);
	uint8_t *values = memory_try_array(session->cpus, stride);
	uint8_t *value = memory_try_array(1, rows->values.size);
	int fd = session_map_fd(session, store->map), error = values && value ? 0 : -ENOMEM;
	bool any = false;

	for (uint32_t i = 0; i * in_chunk < type->count && !error; i++) {
		uint32_t rest = type->count - i * in_chunk;
		uint32_t slots = rest < in_chunk ? rest : in_chunk;
		uint32_t element;
		uint8_t *to = value + (size_t)i * in_chunk * size;

		element = store->first + i;
		error = bpf_map_lookup_elem(fd, &element, values);
		if (error)
			break;
		series_combine(to, type, slots, values, stride, session->cpus);
		for (uint32_t slot = 0; slot < slots && !any; slot++)
			any = value_load(to + (size_t)slot * size, 8, false) != 0;
	}
	free(values);
	/* Of one that nothing was ever put into there is no row. */
	if (error || !any) {
		free(value);
		return error;
	}
	/* Taken, since it may have 24 MB. */
	row_values_take(&rows->values, value, 1);
	return add_key(rows, NULL, 0) ? 0 : -ENOMEM;
}

static int read_global(struct map_rows *rows, const struct session *session,
		       const struct mf_store *store)
{
	uint8_t *value;
	bool added;

	if (!session->bss || !value_load(session->bss + store->present, 8, false))
		return 0;
	value = memory_array(1, rows->values.size);
	memcpy(value, session->bss + store->offset, rows->map->value->size);
	added = add_row(rows, NULL, 0, value);
	free(value);
	return added ? 0 : -ENOMEM;
}

static int read_store(struct map_rows *rows, const struct session *session,
		      const struct mf_store *store, bool remove)
{
	switch (store->kind) {
	case MF_STORE_HASH:
	case MF_STORE_PERCPU_HASH:
		return read_hash(rows, session, store, remove);
	case MF_STORE_PERCPU_SLOT:
		return read_slot(rows, session, store);
	case MF_STORE_PERCPU_SLOTS:
		return read_slots(rows, session, store);
	case MF_STORE_GLOBAL:
		return read_global(rows, session, store);
	}
	return -EINVAL;
}

void map_rows_of_map(struct map_rows *rows, const struct mf_map *map)
{
	map_rows_none(rows, map);
	rows->store_ends = memory_array(map->store_count + 1u, sizeof(*rows->store_ends));
	for (uint32_t i = 0; i < map->store_count; i++) {
		size_t stride = round_up_8(map->stores[i].key_size);

		rows->key_stride = stride > rows->key_stride ? stride : rows->key_stride;
	}
}

static int read_rows(struct map_rows *rows, const struct session *session, const struct mf_map *map,
		     const struct mf_store *stores, bool remove)
{
	int error = 0;

	map_rows_of_map(rows, map);
	for (uint32_t i = 0; i < map->store_count && !error; i++) {
		error = read_store(rows, session, &stores[i], remove);
		rows->store_ends[i] = rows->count;
	}
	return error;
}

int map_rows_read(struct map_rows *rows, const struct session *session, const struct mf_map *map)
{
	return read_rows(rows, session, map, generation_in_use(session, map), false);
}

static bool is_hash(const struct mf_store *store)
{
	return store->kind == MF_STORE_HASH || store->kind == MF_STORE_PERCPU_HASH;
}

int map_rows_take(struct map_rows *rows, const struct session *session, const struct mf_map *map,
		  bool keep)
{
	const struct mf_store *stores = map->stores;
	int error = map->next ? map_turn(session, map, keep, &stores) : 0;
	/* What it removes nobody else needs; of one generation, keys that stay. */
	bool remove = map->next || !keep, emptied = remove;
	int result;

	if (error) {
		map_rows_none(rows, map);
		return error;
	}
	error = read_rows(rows, session, map, stores, remove);
	for (uint32_t i = 0; i < map->store_count; i++)
		emptied = emptied && is_hash(&stores[i]);
	/* Hash maps are empty by now, but for elements that came meanwhile to the only generation
	 * and belong to the next reading. */
	if (!error && emptied) {
		generation_leave(session, map, false);
		return 0;
	}
	result = map->next ? map_empty_rest(session, map) : map_empty(session, map, stores, keep);
	return error ? error : result;
}

void map_rows_none(struct map_rows *rows, const struct mf_map *map)
{
	*rows = (struct map_rows){.map = map};
	rows->key_stride = 8;
	row_values_init(&rows->values, map->value);
}

void map_rows_zero(struct map_rows *rows)
{
	row_values_zero(&rows->values);
}

void map_rows_free(struct map_rows *rows)
{
	free(rows->keys);
	row_values_free(&rows->values);
	free(rows->store_ends);
	*rows = (struct map_rows){0};
}

int map_rows_add_zero(struct map_rows *rows)
{
	uint8_t *zero = memory_array(1, rows->values.size);
	bool added = add_row(rows, NULL, 0, zero);

	free(zero);
	return added ? 0 : -ENOMEM;
}

const uint8_t *map_rows_key(const struct map_rows *rows, size_t row)
{
	return rows->keys + row * rows->key_stride;
}

const uint8_t *map_rows_value(const struct map_rows *rows, size_t row)
{
	return row_values_get(&rows->values, row);
}

void map_rows_expect(const struct map_rows *rows, const uint32_t *order, size_t count)
{
	if (count > 2 * AHEAD)
		row_values_expect_place(&rows->values, order[2 * AHEAD]);
	if (count <= AHEAD)
		return;
	__builtin_prefetch(map_rows_key(rows, order[AHEAD]));
	row_values_expect(&rows->values, order[AHEAD]);
}

const struct mf_type *map_rows_key_type(const struct map_rows *rows, size_t row)
{
	const struct mf_map *map = rows->map;
	uint32_t store = 0;

	if (!map->key)
		return NULL;
	while (store + 1 < map->store_count && row >= rows->store_ends[store])
		store++;
	if (store < map->store_count && map->stores[store].key)
		return map->stores[store].key;
	return map->key;
}
