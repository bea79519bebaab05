#include "symbols/processes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"

/* How long an address that no mapping holds is believed to have none, before the maps are read
 * again. */
#define MISS_NS 50000000u
/* How old a map becomes, at least, before the next note of its process renews it: eager. */
#define RENEW_NS 100000000u

/*
 * Processes that are remembered, of about 1 KiB each: more than there are stacks, and fewer than
 * there are numbers of processes (32,768 where nobody asked for more, kernel/pid.c), so that a
 * flood comes to the limit, and takes the same memory each time. Then all are forgotten at once;
 * those that live are read again when they are asked for.
 */
#define MOST_SEEN 20480
/* The same of all their mappings, of 70 bytes each. */
#define MOST_MAPPINGS 1000000

/* Which program a pid runs: changes when it execs, and when the pid is given to another process. */
struct identity {
	uint64_t proc_inode;
	uint64_t exe_device, exe_inode;
};

struct seen {
	struct identity identity;
	struct process_code *process;
};

static void forget_maps(struct processes *processes, struct process_code *process)
{
	processes->generation++;
	processes->mappings -= process->maps.count;
	proc_maps_free(&process->maps);
	free(process->files);
	process->files = NULL;
	perf_map_free(&process->jit);
}

static void keep(void *item)
{
	(void)item;
}

static void forget_all(struct processes *processes)
{
	/* No mapping leads to a file any more. */
	mapped_files_free(&processes->files);
	id_table_free(&processes->by_pid, free);
	id_table_free(&processes->by_program, keep);
	while (processes->first) {
		struct process_code *process = processes->first;

		processes->first = process->next;
		forget_maps(processes, process);
		jit_dump_free(&process->dump);
		free(process);
	}
}

void processes_free(struct processes *processes)
{
	forget_all(processes);
	followed_end(&processes->followed);
}

static bool identify(uint32_t pid, struct identity *identity)
{
	struct stat directory, exe;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32, pid);
	if (stat(path, &directory) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", pid);
	/* Kernel threads have none. */
	if (stat(path, &exe) < 0)
		return false;
	*identity = (struct identity){directory.st_ino, exe.st_dev, exe.st_ino};
	return true;
}

static bool same_program(const struct identity *a, const struct identity *b)
{
	return a->proc_inode == b->proc_inode && a->exe_device == b->exe_device &&
	       a->exe_inode == b->exe_inode;
}

static void read_jit(struct processes *processes, struct process_code *process)
{
	processes->generation++;
	process->jit_read_at = clock_ns(CLOCK_MONOTONIC_COARSE);
	(void)perf_map_refresh(&process->jit, process->pid);
	for (size_t i = 0; i < process->maps.count; i++)
		if (jit_dump_is_marked(&process->maps.mappings[i])) {
			(void)jit_dump_refresh(&process->dump, process->pid, process->jit.uid,
					       &process->maps.mappings[i]);
			return;
		}
	/* It runs another program now. */
	jit_dump_free(&process->dump);
}

/* Memory that a compiler may write code to: of no file, and not the kernel's own. Some give it a
 * name (PR_SET_VMA_ANON_NAME). */
static bool is_anonymous(const struct proc_mapping *mapping)
{
	return mapping->path[0] != '[' || strncmp(mapping->path, "[anon", 5) == 0;
}

static bool has_memory(uint32_t pid)
{
	struct stat exe;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", pid);
	return stat(path, &exe) == 0;
}

/*
 * From /proc, or where the process has gone, as the kernel told of it. The maps of a process that
 * is exiting are empty (its mm has been given back already), or end where it began to.
 */
static bool find_maps(struct processes *processes, uint32_t pid, struct proc_maps *maps)
{
	struct proc_maps told;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	errno = 0;
	if (!proc_maps_read(maps, path))
		processes->were_denied =
			processes->were_denied || errno == EACCES || errno == EPERM;
	if (maps->count && (!processes->followed.records || has_memory(pid)))
		return true;
	if (followed_maps(&processes->followed, pid, &told)) {
		proc_maps_free(maps);
		*maps = told;
	}
	if (!maps->count)
		proc_maps_free(maps);
	return maps->count > 0;
}

static struct mapped_file **open_files(struct processes *processes, uint32_t pid,
				       const struct proc_maps *maps)
{
	struct mapped_file **files = memory_array(maps->count, sizeof(struct mapped_file *));

	for (size_t i = 0; i < maps->count; i++)
		files[i] = mapped_files_get(&processes->files, pid, &maps->mappings[i]);
	return files;
}

/* Replaces what is known of a process; keeps it when the process has gone. */
static void read_maps(struct processes *processes, struct process_code *process)
{
	struct mapped_file **files;
	struct proc_maps maps, told;
	bool anonymous = false;

	process->read_at = clock_ns(CLOCK_MONOTONIC_COARSE);
	if (!find_maps(processes, process->pid, &maps))
		return;
	files = open_files(processes, process->pid, &maps);
	/* It may have gone between the reading of its maps and that of its files. */
	if (processes->followed.records && !maps.mappings[0].told_at && !has_memory(process->pid) &&
	    followed_maps(&processes->followed, process->pid, &told)) {
		free(files);
		proc_maps_free(&maps);
		maps = told;
		files = open_files(processes, process->pid, &maps);
	}
	forget_maps(processes, process);
	process->maps = maps;
	process->files = files;
	processes->mappings += maps.count;
	if (!processes->eager)
		return;
	for (size_t i = 0; i < maps.count; i++) {
		if (files[i])
			(void)mapped_file_symbols(files[i]);
		else
			anonymous |= is_anonymous(&maps.mappings[i]);
	}
	if (anonymous)
		read_jit(processes, process);
}

static struct process_code *add_process(struct processes *processes, uint32_t pid)
{
	struct process_code *process = memory_zeroed(sizeof(*process));

	process->pid = pid;
	process->next = processes->first;
	processes->first = process;
	return process;
}

/* One map for a program is right where its addresses are the same in all processes. */
static struct process_code *process_of_program(struct processes *processes, uint32_t pid,
					       const struct identity *identity)
{
	uint64_t program = identity->exe_inode ^ identity->exe_device << 32;
	struct process_code *process = id_table_find(&processes->by_program, program);

	if (process)
		return process;
	process = add_process(processes, pid);
	id_table_add(&processes->by_program, program, process);
	read_maps(processes, process);
	return process;
}

static struct process_code *note(struct processes *processes, uint32_t pid)
{
	struct seen *seen = id_table_find(&processes->by_pid, pid);
	struct identity identity = {0};
	bool alive = identify(pid, &identity);

	if (seen && seen->process && (!alive || same_program(&identity, &seen->identity))) {
		if (alive && processes->eager &&
		    clock_ns(CLOCK_MONOTONIC_COARSE) - seen->process->read_at > RENEW_NS)
			read_maps(processes, seen->process);
		return seen->process;
	}
	if (!seen) {
		if (processes->by_pid.count >= MOST_SEEN || processes->mappings >= MOST_MAPPINGS)
			forget_all(processes);
		seen = memory_zeroed(sizeof(*seen));
		id_table_add(&processes->by_pid, pid, seen);
	}
	processes->generation++;
	seen->identity = identity;
	if (processes->cache == MF_CACHE_USER_SYMBOLS_PER_PROGRAM && alive) {
		seen->process = process_of_program(processes, pid, &identity);
		return seen->process;
	}
	if (!seen->process || seen->process->pid != pid)
		seen->process = add_process(processes, pid);
	read_maps(processes, seen->process);
	return seen->process;
}

void processes_note(struct processes *processes, uint32_t pid)
{
	if (processes->cache != MF_CACHE_USER_SYMBOLS_NONE)
		(void)note(processes, pid);
}

/* The map of one process, no older than this tick of the clock. */
static struct process_code *read_now(struct processes *processes, uint32_t pid)
{
	struct process_code *process = processes->first;

	if (!process)
		process = add_process(processes, pid);
	if (process->pid == pid && process->read_at == clock_ns(CLOCK_MONOTONIC_COARSE))
		return process;
	forget_maps(processes, process);
	process->pid = pid;
	process->jit_read_at = 0;
	read_maps(processes, process);
	return process;
}

struct process_code *processes_find(struct processes *processes, uint32_t pid)
{
	struct seen *seen;

	if (processes->cache == MF_CACHE_USER_SYMBOLS_NONE)
		return read_now(processes, pid);
	seen = id_table_find(&processes->by_pid, pid);
	return seen && seen->process ? seen->process : note(processes, pid);
}

const struct proc_mapping *processes_mapping(struct processes *processes,
					     struct process_code *process, uint64_t address)
{
	const struct proc_mapping *mapping = proc_maps_find(&process->maps, address);

	if (mapping || clock_ns(CLOCK_MONOTONIC_COARSE) - process->read_at <= MISS_NS)
		return mapping;
	/* A library that was loaded since. */
	read_maps(processes, process);
	return proc_maps_find(&process->maps, address);
}

static bool find_jit(struct process_code *process, uint64_t address, uint64_t line_address,
		     struct jit_symbol *symbol)
{
	const struct perf_map_entry *entry;

	*symbol = (struct jit_symbol){0};
	if (jit_dump_find(&process->dump, address, line_address, symbol) != JIT_DUMP_NONE)
		return true;
	entry = perf_map_find(&process->jit, address);
	if (entry)
		*symbol = (struct jit_symbol){.name = entry->name,
					      .offset = address - entry->address};
	return entry != NULL;
}

bool processes_jit(struct processes *processes, struct process_code *process, uint64_t address,
		   uint64_t line_address, struct jit_symbol *symbol)
{
	if (find_jit(process, address, line_address, symbol))
		return true;
	if (clock_ns(CLOCK_MONOTONIC_COARSE) - process->jit_read_at <= MISS_NS)
		return false;
	read_jit(processes, process);
	return find_jit(process, address, line_address, symbol);
}
