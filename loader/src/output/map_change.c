#include "output/map_change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/memory.h"
#include "output/map_batch.h"
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

static int zero_hash(const struct session *session, const struct mf_store *store)
{
	size_t size = whole_value_size(session, store);
	uint8_t *zeros = memory_try_array(1, size);
	struct zeroing zeroing = {.fd = session_map_fd(session, store->map), .zeros = zeros};
	const struct map_walk walk = {
		.fd = zeroing.fd,
		.key_size = store->key_size,
		.value_size = size,
		.max_entries = session_map_max_entries(session, store->map),
		.element = zero_element,
		.context = &zeroing,
	};
	int error = -ENOMEM;

	if (zeros)
		error = map_walk(&walk);
	free(zeros);
	return error == -ECANCELED ? zeroing.error : error;
}

/* A slot keeps its `present` flag when it is zeroed, and loses it when it is cleared. */
static int reset_slot(const struct session *session, const struct mf_store *store, bool keep)
{
	int fd = session_map_fd(session, store->map);
	size_t stride = round_up_8(store->value_size);
	uint8_t *values = memory_try_array(session->cpus, stride);
	uint32_t zero = 0;
	int error;

	if (!values)
		return -ENOMEM;
	error = bpf_map_lookup_elem(fd, &zero, values);
	if (!error) {
		for (uint32_t cpu = 0; cpu < session->cpus; cpu++) {
			uint8_t *value = values + cpu * stride;
			uint64_t present = value_load(value + store->present, 8, false);

			memset(value, 0, stride);
			if (keep)
				memcpy(value + store->present, &present, sizeof(present));
		}
		error = bpf_map_update_elem(fd, &zero, values, BPF_ANY);
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
	for (uint32_t i = 0; i < store->entries && !error; i++)
		error = bpf_map_update_elem(fd, &i, zeros, BPF_ANY);
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

static int reset(const struct session *session, const struct mf_map *map, bool keep)
{
	int result = 0;

	for (uint32_t i = 0; i < map->store_count; i++) {
		const struct mf_store *store = &map->stores[i];
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

int map_clear(const struct session *session, const struct mf_map *map)
{
	return reset(session, map, false);
}

int map_zero(const struct session *session, const struct mf_map *map)
{
	return reset(session, map, true);
}
