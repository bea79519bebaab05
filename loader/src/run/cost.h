/* What the script's probes cost, measured by the kernel: --cost, --max-overhead. */
#ifndef BPFLOAD_COST_H
#define BPFLOAD_COST_H

#include <stdint.h>

#include "attach/attach.h"
#include "host/run_statistics.h"
#include "output/cost_table.h"

struct cost_program {
	uint32_t id;
	int fd;
	/* Of the table: of the first of the probes that it runs for. */
	uint32_t row;
};

/* What a row is about. */
struct cost_probe {
	const struct mf_probe *first;
	/* How many probes share its program. */
	uint32_t others;
};

struct cost {
	struct run_statistics statistics;
	struct cost_program *programs;
	uint32_t program_count, program_room;
	/* A row for each attached probe, and one for all that share a program: the kernel counts
	 * its runs alone. */
	struct cost_table table;
	uint32_t row_room;
	/* The probe of each row. */
	struct cost_probe *probes;
	uint32_t probe_room;
	/* When tracing began: monotonic clock, and CPU time of the loader, ns. */
	uint64_t start, loader_start;
};

/* Has the kernel measure from here on. `option`: who asks for it. Free in either case. */
int cost_begin(struct cost *cost, const char *option, struct failure *failure);

/* Once everything is attached: finds the programs. */
int cost_find(struct cost *cost, const struct attachments *attachments, struct failure *failure);

/* Brings the table up to date. */
void cost_read(struct cost *cost);

void cost_free(struct cost *cost);

#endif
