/* A hash table from 64-bit numbers to pointers: processes by pid, files by inode. */
#ifndef BPFLOAD_ID_TABLE_H
#define BPFLOAD_ID_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_slot {
	uint64_t id;
	/* NULL: free. */
	void *item;
};

struct id_table {
	struct id_slot *slots;
	/* 0 or a power of two. */
	size_t room;
	size_t count;
};

/* The item of an id, or NULL. */
void *id_table_find(const struct id_table *table, uint64_t id);

/* Adds an item under an id that the table does not hold yet. */
void id_table_add(struct id_table *table, uint64_t id, void *item);

/* Gives an id that the table holds another item. */
void id_table_replace(struct id_table *table, uint64_t id, void *item);

/* Frees the table, and each item by `free_item`. */
void id_table_free(struct id_table *table, void (*free_item)(void *item));

#endif
