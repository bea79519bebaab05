/*
 * The series of one metric: what a map holds, by labels. Rows whose labels are the same text are
 * one series, since no two may be the same. What the script removes from its map is kept, so that
 * counters go on; which series there are is bounded, and stays the same from reading to reading.
 */
#ifndef BPFLOAD_METRIC_SERIES_H
#define BPFLOAD_METRIC_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/manifest.h"
#include "output/map_rows.h"
#include "output/value.h"

struct containers;

struct metric_series {
	/* As metric_label makes them; owned. */
	char *labels;
	size_t labels_length;
	/* Of the map's value type; owned. `now`: as of the last reading; `kept`: what was removed
	 * from the map before. */
	uint8_t *now, *kept;
	bool is_present, has_kept;
};

struct metric_table {
	const struct mf_map *map;
	const struct mf_metric *metric;
	/* Who names the cgroups of its keys; NULL: they have none. */
	struct containers *containers;
	/* In the byte order of their labels. */
	struct metric_series *series;
	size_t count;
	/* The most that there may be; and how many the last reading had besides. */
	size_t most, left_out;
};

/* Rows that were read and are in the map still: what all series have now. */
void metric_table_read(struct metric_table *table, const struct value_context *context,
		       const struct map_rows *rows);

/* Rows that are in the map no more: added to what was kept; `replaces`: in its place. */
void metric_table_keep(struct metric_table *table, const struct value_context *context,
		       const struct map_rows *rows, bool replaces);

/* What a series has in all, to `value` (of the type's size). */
void metric_series_value(const struct metric_table *table, const struct metric_series *series,
			 uint8_t *value);

void metric_table_free(struct metric_table *table);

#endif
