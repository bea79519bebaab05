#include "base/id_table.h"

#include <stdlib.h>

#include "base/memory.h"

/* Fibonacci hashing: pids and inodes are dense, their products are not. */
static size_t slot_of(const struct id_table *table, uint64_t id)
{
	return (size_t)((id * 0x9E3779B97F4A7C15u) >> 20) & (table->room - 1);
}

/* Where an id is, or would be, in a table that has room. */
static struct id_slot *find(const struct id_table *table, uint64_t id)
{
	for (size_t i = slot_of(table, id);; i = (i + 1) & (table->room - 1)) {
		if (!table->slots[i].item || table->slots[i].id == id)
			return &table->slots[i];
	}
}

void *id_table_find(const struct id_table *table, uint64_t id)
{
	return table->room ? find(table, id)->item : NULL;
}

void id_table_replace(struct id_table *table, uint64_t id, void *item)
{
	find(table, id)->item = item;
}

static void insert(struct id_table *table, uint64_t id, void *item)
{
	size_t i = slot_of(table, id);

	while (table->slots[i].item)
		i = (i + 1) & (table->room - 1);
	table->slots[i] = (struct id_slot){id, item};
	table->count++;
}

void id_table_add(struct id_table *table, uint64_t id, void *item)
{
	if (table->count * 2 >= table->room) {
		struct id_table grown = {.room = table->room ? table->room * 2 : 64};

		grown.slots = memory_array(grown.room, sizeof(*grown.slots));
		for (size_t i = 0; i < table->room; i++) {
			if (table->slots[i].item)
				insert(&grown, table->slots[i].id, table->slots[i].item);
		}
		free(table->slots);
		*table = grown;
	}
	insert(table, id, item);
}

void id_table_free(struct id_table *table, void (*free_item)(void *item))
{
	for (size_t i = 0; i < table->room; i++) {
		if (table->slots[i].item)
			free_item(table->slots[i].item);
	}
	free(table->slots);
	*table = (struct id_table){0};
}
