/*
 * The text formats of metrics: OpenMetrics 1.0, and the older one of Prometheus (0.0.4), which
 * node_exporter's textfile collector and promtool read. They differ in what a counter's family is
 * called, and in what ends the text.
 */
#ifndef BPFLOAD_METRIC_TEXT_H
#define BPFLOAD_METRIC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum metric_form { METRICS_OPEN, METRICS_CLASSIC };

/* As the lines TYPE have them; METRIC_INFO is a gauge to the older format. */
enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_SUMMARY,
	METRIC_HISTOGRAM,
	METRIC_INFO,
};

struct metric_text {
	struct strbuf *to;
	enum metric_form form;
};

/* A number in base units: `magnitude` times `factor` (0: 1), by ten to the power of `decimals`. */
struct metric_number {
	uint64_t magnitude;
	bool is_negative;
	uint64_t factor;
	uint32_t decimals;
};

/* Appends `name="value"`, with a comma before it where labels stand there already. The value is
 * any bytes: what is no UTF-8 becomes U+FFFD. */
void metric_label(struct strbuf *labels, const char *name, const char *value, size_t length);

/* The lines before the samples of a family; `unit` may be NULL. */
void metric_family(const struct metric_text *text, const char *name, enum metric_kind kind,
		   const char *unit, const char *help);

/* One sample: `labels` as metric_label makes them, perhaps none. `suffix` such as "_total". */
void metric_sample(const struct metric_text *text, const char *name, const char *suffix,
		   const char *labels, size_t labels_length, const struct metric_number *number);

/* A sample of a histogram's bucket: all values up to and with `bound`; NULL: +Inf. */
void metric_bucket(const struct metric_text *text, const char *name, const char *labels,
		   size_t labels_length, const struct metric_number *bound, uint64_t count);

/* A sum that nobody knows, which the older format has to have: NaN. */
void metric_unknown_sum(const struct metric_text *text, const char *name, const char *labels,
			size_t labels_length);

/* What ends the whole text. */
void metric_end(const struct metric_text *text);

#endif
