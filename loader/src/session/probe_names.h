/* The table of names that attach cookies and the built-in `probe` stand for. */
#ifndef BPFLOAD_PROBE_NAMES_H
#define BPFLOAD_PROBE_NAMES_H

#include <stdint.h>

#include "base/id_table.h"

struct probe_names {
	const char **names;
	uint32_t count, room;
	/* Hash of a name => 1 + the index of the first name with that hash. */
	struct id_table hashes;
};

/* Adds a name (not copied), whether or not it is there; the result is its index. */
uint32_t probe_names_add(struct probe_names *table, const char *name);

/* The index of a name, which is added if it is not there: so equal names are one value. */
uint32_t probe_names_index(struct probe_names *table, const char *name);

/* A cookie of two names: the index of `first` and, shifted by 32 bits, that of `second`. */
uint64_t probe_names_pair(struct probe_names *table, const char *first, const char *second);

void probe_names_free(struct probe_names *table);

#endif
