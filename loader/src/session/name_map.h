/* Names of probes and functions for programs that ask for their text: a kernel map of them. */
#ifndef BPFLOAD_NAME_MAP_H
#define BPFLOAD_NAME_MAP_H

struct session;
struct failure;

/*
 * Gives the map room for all names that attach_find has met; an object without that map wants none.
 * A name that is longer than an element is an error: a part of it would compare wrongly.
 */
int name_map_size(const struct session *session, struct failure *failure);

/* Writes the names, once the object is loaded and before anything is attached. */
int name_map_fill(const struct session *session, struct failure *failure);

#endif
