/* Patches instructions that read contexts, so that they take what the host has there. */
#ifndef BPFLOAD_FIXUPS_H
#define BPFLOAD_FIXUPS_H

#include "session/session.h"

struct failure;

/*
 * Patches every program that is going to be loaded. A field, parameter or result that the host does
 * not have, or has as something that the code cannot take for what it was built for, is an error
 * that names it, with its place in the script.
 */
int fixups_apply(struct session *session, struct failure *failure);

#endif
