/* Walking a kernel hash map, many elements a system call. */
#ifndef BPFLOAD_MAP_BATCH_H
#define BPFLOAD_MAP_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_walk {
	int fd;
	uint32_t key_size;
	/* Of all CPUs' values together. */
	size_t value_size;
	uint32_t max_entries;
	/* Delete the elements on the way. */
	bool remove;
	/* Called with each element; false ends the walk. */
	bool (*element)(void *context, const uint8_t *key, const uint8_t *value);
	void *context;
};

/*
 * Visits every element that stays in the map during the walk; others may be visited or not. 0, or a
 * negative error number; -ECANCELED when `element` ended it.
 */
int map_walk(const struct map_walk *walk);

#endif
