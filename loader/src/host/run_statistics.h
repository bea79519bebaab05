/*
 * What the kernel counts of programs while somebody asks it to: how often each ran, and for how
 * long (bpf_stats_enabled_key, kernel/bpf/syscall.c). Reading the clock twice for each run takes
 * time itself, part of which falls between the two: that is measured, and taken away.
 */
#ifndef BPFLOAD_RUN_STATISTICS_H
#define BPFLOAD_RUN_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

struct failure;

struct run_statistics {
	/* The kernel counts as long as it is open; -1: it is not. */
	int enabled;
	/* What a run of a program that does nothing takes by that measure, ns. */
	double empty_ns;
};

struct run_count {
	uint64_t runs;
	/* Without what the measuring takes. */
	uint64_t ns;
};

/*
 * Has the kernel count from here on. `option`: who asks, for the failure: STATUS_PERMISSION without
 * CAP_SYS_ADMIN, STATUS_KERNEL before Linux 5.8.
 */
int run_statistics_open(struct run_statistics *statistics, const char *option,
			struct failure *failure);
void run_statistics_close(struct run_statistics *statistics);

/* Of a program, by its descriptor, since counting began. */
bool run_statistics_read(const struct run_statistics *statistics, int program,
			 struct run_count *count);

#endif
