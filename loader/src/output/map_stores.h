/* Whether the kernel's maps are what the manifest says, so that reading them stays inside of our
 * buffers. */
#ifndef BPFLOAD_MAP_STORES_H
#define BPFLOAD_MAP_STORES_H

#include "object/manifest.h"

struct session;

/* What is wrong with a store, or NULL. */
const char *map_store_check(const struct session *session, const struct mf_store *store);

#endif
