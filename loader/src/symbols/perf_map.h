/*
 * Symbols that a just-in-time compiler writes to /tmp/perf-PID.map, a line for each function:
 * START SIZE NAME, the numbers in hexadecimal.
 */
#ifndef BPFLOAD_PERF_MAP_H
#define BPFLOAD_PERF_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binary/budget.h"

struct perf_map_entry {
	uint64_t address, size;
	const char *name;
};

struct perf_map {
	/* By address; where functions overlap, the one that was written later wins. */
	struct perf_map_entry *entries;
	size_t count, room;
	char *text;
	size_t text_size;
	struct budget budget;
	/* The user of the process, as far as it is known. */
	uint32_t uid;
	/* Of the file that was read last, to see whether it has grown. */
	uint64_t file_size;
};

/*
 * Reads the map of a process again if it has changed, and is a file of its user or of root. `pid`
 * is the process's id here; the name of the file has the id of its own namespace. True when there
 * is something new.
 */
bool perf_map_refresh(struct perf_map *map, uint32_t pid);
/* The same from one file, which has to be ours. */
bool perf_map_read(struct perf_map *map, const char *path);
void perf_map_free(struct perf_map *map);

const struct perf_map_entry *perf_map_find(const struct perf_map *map, uint64_t address);

#endif
