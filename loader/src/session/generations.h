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
 * Sends programs to the generation at rest, which has to be empty. Those that run already may stay
 * in the other one until generation_settle. 0, or a negative error number: then nothing has
 * changed.
 */
int generation_turn(const struct session *session, const struct mf_map *map);

/*
 * Waits until no program can be in the generation at rest, which nobody but the loader touches from
 * then on: a grace period, if there was none since the map's last turn. 0, or a negative error
 * number.
 */
int generation_settle(const struct session *session, const struct mf_map *map);

/* Whether the generation at rest holds elements that nobody wants: it is to be emptied. */
bool generation_is_left(const struct session *session, const struct mf_map *map);
void generation_leave(const struct session *session, const struct mf_map *map, bool left);

#endif
