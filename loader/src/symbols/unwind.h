/* Tables for dw_ustack: how to walk the stacks of processes without frame pointers. */
#ifndef BPFLOAD_UNWIND_H
#define BPFLOAD_UNWIND_H

#include "session/session.h"

/*
 * Reads the tables of the processes that the options name, and makes room for them in the maps;
 * before the object is loaded. The result is an exit status.
 */
int unwind_prepare(struct session *session);

/* Gives them to the programs; after the object is loaded. */
int unwind_store(struct session *session);

void unwind_free(struct session *session);

#endif
