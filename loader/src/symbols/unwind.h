/* Tables for dw_ustack: how to walk the stacks of processes without frame pointers. */
#ifndef BPFLOAD_UNWIND_H
#define BPFLOAD_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

struct bpf_object;
struct unwind_tables;

/* Whose stacks are walked: `first`, unless it is 0, and `count` more, which may name it again. */
struct unwind_pids {
	uint32_t first;
	const uint32_t *pids;
	uint32_t count;
};

/*
 * Reads the tables of the processes, and makes room for them in the object's maps, before it is
 * loaded. *tables is NULL where the object has no such maps. The result is an exit status.
 */
int unwind_prepare(struct unwind_tables **tables, struct bpf_object *object,
		   const struct unwind_pids *wanted, struct failure *failure);

/* Whether there are tables, but of no process. */
bool unwind_is_empty(const struct unwind_tables *tables);

/* Gives them to the programs, after the object is loaded. */
int unwind_store(const struct unwind_tables *tables, const struct bpf_object *object,
		 struct failure *failure);

void unwind_free(struct unwind_tables *tables);

#endif
