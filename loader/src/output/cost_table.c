#include "output/cost_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "output/internal.h"
#include "output/output.h"

double cost_percent(uint64_t ns, uint64_t elapsed)
{
	return elapsed ? 100.0 * (double)ns / (double)elapsed : 0;
}

/* A number that is not there is a dash. */
static void put_line(struct strbuf *to, int width, const char *name, const char *events,
		     const char *each, const char *percent)
{
	char *line = memory_format("%-*s %14s %10s %9s\n", width, name, events, each, percent);

	strbuf_text(to, line);
	free(line);
}

static void put_row(struct strbuf *to, int width, const struct cost_row *row, uint64_t elapsed)
{
	char *name = memory_format("%s%s", row->probe, row->detached ? " (detached)" : "");
	char *events = memory_format("%llu", (unsigned long long)row->events);
	char *each = row->events ? memory_format("%.0f", (double)row->ns / (double)row->events)
				 : memory_text("-");
	char *percent = memory_format("%.2f", cost_percent(row->ns, elapsed));

	put_line(to, width, name, events, each, percent);
	free(name);
	free(events);
	free(each);
	free(percent);
}

static int width_of(const struct cost_table *table)
{
	size_t width = strlen("bpfload itself");

	for (uint32_t i = 0; i < table->count; i++) {
		size_t length = strlen(table->rows[i].probe) +
				(table->rows[i].detached ? strlen(" (detached)") : 0);

		if (length > width)
			width = length;
	}
	return width < 60 ? (int)width : 60;
}

void text_put_cost(struct output *output, const struct cost_table *table)
{
	struct strbuf *to = &output->scratch;
	struct cost_row sum = {.probe = "all"};
	int width = width_of(table);
	char *percent;

	strbuf_clear(to);
	put_line(to, width, "probe", "events", "ns each", "% of CPU");
	for (uint32_t i = 0; i < table->count; i++) {
		put_row(to, width, &table->rows[i], table->elapsed);
		sum.events += table->rows[i].events;
		sum.ns += table->rows[i].ns;
	}
	percent = memory_format("%.2f", cost_percent(table->loader, table->elapsed));
	put_line(to, width, "bpfload itself", "-", "-", percent);
	free(percent);
	sum.ns += table->loader;
	percent = memory_format("%.2f", cost_percent(sum.ns, table->elapsed));
	put_line(to, width, "all", "", "", percent);
	free(percent);
	output_say(output, to);
}
