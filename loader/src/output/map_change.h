/* clear() and zero(). */
#ifndef BPFLOAD_MAP_CHANGE_H
#define BPFLOAD_MAP_CHANGE_H

#include "object/manifest.h"

struct session;

/* Removes all keys of a map. 0, or a negative error number. */
int map_clear(const struct session *session, const struct mf_map *map);

/* Sets all values to zero; the keys stay. 0, or a negative error number. */
int map_zero(const struct session *session, const struct mf_map *map);

#endif
