#include "symbols/symbols.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "binary/budget.h"
#include "binary/elf_image.h"
#include "host/kallsyms.h"
#include "object/manifest.h"
#include "symbols/file_symbol.h"
#include "symbols/processes.h"

struct symbols {
	bool kernel_read;
	/* Where it is read from; -1: it is not open. */
	int kernel_file;
	/* It shows no addresses. */
	bool kernel_hidden;
	/* Names of C++ and Rust as people read them. */
	bool readable;
	/* Source lines, from debug files in these folders among others. */
	bool sources;
	const char *debug_folders;
	struct kallsyms kernel;
	struct processes processes;
	/* Of the last name in code of a just-in-time compiler. */
	struct code_frame jit_frame;
};

struct symbols *symbols_new(const struct mf_config *config, const char *debug_folders)
{
	struct symbols *symbols = memory_zeroed(sizeof(*symbols));

	symbols->readable = config->cpp_demangle;
	symbols->sources = config->show_debug_info;
	symbols->debug_folders = debug_folders;
	symbols->processes.cache = config->cache_user_symbols;
	symbols->kernel_file = -1;
	symbols->processes.eager = !config->lazy_symbolication;
	return symbols;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	if (symbols->kernel_file >= 0)
		close(symbols->kernel_file);
	kallsyms_free(&symbols->kernel);
	processes_free(&symbols->processes);
	free(symbols);
}

void symbols_open_kernel(struct symbols *symbols)
{
	if (symbols->kernel_file < 0)
		symbols->kernel_file = kallsyms_open("/proc/kallsyms");
}

void symbols_note_process(struct symbols *symbols, uint32_t pid)
{
	processes_note(&symbols->processes, pid);
}

int symbols_follow(struct symbols *symbols, uint32_t pid)
{
	if (!followed_begin(&symbols->processes.followed, pid))
		return -1;
	return task_records_fd(symbols->processes.followed.records);
}

void symbols_hear(struct symbols *symbols)
{
	followed_update(&symbols->processes.followed);
}

bool symbols_kernel(struct symbols *symbols, uint64_t address, struct symbol *symbol)
{
	struct kernel_symbol found;

	if (!symbols->kernel_read) {
		symbols->kernel_read = true;
		symbols_open_kernel(symbols);
		/* Addresses that are hidden or unreadable leave the table empty: they print as
		 * numbers. */
		symbols->kernel_hidden = !kallsyms_read(&symbols->kernel, symbols->kernel_file);
		symbols->kernel_file = -1;
	}
	if (!kallsyms_find(&symbols->kernel, address, &found))
		return false;
	*symbol =
		(struct symbol){.name = found.name, .offset = found.offset, .module = found.module};
	return true;
}

/* Where an address is. */
struct place {
	struct process_code *process;
	const struct proc_mapping *mapping;
	/* NULL: anonymous memory. */
	struct mapped_file *file;
	/* In the file. */
	uint64_t offset;
};

static bool find_place(struct symbols *symbols, uint32_t pid, uint64_t address, struct place *place)
{
	struct processes *processes = &symbols->processes;

	place->process = processes_find(processes, pid);
	place->mapping =
		place->process ? processes_mapping(processes, place->process, address) : NULL;
	if (!place->mapping)
		return false;
	place->file = place->process->files[place->mapping - place->process->maps.mappings];
	place->offset = address - place->mapping->start + place->mapping->offset;
	if (place->file)
		mapped_files_use(&processes->files, place->file, place->process->pid,
				 place->mapping);
	return !place->file || mapped_file_is_of(place->file, place->mapping);
}

static bool name_jit(struct symbols *symbols, struct process_code *process, uint64_t address,
		     enum file_lines lines, struct symbol *symbol)
{
	struct jit_symbol jit;

	if (!processes_jit(&symbols->processes, process, address,
			   address - (lines == FILE_LINES_OF_CALL), &jit))
		return false;
	*symbol = (struct symbol){.name = jit.name, .offset = jit.offset, .module = SYMBOLS_JIT};
	if (jit.line && lines != FILE_LINES_NONE) {
		symbols->jit_frame = (struct code_frame){.line = jit.line};
		symbol->frames = &symbols->jit_frame;
		symbol->frame_count = 1;
	}
	return true;
}

static bool name_place(struct symbols *symbols, uint32_t pid, uint64_t address,
		       enum file_lines lines, struct symbol *symbol)
{
	struct code_source source;
	struct mapped_file *file;
	struct place place;
	uint64_t inner;

	if (!find_place(symbols, pid, address, &place))
		return false;
	file = place.file;
	if (!file)
		return name_jit(symbols, place.process, address, lines, symbol);
	*symbol = (struct symbol){.module = place.mapping->path};
	if (!elf_symbols_address(mapped_file_symbols(file), place.offset, &inner))
		return true;
	source = (struct code_source){
		.image = &file->image,
		.path = place.mapping->path,
		.folders = symbols->debug_folders,
		.readable = symbols->readable,
	};
	file_symbol(file, &source, inner, lines, symbol);
	return true;
}

bool symbols_user(struct symbols *symbols, uint32_t pid, uint64_t address, struct symbol *symbol)
{
	return name_place(symbols, pid, address, FILE_LINES_NONE, symbol);
}

bool symbols_user_source(struct symbols *symbols, uint32_t pid, uint64_t address, bool is_return,
			 struct symbol *symbol)
{
	enum file_lines lines = is_return ? FILE_LINES_OF_CALL : FILE_LINES_OF_PLACE;

	return name_place(symbols, pid, address, symbols->sources ? lines : FILE_LINES_NONE,
			  symbol);
}

bool symbols_place(struct symbols *symbols, uint32_t pid, uint64_t address, bool with_address,
		   struct symbol_place *found)
{
	struct place place;

	if (!find_place(symbols, pid, address, &place) || !place.file)
		return false;
	*found = (struct symbol_place){.module = place.mapping->path, .offset = place.offset};
	found->has_address = with_address && elf_symbols_address(mapped_file_symbols(place.file),
								 place.offset, &found->address);
	if (place.file->image.view)
		found->build_id = elf_image_build_id(&place.file->image, &found->build_id_size);
	return true;
}

uint64_t symbols_generation(const struct symbols *symbols)
{
	return symbols->processes.generation;
}

bool symbols_were_denied(const struct symbols *symbols)
{
	return symbols->kernel_hidden || symbols->processes.were_denied ||
	       symbols->processes.files.were_denied;
}

bool symbols_were_limited(void)
{
	return budget_was_exceeded();
}
