#include "run/cost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/memory.h"

int cost_begin(struct cost *cost, const char *option, struct failure *failure)
{
	return run_statistics_open(&cost->statistics, option, failure);
}

static uint32_t row_of(struct cost *cost, const struct mf_probe *probe)
{
	uint32_t row;

	for (row = 0; row < cost->table.count; row++) {
		struct cost_probe *known = &cost->probes[row];

		if (known->first->index == probe->index)
			return row;
		if (strcmp(known->first->program, probe->program) != 0)
			continue;
		known->others++;
		if (probe->index < known->first->index)
			known->first = probe;
		return row;
	}
	memory_grow(cost->table.rows, row, cost->row_room);
	memory_grow(cost->probes, row, cost->probe_room);
	cost->table.rows[row] = (struct cost_row){.probe = NULL};
	cost->probes[row] = (struct cost_probe){.first = probe};
	cost->table.count++;
	return row;
}

static void add_program(const struct mf_probe *probe, uint32_t id, int fd, void *context)
{
	struct cost *cost = context;
	uint32_t row = row_of(cost, probe);

	for (uint32_t i = 0; i < cost->program_count; i++) {
		if (cost->programs[i].id == id) {
			close(fd);
			return;
		}
	}
	memory_grow(cost->programs, cost->program_count, cost->program_room);
	cost->programs[cost->program_count++] = (struct cost_program){id, fd, row};
}

static const char *name_of(struct session *session, const struct cost_probe *probe)
{
	if (!probe->others)
		return probe->first->name;
	return arena_format(&session->arena, "%s and %u more", probe->first->name, probe->others);
}

int cost_find(struct cost *cost, const struct attachments *attachments, struct failure *failure)
{
	if (attach_each_program(attachments, add_program, cost) != 0)
		return fail(failure, errno == EPERM ? STATUS_PERMISSION : STATUS_FAILED,
			    "Cannot find the programs of the probes, to measure them: %s.",
			    strerror(errno));
	for (uint32_t i = 0; i < cost->table.count; i++)
		cost->table.rows[i].probe = name_of(attachments->session, &cost->probes[i]);
	cost->start = clock_ns(CLOCK_MONOTONIC);
	cost->loader_start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	return STATUS_OK;
}

void cost_read(struct cost *cost)
{
	struct cost_table *table = &cost->table;
	struct run_count count;

	for (uint32_t i = 0; i < table->count; i++)
		table->rows[i].events = table->rows[i].ns = 0;
	for (uint32_t i = 0; i < cost->program_count; i++) {
		struct cost_row *row = &table->rows[cost->programs[i].row];

		if (!run_statistics_read(&cost->statistics, cost->programs[i].fd, &count))
			continue;
		row->events += count.runs;
		row->ns += count.ns;
	}
	table->elapsed = clock_ns(CLOCK_MONOTONIC) - cost->start;
	table->loader = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cost->loader_start;
}

void cost_free(struct cost *cost)
{
	for (uint32_t i = 0; i < cost->program_count; i++)
		close(cost->programs[i].fd);
	free(cost->programs);
	free(cost->table.rows);
	free(cost->probes);
	run_statistics_close(&cost->statistics);
	memset(cost, 0, sizeof(*cost));
	cost->statistics.enabled = -1;
}
