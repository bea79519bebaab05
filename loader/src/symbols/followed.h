/*
 * Memory maps of the command of -c and of what it begins, as the kernel told them: of processes,
 * too, that end before anybody can read /proc.
 */
#ifndef BPFLOAD_FOLLOWED_H
#define BPFLOAD_FOLLOWED_H

#include <stdbool.h>
#include <stdint.h>

#include "binary/proc_maps.h"
#include "host/task_records.h"

struct followed_process;

struct followed {
	/* NULL: nobody is followed. */
	struct task_records *records;
	/* Lists by pid; NULL: there was nothing yet. */
	struct followed_process **by_pid;
	/* By the last change or use. */
	struct followed_process *oldest, *newest;
	/* Of all of them. */
	size_t processes, mappings, path_bytes;
};

/* False: the kernel does not tell. */
bool followed_begin(struct followed *followed, uint32_t pid);
void followed_end(struct followed *followed);

/* Takes in what was told; and one thing of it. */
void followed_update(struct followed *followed);
void followed_take(struct followed *followed, const struct task_record *record);

/* What a process had mapped when it was last heard of; free with proc_maps_free. False: it is
 * unknown. */
bool followed_maps(struct followed *followed, uint32_t pid, struct proc_maps *maps);

#endif
