/* Executable mappings of a process, from /proc/PID/maps. */
#ifndef BPFLOAD_PROC_MAPS_H
#define BPFLOAD_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proc_mapping {
	uint64_t start, end;
	/* Offset in the file. */
	uint64_t offset;
	uint32_t device_major, device_minor;
	uint64_t inode;
	/* Among the paths; empty for anonymous memory, "[vdso]" and the like for the
	 * kernel's own. */
	const char *path;
	/* The file was deleted since. */
	bool deleted;
	/* The kernel told of it when it was made, and the process may have gone: when that was, ns
	 * of the epoch; 0: it was read in /proc. */
	uint64_t told_at;
};

struct proc_maps {
	/* By address. */
	struct proc_mapping *mappings;
	size_t count;
	/* The paths, each once. */
	char *text;
};

/* Reads the executable mappings from a file in the format of /proc/PID/maps: the first 65,536 of
 * them, and 4 MiB of paths. False: it cannot be read. */
bool proc_maps_read(struct proc_maps *maps, const char *path);
void proc_maps_free(struct proc_maps *maps);

/* The mapping that holds an address, or NULL. */
const struct proc_mapping *proc_maps_find(const struct proc_maps *maps, uint64_t address);

/* The first of mappings, which stand by address, that ends behind one; `count`: none does. */
size_t proc_mappings_behind(const struct proc_mapping *mappings, size_t count, uint64_t address);

/* Opens the regular file behind a mapping of a process, for reading; -1: it cannot be opened, or
 * another file is at its path by now. The process has to live, unless its mapping was told. */
int proc_mapping_open(uint32_t pid, const struct proc_mapping *mapping);

#endif
