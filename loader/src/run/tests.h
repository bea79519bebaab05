/* --test and --bench: runs the blocks that are tests or benchmarks, instead of tracing. */
#ifndef BPFLOAD_TESTS_H
#define BPFLOAD_TESTS_H

#include "run/events.h"
#include "session/session.h"

/*
 * Leaves those programs to be loaded that the options ask for: without --test and --bench all but
 * tests and benchmarks. Call after session_open. Fails if nothing is left.
 */
int tests_choose(struct session *session, struct failure *failure);

/* Runs the tests in the order of the script. STATUS_FAILED if one did not pass. */
int tests_run(const struct session *session, struct events *events, struct failure *failure);

/* Runs each benchmark many times. */
int benchmarks_run(const struct session *session, struct events *events, struct failure *failure);

#endif
