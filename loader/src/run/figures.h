/* What the loader knows of itself while it traces, for metrics. */
#ifndef BPFLOAD_FIGURES_H
#define BPFLOAD_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "attach/attach.h"
#include "output/own_metrics.h"
#include "run/cost.h"
#include "run/events.h"

struct figures {
	const struct attachments *attachments;
	const struct events *events;
	/* NULL: it is not measured. */
	struct cost *cost;
	/* By the manifest's index of probes. */
	bool *attached;
	struct loss *losses;
	/* ns of the wall clock; 0: tracing has not begun. */
	uint64_t start;
	/* Probes were detached because tracing ends: `attached` stays as it is. */
	bool is_over;
};

/* Once everything is attached. */
void figures_begin(struct figures *figures, const struct attachments *attachments,
		   const struct events *events, struct cost *cost);
/* Before everything is detached. */
void figures_settle(struct figures *figures);
void figures_free(struct figures *figures);

/* As of now; `context` is a struct figures. The result lives until the next call. */
void figures_read(struct own_figures *own, void *context);

#endif
