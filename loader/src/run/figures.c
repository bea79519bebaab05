#include "run/figures.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"

/* A link stands for its probe, and that of a pair for both. */
static void find_attached(const struct figures *figures)
{
	const struct attachments *attachments = figures->attachments;
	const struct session *session = attachments->session;
	const struct manifest *manifest = session->manifest;

	memset(figures->attached, 0, manifest->probe_count * sizeof(*figures->attached));
	for (uint32_t i = 0; i < attachments->link_count; i++)
		figures->attached[attachments->links[i].probe->index] = true;
	for (uint32_t i = 0; i < manifest->kprobe_pair_count; i++) {
		const struct mf_kprobe_pair *pair = &manifest->kprobe_pairs[i];

		if (figures->attached[pair->entry] && session->programs[pair->exit])
			figures->attached[pair->exit] = true;
	}
}

void figures_begin(struct figures *figures, const struct attachments *attachments,
		   const struct events *events, struct cost *cost)
{
	const struct manifest *manifest = attachments->session->manifest;

	figures->attachments = attachments;
	figures->events = events;
	figures->cost = cost;
	figures->attached = memory_array(manifest->probe_count + 1u, sizeof(*figures->attached));
	figures->losses = memory_array(manifest->event_count + 1u, sizeof(*figures->losses));
	figures->start = clock_ns(CLOCK_REALTIME);
}

void figures_settle(struct figures *figures)
{
	if (!figures->start)
		return;
	find_attached(figures);
	figures->is_over = true;
}

void figures_free(struct figures *figures)
{
	free(figures->attached);
	free(figures->losses);
	memset(figures, 0, sizeof(*figures));
}

void figures_read(struct own_figures *own, void *context)
{
	struct figures *figures = context;

	if (!figures->is_over)
		find_attached(figures);
	if (figures->cost)
		cost_read(figures->cost);
	own->attached = figures->attached;
	own->cost = figures->cost ? &figures->cost->table : NULL;
	own->losses = figures->losses;
	own->loss_count = events_losses(figures->events, figures->losses);
	own->start = figures->start;
	own->cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}
