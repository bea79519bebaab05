/*
 * Maps that are emptied while programs run have two generations: programs work in one, and the
 * loader empties the other, when no program can still be in it.
 */
#ifndef BPFLOAD_GENERATIONS_H
#define BPFLOAD_GENERATIONS_H

#include "base/failure.h"
#include "object/manifest.h"

struct session;

/* Before anything runs. An exit status, with the failure set. */
int generations_prepare(struct session *session, struct failure *failure);

void generations_free(struct session *session);

/* The stores in which programs work, and the others; NULL where a map has but one generation. */
const struct mf_store *generation_in_use(const struct session *session, const struct mf_map *map);
const struct mf_store *generation_at_rest(const struct session *session, const struct mf_map *map);

/*
 * Sends programs to the generation at rest, and waits until none can be in the one that was in use,
 * which nobody but the loader touches from then on. 0, or a negative error number: then nothing
 * has changed, or programs may still be in either.
 */
int generation_turn(const struct session *session, const struct mf_map *map);

#endif
