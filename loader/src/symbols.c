#include "symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "id_table.h"
#include "kallsyms.h"
#include "mapped_file.h"
#include "perf_map.h"
#include "proc_maps.h"

/* How long an address that no mapping holds is believed to have none, before the maps are read
 * again. */
#define MISS_NS 50000000u

/* Which program a pid runs: changes when it execs, and when the pid is given to another process. */
struct identity {
	uint64_t proc_inode;
	uint64_t exe_device, exe_inode;
};

struct process {
	uint32_t pid;
	struct identity identity;
	struct proc_maps maps;
	/* One for each mapping; NULL for anonymous memory. */
	struct mapped_file **files;
	struct perf_map jit;
	/* Monotonic time of the last reading of the maps, and of the JIT's map. */
	uint64_t read_at, jit_read_at;
};

struct symbols {
	bool kernel_read;
	struct kallsyms kernel;
	struct id_table processes;
	struct mapped_files files;
};

struct symbols *symbols_new(void)
{
	return calloc(1, sizeof(struct symbols));
}

static void forget_maps(struct process *process)
{
	proc_maps_free(&process->maps);
	free(process->files);
	process->files = NULL;
	perf_map_free(&process->jit);
}

static void free_process(void *item)
{
	forget_maps(item);
	free(item);
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	kallsyms_free(&symbols->kernel);
	id_table_free(&symbols->processes, free_process);
	mapped_files_free(&symbols->files);
	free(symbols);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
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

/* Replaces what is known of a process; keeps it when the process has gone. */
static void read_maps(struct symbols *symbols, struct process *process)
{
	struct mapped_file **files;
	struct proc_maps maps;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", process->pid);
	if (!proc_maps_read(&maps, path))
		return;
	files = calloc(maps.count + 1, sizeof(struct mapped_file *));
	/* The maps of a process that is exiting are empty (its mm has been given back already). */
	if (!files || !maps.count) {
		proc_maps_free(&maps);
		free(files);
		return;
	}
	for (size_t i = 0; i < maps.count; i++)
		files[i] = mapped_files_get(&symbols->files, process->pid, &maps.mappings[i]);
	forget_maps(process);
	process->maps = maps;
	process->files = files;
}

static struct process *note(struct symbols *symbols, uint32_t pid)
{
	struct process *process = id_table_find(&symbols->processes, pid);
	struct identity identity;
	bool alive = identify(pid, &identity);

	if (process && (!alive || same_program(&identity, &process->identity)))
		return process;
	if (!process) {
		process = calloc(1, sizeof(*process));
		if (!process)
			return NULL;
		process->pid = pid;
		if (!id_table_add(&symbols->processes, pid, process)) {
			free(process);
			return NULL;
		}
	}
	if (alive)
		process->identity = identity;
	process->read_at = now();
	read_maps(symbols, process);
	return process;
}

void symbols_note_process(struct symbols *symbols, uint32_t pid)
{
	(void)note(symbols, pid);
}

bool symbols_kernel(struct symbols *symbols, uint64_t address, struct symbol *symbol)
{
	struct kernel_symbol found;

	if (!symbols->kernel_read) {
		symbols->kernel_read = true;
		/* Addresses that are hidden or unreadable leave the table empty: they print as
		 * numbers. */
		(void)kallsyms_read(&symbols->kernel, "/proc/kallsyms");
	}
	if (!kallsyms_find(&symbols->kernel, address, &found))
		return false;
	*symbol = (struct symbol){found.name, found.offset, found.module};
	return true;
}

static bool find_jit(struct process *process, uint64_t address, struct symbol *symbol)
{
	const struct perf_map_entry *entry = perf_map_find(&process->jit, address);

	if (!entry && now() - process->jit_read_at > MISS_NS) {
		process->jit_read_at = now();
		if (perf_map_refresh(&process->jit, process->pid))
			entry = perf_map_find(&process->jit, address);
	}
	if (!entry)
		return false;
	*symbol = (struct symbol){entry->name, address - entry->address, "[jit]"};
	return true;
}

bool symbols_user(struct symbols *symbols, uint32_t pid, uint64_t address, struct symbol *symbol)
{
	struct process *process = id_table_find(&symbols->processes, pid);
	const struct proc_mapping *mapping;
	const struct elf_symbols *table;
	const struct elf_function *function;
	struct mapped_file *file;
	uint64_t inner;

	if (!process)
		process = note(symbols, pid);
	if (!process)
		return false;
	mapping = proc_maps_find(&process->maps, address);
	if (!mapping && now() - process->read_at > MISS_NS) {
		/* A library that was loaded since. */
		process->read_at = now();
		read_maps(symbols, process);
		mapping = proc_maps_find(&process->maps, address);
	}
	if (!mapping)
		return false;
	file = process->files[mapping - process->maps.mappings];
	if (!file)
		return find_jit(process, address, symbol);
	*symbol = (struct symbol){.module = mapping->path};
	table = mapped_file_symbols(file);
	if (elf_symbols_address(table, address - mapping->start + mapping->offset, &inner)) {
		function = elf_symbols_find(table, inner);
		if (function) {
			symbol->name = table->strings + function->name;
			symbol->offset = inner - function->address;
		}
	}
	return true;
}
