#include "session/probe_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* FNV-1a. */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
	return hash;
}

uint32_t probe_names_add(struct probe_names *table, const char *name)
{
	uint64_t hash = hash_of(name);

	memory_grow(table->names, table->count, table->room);
	if (!id_table_find(&table->hashes, hash))
		id_table_add(&table->hashes, hash, (void *)((uintptr_t)table->count + 1));
	table->names[table->count] = name;
	return table->count++;
}

uint32_t probe_names_index(struct probe_names *table, const char *name)
{
	uintptr_t found = (uintptr_t)id_table_find(&table->hashes, hash_of(name));

	/* Of two names with one hash the second is added each time. */
	return found && strcmp(table->names[found - 1], name) == 0 ? (uint32_t)(found - 1)
								   : probe_names_add(table, name);
}

uint64_t probe_names_pair(struct probe_names *table, const char *first, const char *second)
{
	uint64_t low = probe_names_index(table, first), high = probe_names_index(table, second);

	return high << 32 | low;
}

static void keep(void *item)
{
	(void)item;
}

void probe_names_free(struct probe_names *table)
{
	id_table_free(&table->hashes, keep);
	free(table->names);
	*table = (struct probe_names){0};
}
