#include "output/map_change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/memory.h"
#include "output/map_batch.h"
#include "session/generations.h"
#include "session/session.h"
#include "output/value.h"

static size_t round_up_8(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* Bytes of a value as user space sees it: all CPUs'. */
static size_t whole_value_size(const struct session *session, const struct mf_store *store)
{
	if (store->kind == MF_STORE_HASH)
		return store->value_size;
	return round_up_8(store->value_size) * session->cpus;
}

static bool pass(void *context, const uint8_t *key, const uint8_t *value)
{
	(void)context;
	(void)key;
	(void)value;
	return true;
}

static int clear_hash(const struct session *session, const struct mf_store *store)
{
	const struct map_walk walk = {
		.fd = session_map_fd(session, store->map),
		.key_size = store->key_size,
		.value_size = whole_value_size(session, store),
		.max_entries = session_map_max_entries(session, store->map),
		.remove = true,
		.element = pass,
	};

	return map_walk(&walk);
}

struct zeroing {
	int fd;
	/* One value of zeros. */
	const uint8_t *zeros;
	int error;
};

static bool zero_element(void *context, const uint8_t *key, const uint8_t *value)
{
	struct zeroing *zeroing = context;

	(void)value;
	zeroing->error = bpf_map_update_elem(zeroing->fd, key, zeroing->zeros, BPF_EXIST);
	/* Deleted meanwhile: so it has no value to set to zero. */
	if (zeroing->error == -ENOENT)
		zeroing->error = 0;
	return zeroing->error == 0;
}

/* Calls `element` with each element of one store, and with the other and a zeroed value. */
static int walk_with_zeros(const struct session *session, const struct mf_store *from,
			   const struct mf_store *to,
			   bool (*element)(void *context, const uint8_t *key, const uint8_t *value))
{
	size_t size = whole_value_size(session, from);
	uint8_t *zeros = memory_try_array(1, size);
	struct zeroing zeroing = {.fd = session_map_fd(session, to->map), .zeros = zeros};
	const struct map_walk walk = {
		.fd = session_map_fd(session, from->map),
		.key_size = from->key_size,
		.value_size = size,
		.max_entries = session_map_max_entries(session, from->map),
		.element = element,
		.context = &zeroing,
	};
	int error = -ENOMEM;

	if (zeros)
		error = map_walk(&walk);
	free(zeros);
	return error == -ECANCELED ? zeroing.error : error;
}

static int zero_hash(const struct session *session, const struct mf_store *store)
{
	return walk_with_zeros(session, store, store, zero_element);
}

/* A slot keeps its `present` flag when it is zeroed, and loses it when it is cleared. */
static int reset_slot(const struct session *session, const struct mf_store *store, bool keep)
{
	int fd = session_map_fd(session, store->map);
	size_t stride = round_up_8(store->value_size);
	uint8_t *values = memory_try_array(session->cpus, stride);
	int error;

	if (!values)
		return -ENOMEM;
	error = bpf_map_lookup_elem(fd, &store->first, values);
	if (!error) {
		for (uint32_t cpu = 0; cpu < session->cpus; cpu++) {
			uint8_t *value = values + cpu * stride;
			uint64_t present = value_load(value + store->present, 8, false);

			memset(value, 0, stride);
			if (keep)
				memcpy(value + store->present, &present, sizeof(present));
		}
		error = bpf_map_update_elem(fd, &store->first, values, BPF_ANY);
	}
	free(values);
	return error;
}

/* A series has no flag: one without values is as one that was never there. */
static int reset_slots(const struct session *session, const struct mf_store *store)
{
	int fd = session_map_fd(session, store->map), error = 0;
	uint8_t *zeros = memory_try_array(session->cpus, round_up_8(store->value_size));

	if (!zeros)
		return -ENOMEM;
	for (uint32_t i = 0; i < store->entries && !error; i++) {
		uint32_t element = store->first + i;

		error = bpf_map_update_elem(fd, &element, zeros, BPF_ANY);
	}
	free(zeros);
	return error;
}

static void reset_global(const struct session *session, const struct mf_map *map,
			 const struct mf_store *store, bool keep)
{
	if (!session->bss)
		return;
	if (!keep)
		memset(session->bss + store->present, 0, sizeof(uint64_t));
	memset(session->bss + store->offset, 0, map->value->size);
}

int map_empty(const struct session *session, const struct mf_map *map,
	      const struct mf_store *stores, bool keep)
{
	int result = 0;

	for (uint32_t i = 0; i < map->store_count; i++) {
		const struct mf_store *store = &stores[i];
		int error = 0;

		switch (store->kind) {
		case MF_STORE_HASH:
		case MF_STORE_PERCPU_HASH:
			error = keep ? zero_hash(session, store) : clear_hash(session, store);
			break;
		case MF_STORE_PERCPU_SLOT:
			error = reset_slot(session, store, keep);
			break;
		case MF_STORE_PERCPU_SLOTS:
			error = reset_slots(session, store);
			break;
		case MF_STORE_GLOBAL:
			reset_global(session, map, store, keep);
			break;
		}
		result = result ? result : error;
	}
	return result;
}

static bool keep_key(void *context, const uint8_t *key, const uint8_t *value)
{
	struct zeroing *zeroing = context;

	(void)value;
	zeroing->error = bpf_map_update_elem(zeroing->fd, key, zeroing->zeros, BPF_NOEXIST);
	/* Present already, or crowded out by keys that came meanwhile. */
	if (zeroing->error == -EEXIST || zeroing->error == -E2BIG)
		zeroing->error = 0;
	return zeroing->error == 0;
}

static int keep_keys(const struct session *session, const struct mf_store *from,
		     const struct mf_store *to)
{
	return walk_with_zeros(session, from, to, keep_key);
}

/* The slot's flag goes to the generation that nobody uses yet. */
static int keep_presence(const struct session *session, const struct mf_store *from,
			 const struct mf_store *to)
{
	int fd = session_map_fd(session, from->map), error;
	size_t stride = round_up_8(from->value_size);
	uint8_t *values = memory_try_array(session->cpus, stride);

	if (!values)
		return -ENOMEM;
	error = bpf_map_lookup_elem(fd, &from->first, values);
	for (uint32_t cpu = 0; cpu < session->cpus && !error; cpu++) {
		uint8_t *value = values + cpu * stride;
		uint64_t present = value_load(value + from->present, 8, false);

		memset(value, 0, stride);
		memcpy(value + to->present, &present, sizeof(present));
	}
	if (!error)
		error = bpf_map_update_elem(session_map_fd(session, to->map), &to->first, values,
					    BPF_ANY);
	free(values);
	return error;
}

/* What is there stays there, as zero. `used`: programs are in `to` already. */
static int keep_elements(const struct session *session, const struct mf_map *map,
			 const struct mf_store *from, const struct mf_store *to, bool used)
{
	int result = 0, error;

	for (uint32_t i = 0; i < map->store_count; i++) {
		error = 0;
		if (from[i].kind == MF_STORE_HASH || from[i].kind == MF_STORE_PERCPU_HASH)
			error = keep_keys(session, &from[i], &to[i]);
		else if (from[i].kind == MF_STORE_PERCPU_SLOT && !used)
			error = keep_presence(session, &from[i], &to[i]);
		else if (from[i].kind == MF_STORE_GLOBAL && session->bss &&
			 value_load(session->bss + from[i].present, 8, false))
			session->bss[to[i].present] = 1;
		result = result ? result : error;
	}
	return result;
}

int map_empty_rest(const struct session *session, const struct mf_map *map)
{
	int error = map_empty(session, map, generation_at_rest(session, map), false);

	if (!error)
		generation_leave(session, map, false);
	return error;
}

/* Sends programs to the other generation, with elements of the present one as zeros to `keep`. */
static int turn(const struct session *session, const struct mf_map *map, bool keep)
{
	int error = 0;

	if (generation_is_left(session, map)) {
		error = generation_settle(session, map);
		if (!error)
			error = map_empty_rest(session, map);
	}
	if (!error)
		generation_leave(session, map, true);
	/* Before, so that no program misses its key. */
	if (!error && keep)
		error = keep_elements(session, map, generation_in_use(session, map),
				      generation_at_rest(session, map), false);
	return error ? error : generation_turn(session, map);
}

int map_turn(const struct session *session, const struct mf_map *map, bool keep,
	     const struct mf_store **old)
{
	int error = turn(session, map, keep);

	if (!error)
		error = generation_settle(session, map);
	*old = generation_at_rest(session, map);
	/* Keys that came meanwhile. */
	if (!error && keep)
		error = keep_elements(session, map, *old, generation_in_use(session, map), true);
	return error;
}

int map_clear(const struct session *session, const struct mf_map *map)
{
	/* Nobody reads what is left, so nobody waits until it is there for good. */
	return map->next ? turn(session, map, false) : map_empty(session, map, map->stores, false);
}

int map_zero(const struct session *session, const struct mf_map *map)
{
	const struct mf_store *old;
	int error;

	if (!map->next)
		return map_empty(session, map, map->stores, true);
	error = map_turn(session, map, true, &old);
	return error ? error : map_empty_rest(session, map);
}
