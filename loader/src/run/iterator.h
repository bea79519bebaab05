/* Runs an iterator: the kernel runs its program for each object as its file is read. */
#ifndef BPFLOAD_ITERATOR_H
#define BPFLOAD_ITERATOR_H

#include "run/events.h"
#include "session/session.h"

/* Runs it once, to its end or exit(), and handles what it sends. */
int iterator_run(const struct session *session, int iterator, struct events *events,
		 struct failure *failure);

#endif
