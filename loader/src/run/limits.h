/*
 * What tracing may cost: --max-overhead and --max-memory, looked at every second. Above one of them
 * for a second there is a warning, and for another second what --on-overhead says is done.
 */
#ifndef BPFLOAD_LIMITS_H
#define BPFLOAD_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "attach/attach.h"
#include "run/cost.h"

struct limits {
	const struct options *options;
	const struct session *session;
	struct attachments *attachments;
	/* NULL: what probes cost is not limited. */
	struct cost *cost;
	/* As of the last look: by row of the table, and of all. */
	struct cost_row *before;
	uint64_t elapsed, loader;
	/* CPU time of the traced process, ns; 0: none is traced, or it is not known. */
	uint64_t process;
	/* A look before, it was above. */
	bool overhead_warned, memory_warned;
};

/*
 * Before anything runs: STATUS_FAILED where what is loaded is above --max-memory already; the
 * failure names what takes most.
 */
int limits_check_memory(const struct session *session, struct failure *failure);

/* Once everything is attached. */
void limits_begin(struct limits *limits);

/* Each second. Whether tracing ends, with an error said. */
bool limits_look(struct limits *limits);

void limits_free(struct limits *limits);

#endif
