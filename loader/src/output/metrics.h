/*
 * The maps of a script as metrics (-f openmetrics, -f prometheus, --metrics): what each is called,
 * what becomes of what the script removes from it, and the text of them all.
 *
 * Counters, summaries and histograms only grow: what clear(), zero() or print() with them takes
 * out of a map is kept here and counts on. A gauge of such a map shows what the map held when it
 * was last emptied: the last whole interval.
 */
#ifndef BPFLOAD_METRICS_H
#define BPFLOAD_METRICS_H

#include "base/failure.h"
#include "object/manifest.h"
#include "output/map_rows.h"
#include "output/metric_text.h"
#include "output/own_metrics.h"
#include "output/value.h"

struct metrics;
struct session;

/*
 * Decides what is a metric: the maps of which the script says so, or where it says so of none, all
 * whose values can be. `most`: series of one map. STATUS_OBJECT where two would have one name.
 */
int metrics_open(struct metrics **out, const struct session *session, uint32_t most,
		 struct failure *failure);
void metrics_close(struct metrics *metrics);

/* Whether a map is one; NULL: there are none. */
bool metrics_has(const struct metrics *metrics, const struct mf_map *map);

/* Rows that were taken out of their map just now. */
void metrics_keep(struct metrics *metrics, const struct value_context *context,
		  const struct map_rows *rows);

/*
 * Appends the whole text: the maps as they are now, and the loader's own. 0, or a negative error
 * number where a map cannot be read: then nothing is appended.
 */
int metrics_put(struct metrics *metrics, const struct value_context *context,
		const struct own_figures *own, enum metric_form form, struct strbuf *to);

#endif
