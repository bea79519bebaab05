/* The content of a script's map, read from the kernel: one row for each key, per-CPU values put
 * together. */
#ifndef BPFLOAD_MAP_ROWS_H
#define BPFLOAD_MAP_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/manifest.h"
#include "output/row_values.h"

struct session;

struct map_rows {
	const struct mf_map *map;
	size_t count, room;
	/* Bytes from one key to the next, a multiple of 8. */
	size_t key_stride;
	uint8_t *keys;
	struct row_values values;
	/* For each store: the index behind its last row. */
	size_t *store_ends;
};

/*
 * Reads all rows and removes them from the map, or with `keep` sets them to zero. Of a map with two
 * generations each element is in one such reading, and what a program adds meanwhile in the next.
 * 0, or a negative error number; free with map_rows_free in either case.
 */
int map_rows_take(struct map_rows *rows, const struct session *session, const struct mf_map *map,
		  bool keep);

/* No rows yet, and an end for each store: for those who add what they have read elsewhere. */
void map_rows_of_map(struct map_rows *rows, const struct mf_map *map);

/* No rows at all; sets all values to zero. */
void map_rows_none(struct map_rows *rows, const struct mf_map *map);
void map_rows_zero(struct map_rows *rows);

/* Reads all rows. 0, or a negative error number; free with map_rows_free in either case. */
int map_rows_read(struct map_rows *rows, const struct session *session, const struct mf_map *map);
void map_rows_free(struct map_rows *rows);

/* Adds a row with the value zero, for a scalar that was never written. 0, or -ENOMEM. */
int map_rows_add_zero(struct map_rows *rows);

const uint8_t *map_rows_key(const struct map_rows *rows, size_t row);
/* Has the processor fetch what rows are made of that will be looked at soon: `order` are the next
 * `count`. */
void map_rows_expect(const struct map_rows *rows, const uint32_t *order, size_t count);
/* Stands aligned; of histograms, until the next is asked for. */
const uint8_t *map_rows_value(const struct map_rows *rows, size_t row);
/* Type of a row's key: that of its store. NULL for scalars. */
const struct mf_type *map_rows_key_type(const struct map_rows *rows, size_t row);

/*
 * The order in which rows are printed (least first): `order` gets `count` row indexes.
 */
void map_rows_sort(const struct map_rows *rows, uint32_t *order);

/* Whether rows with such values are sorted by value, and the number that a row is sorted by; the
 * order of two rows by their keys. */
bool map_rows_rank(const struct map_rows *rows, size_t row, uint64_t *rank);
int map_rows_compare_keys(const struct map_rows *rows, size_t a, size_t b);

/* Puts the values of all CPUs, `stride` bytes apart, together as the type says. `to` has the type's
 * size. */
void map_value_combine(uint8_t *to, const struct mf_type *type, const uint8_t *values,
		       size_t stride, uint32_t cpus);

#endif
