/* What code processes run: their memory maps and the files behind them, kept after they exit. */
#ifndef BPFLOAD_PROCESSES_H
#define BPFLOAD_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id_table.h"
#include "object/manifest.h"
#include "binary/mapped_file.h"
#include "symbols/followed.h"
#include "symbols/jit_dump.h"
#include "symbols/perf_map.h"
#include "binary/proc_maps.h"

/* A memory map: of one process, or of all that run a program. */
struct process_code {
	/* The process that it was read from. */
	uint32_t pid;
	struct proc_maps maps;
	/* One for each mapping; NULL for anonymous memory. */
	struct mapped_file **files;
	struct perf_map jit;
	struct jit_dump dump;
	/* Monotonic time of the last reading of the maps, and of the JIT's map. */
	uint64_t read_at, jit_read_at;
	struct process_code *next;
};

struct processes {
	enum mf_cache_user_symbols cache;
	/* Tables of symbols are read when a process is noted, rather than when a name is asked for.
	 */
	bool eager;
	/* What was seen of each pid. */
	struct id_table by_pid;
	/* Processes by their program's file: MF_CACHE_USER_SYMBOLS_PER_PROGRAM. */
	struct id_table by_program;
	/* All of them, and how many mappings they have. */
	struct process_code *first;
	size_t mappings;
	struct mapped_files files;
	/* Of -c: for processes that have gone. */
	struct followed followed;
	/* How often what is known of them has changed. */
	uint64_t generation;
	/* The map of one could not be read for want of rights. */
	bool were_denied;
};

void processes_free(struct processes *processes);

/*
 * Keeps the memory map of a process, and opens its files, so that its addresses can be named after
 * it exited. Cheap for a process that is known already and has not run another program since.
 * Nothing is kept with MF_CACHE_USER_SYMBOLS_NONE.
 */
void processes_note(struct processes *processes, uint32_t pid);

/* The process for naming one of its addresses; NULL when nothing is known of it. */
struct process_code *processes_find(struct processes *processes, uint32_t pid);

/* The mapping that holds an address; the maps are read again where none does, but not all the time.
 */
const struct proc_mapping *processes_mapping(struct processes *processes,
					     struct process_code *process, uint64_t address);

/*
 * The function that a just-in-time compiler wrote to an address: what its jitdump says, or else its
 * perf map. Without a name: different ones were there at different times. False: nothing is known.
 * `line_address`: the one whose line is wanted. The texts live until the next call.
 */
bool processes_jit(struct processes *processes, struct process_code *process, uint64_t address,
		   uint64_t line_address, struct jit_symbol *symbol);

#endif
