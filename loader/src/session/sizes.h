/* What positional parameters decide of types: bounds of histograms, depths of stacks; and with them
 * how large values of maps are. */
#ifndef BPFLOAD_SIZES_H
#define BPFLOAD_SIZES_H

#include <stdint.h>

#include "base/failure.h"
#include "session/session.h"

/*
 * Puts what the parameters say into the manifest's types and stores, and into the maps of the
 * object, which is open and not loaded; in a session of a recording there is none. The bounds of
 * the parameters hold (params_check). The result is an exit status: bounds of a histogram may not
 * fit each other.
 */
int sizes_settle(struct session *session, struct failure *failure);

/* Writes the numbers of buckets to `rodata`. */
void sizes_store(const struct session *session, uint8_t *rodata);

#endif
