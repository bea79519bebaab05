#include "output/map_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/memory.h"

/* What one batch takes in memory, roughly, which is still near the processor when it is looked at;
 * and the fewest elements it has. */
#define BATCH_BYTES (1u << 18)
#define BATCH_MIN 64u

/* The kernel's own number for an operation that a map type lacks (include/linux/errno.h). */
#define ENOTSUPP 524

struct batch {
	uint32_t room;
	uint8_t *keys, *values;
};

static bool batch_grow(struct batch *batch, const struct map_walk *walk, uint32_t room)
{
	free(batch->keys);
	free(batch->values);
	batch->keys = memory_try_array(room, walk->key_size);
	batch->values = memory_try_array(room, walk->value_size);
	batch->room = room;
	return batch->keys && batch->values;
}

static bool visit(const struct map_walk *walk, const struct batch *batch, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!walk->element(walk->context, batch->keys + (size_t)i * walk->key_size,
				   batch->values + i * walk->value_size))
			return false;
	}
	return true;
}

/*
 * The kernel goes bucket by bucket and gives whole buckets (kernel/bpf/hashtab.c,
 * __htab_map_lookup_and_delete_batch): -ENOSPC means that one has more elements than the batch, and
 * -ENOENT that the last one was reached, with `count` elements of it.
 */
static int walk_batches(const struct map_walk *walk, struct batch *batch)
{
	uint64_t position = 0;
	bool first = true;

	for (;;) {
		uint64_t next = 0;
		__u32 count = batch->room;
		int error;

		if (walk->remove)
			error = bpf_map_lookup_and_delete_batch(walk->fd, first ? NULL : &position,
								&next, batch->keys, batch->values,
								&count, NULL);
		else
			error = bpf_map_lookup_batch(walk->fd, first ? NULL : &position, &next,
						     batch->keys, batch->values, &count, NULL);
		if (error == -ENOSPC && batch->room < walk->max_entries) {
			if (!batch_grow(batch, walk, batch->room * 2))
				return -ENOMEM;
			continue;
		}
		if (error && error != -ENOENT)
			return first && (error == -ENOTSUPP || error == -EOPNOTSUPP ||
					 error == -EINVAL)
				       ? -ENOTSUPP
				       : error;
		if (!visit(walk, batch, count))
			return -ECANCELED;
		if (error)
			return 0;
		position = next;
		first = false;
	}
}

/* For map types without batches: one key after the other. */
static int walk_keys(const struct map_walk *walk, struct batch *batch)
{
	uint8_t *key = batch->keys, *next = batch->keys + walk->key_size;
	const uint8_t *at = NULL;
	/* A key that is deleted meanwhile sends the walk back to the start (htab_map_get_next_key).
	 */
	uint64_t limit = 2 * (uint64_t)walk->max_entries + 1;
	int error;

	for (uint64_t i = 0; i < limit; i++) {
		error = bpf_map_get_next_key(walk->fd, at, next);
		if (error)
			return error == -ENOENT ? 0 : error;
		memcpy(key, next, walk->key_size);
		error = bpf_map_lookup_elem(walk->fd, key, batch->values);
		if (!error && !walk->element(walk->context, key, batch->values))
			return -ECANCELED;
		if (walk->remove) {
			error = bpf_map_delete_elem(walk->fd, key);
			if (error && error != -ENOENT)
				return error;
		} else {
			at = key;
		}
	}
	return 0;
}

int map_walk(const struct map_walk *walk)
{
	size_t size = walk->key_size + walk->value_size;
	uint32_t room = (uint32_t)(BATCH_BYTES / (size ? size : 1));
	struct batch batch = {0};
	int error = -ENOMEM;

	if (room > walk->max_entries)
		room = walk->max_entries;
	if (room < BATCH_MIN)
		room = BATCH_MIN;
	if (batch_grow(&batch, walk, room)) {
		error = walk_batches(walk, &batch);
		if (error == -ENOTSUPP)
			error = walk_keys(walk, &batch);
	}
	free(batch.keys);
	free(batch.values);
	return error;
}
