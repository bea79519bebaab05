/* Patches instructions whose numbers depend on the host's tracepoint formats. */
#ifndef BPFLOAD_FIXUPS_H
#define BPFLOAD_FIXUPS_H

#include "session/session.h"

/*
 * Patches every program that is going to be loaded. A field that the host does not have, or has in
 * another size, is an error that names it. The result is an exit status.
 */
int fixups_apply(struct session *session, struct failure *failure);

#endif
