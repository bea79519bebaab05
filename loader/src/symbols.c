#include "symbols.h"

#include <stdlib.h>

#include "kallsyms.h"
#include "manifest.h"
#include "processes.h"

struct symbols {
	bool kernel_read;
	/* Names of C++ and Rust as people read them. */
	bool readable;
	struct kallsyms kernel;
	struct processes processes;
};

struct symbols *symbols_new(const struct mf_config *config)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->readable = config->cpp_demangle;
	symbols->processes.cache = config->symbol_cache;
	symbols->processes.eager = !config->lazy_symbols;
	return symbols;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	kallsyms_free(&symbols->kernel);
	processes_free(&symbols->processes);
	free(symbols);
}

void symbols_note_process(struct symbols *symbols, uint32_t pid)
{
	processes_note(&symbols->processes, pid);
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

bool symbols_user(struct symbols *symbols, uint32_t pid, uint64_t address, struct symbol *symbol)
{
	struct process *process = processes_find(&symbols->processes, pid);
	const struct proc_mapping *mapping;
	const struct elf_symbols *table;
	const struct elf_function *function;
	const struct perf_map_entry *jit;
	struct mapped_file *file;
	uint64_t inner;

	mapping = process ? processes_mapping(&symbols->processes, process, address) : NULL;
	if (!mapping)
		return false;
	file = process->files[mapping - process->maps.mappings];
	if (!file) {
		jit = processes_jit(process, address);
		if (jit)
			*symbol = (struct symbol){jit->name, address - jit->address, "[jit]"};
		return jit != NULL;
	}
	*symbol = (struct symbol){.module = mapping->path};
	table = mapped_file_symbols(file);
	if (elf_symbols_address(table, address - mapping->start + mapping->offset, &inner)) {
		function = elf_symbols_find(table, inner);
		if (function) {
			symbol->name = mapped_file_name(file, function, symbols->readable);
			symbol->offset = inner - function->address;
		}
	}
	return true;
}
