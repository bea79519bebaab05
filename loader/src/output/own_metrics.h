/* The loader's own metrics, `bpfload_*`: what it lost, which probes are attached, what they cost.
 */
#ifndef BPFLOAD_OWN_METRICS_H
#define BPFLOAD_OWN_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "object/manifest.h"
#include "output/cost_table.h"
#include "output/metric_text.h"
#include "output/renderer.h"

/* As of now. */
struct own_figures {
	/* What was lost of each event since tracing began; of warnings: how often they came. */
	const struct loss *losses;
	uint32_t loss_count;
	/* By the manifest's index: whether the probe is attached. NULL: nobody knows. */
	const bool *attached;
	/* NULL: it is not measured. */
	const struct cost_table *cost;
	/* When tracing began, ns of the wall clock; CPU time of the loader, ns. */
	uint64_t start, cpu;
};

void own_metrics_put(const struct metric_text *text, const struct manifest *manifest,
		     const struct own_figures *own);

#endif
