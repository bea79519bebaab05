/* clear() and zero(). */
#ifndef BPFLOAD_MAP_CHANGE_H
#define BPFLOAD_MAP_CHANGE_H

#include "object/manifest.h"

struct session;

/* Removes all keys of a map. 0, or a negative error number. */
int map_clear(const struct session *session, const struct mf_map *map);

/* Sets all values to zero; the keys stay. 0, or a negative error number. */
int map_zero(const struct session *session, const struct mf_map *map);

/*
 * Of a map with two generations: sends programs to the other one, and gives the stores of the old
 * one, which nobody uses any more and which are to be emptied. `keep`: the elements stay, as zeros.
 * 0, or a negative error number.
 */
int map_turn(const struct session *session, const struct mf_map *map, bool keep,
	     const struct mf_store **old);

/* Empties the stores that map_turn gave. 0, or a negative error number. */
int map_empty_rest(const struct session *session, const struct mf_map *map);

/* Empties stores in place, or with `keep` sets their values to zero. 0, or a negative error number.
 */
int map_empty(const struct session *session, const struct mf_map *map,
	      const struct mf_store *stores, bool keep);

#endif
