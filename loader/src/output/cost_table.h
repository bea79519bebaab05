/* What probes cost, as --cost shows it. */
#ifndef BPFLOAD_COST_TABLE_H
#define BPFLOAD_COST_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct output;

struct cost_row {
	/* As in the script. */
	const char *probe;
	uint64_t events;
	/* What its programs ran for in all, ns. */
	uint64_t ns;
	/* --max-overhead took it away. */
	bool detached;
};

struct cost_table {
	struct cost_row *rows;
	uint32_t count;
	/* Since tracing began, ns. */
	uint64_t elapsed;
	/* CPU time of the loader itself in that time, ns. */
	uint64_t loader;
};

/* Percent of one CPU that `ns` of `elapsed` are. */
double cost_percent(uint64_t ns, uint64_t elapsed);

/* Lines on stderr: a heading, a line for each probe in the order of the script, the loader, and the
 * sum. */
void text_put_cost(struct output *output, const struct cost_table *table);

#endif
