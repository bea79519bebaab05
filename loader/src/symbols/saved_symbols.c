#include "symbols/saved_symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/failure.h"
#include "base/memory.h"
#include "binary/debug_file.h"
#include "binary/mapped_file.h"
#include "binary/proc_maps.h"
#include "host/kallsyms.h"
#include "symbols/file_symbol.h"
#include "symbols/named_files.h"
#include "symbols/symbols.h"

#define UPPER_HALF (1ull << 63)
/* Files of a map that are opened: processes have some hundreds. */
#define MAPPED_MOST 4096

struct program {
	const char *path;
	struct mapped_file file;
};

/* A file of the map. */
struct mapped {
	/* The first mapping of it, whose path stands in the text of the map, each once. Where a
	 * file was replaced, both stand there under one path. */
	const struct proc_mapping *first;
	/* NULL: there is none for it. */
	struct program *program;
	/* There is another file at its path here. */
	bool is_other;
};

struct saved_symbols {
	char *folders;
	struct named_files by_id;
	/* What was given, then what the map led to. */
	struct program **programs;
	uint32_t given, program_count, program_room;
	bool has_maps;
	struct proc_maps maps;
	struct mapped *mapped;
	uint32_t mapped_count, mapped_room, mapped_told;
	struct kallsyms kernel;
	/* What addresses of the host are above those of the table. */
	uint64_t slide;
};

bool saved_symbols_is_kernel(uint64_t address)
{
	return address >= UPPER_HALF;
}

/* NULL: it is no ELF file. */
static struct program *open_program(struct saved_symbols *symbols, const char *path)
{
	struct program *program = memory_zeroed(sizeof(*program));

	if (!mapped_file_open(&program->file, path)) {
		free(program);
		return NULL;
	}
	program->path = path;
	memory_grow(symbols->programs, symbols->program_count, symbols->program_room);
	symbols->programs[symbols->program_count++] = program;
	return program;
}

static int open_programs(struct saved_symbols *symbols, const struct saved_files *files,
			 struct failure *failure)
{
	for (uint32_t i = 0; i < files->program_count; i++) {
		const char *path = files->programs[i];

		errno = 0;
		if (open_program(symbols, path))
			continue;
		fail(failure, STATUS_FAILED, "it cannot be read as a program: %s",
		     errno && errno != ENOEXEC ? strerror(errno) : "it is no ELF file of 64 bits");
		return fail_at(failure, path, 0);
	}
	symbols->given = symbols->program_count;
	return STATUS_OK;
}

static int open_maps(struct saved_symbols *symbols, const char *path, struct failure *failure)
{
	errno = 0;
	symbols->has_maps = proc_maps_read(&symbols->maps, path);
	if (!symbols->has_maps)
		fail(failure, STATUS_FAILED, "cannot read it: %s", strerror(errno));
	else if (!symbols->maps.count)
		fail(failure, STATUS_FAILED,
		     "it has no mapping of code, as a copy of /proc/PID/maps has");
	return fail_at(failure, path, 0);
}

/* Per-CPU variables stand below, by their offsets. */
static uint64_t first_of_kernel(const struct kallsyms *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (saved_symbols_is_kernel(table->entries[i].address))
			return table->entries[i].address;
	return 0;
}

static int open_kernel(struct saved_symbols *symbols, const struct saved_files *files,
		       struct failure *failure)
{
	int fd = kallsyms_open(files->kallsyms);
	uint64_t first;

	if (fd < 0) {
		fail(failure, STATUS_FAILED, "cannot read it: %s", strerror(errno));
		return fail_at(failure, files->kallsyms, 0);
	}
	kallsyms_read(&symbols->kernel, fd);
	first = first_of_kernel(&symbols->kernel);
	if (!first) {
		fail(failure, STATUS_FAILED, "it has no addresses of a kernel");
		fail_hint(failure, "Save /proc/kallsyms as root, or take a System.map.");
		return fail_at(failure, files->kallsyms, 0);
	}
	symbols->slide = files->kernel_base ? files->kernel_base - first : 0;
	return STATUS_OK;
}

int saved_symbols_open(struct saved_symbols **out, const struct saved_files *files,
		       struct failure *failure)
{
	struct saved_symbols *symbols = *out = memory_zeroed(sizeof(*symbols));

	symbols->folders = files->debug_folders
				   ? memory_format("%s:" DEBUG_FILE_FOLDER, files->debug_folders)
				   : memory_text(DEBUG_FILE_FOLDER);
	symbols->by_id = (struct named_files){.folders = symbols->folders, .readable = true};
	if (open_programs(symbols, files, failure) == STATUS_OK && files->maps)
		open_maps(symbols, files->maps, failure);
	if (failure->status == STATUS_OK && files->kallsyms)
		open_kernel(symbols, files, failure);
	return failure->status;
}

void saved_symbols_free(struct saved_symbols *symbols)
{
	if (!symbols)
		return;
	for (uint32_t i = 0; i < symbols->program_count; i++) {
		mapped_file_close(&symbols->programs[i]->file);
		free(symbols->programs[i]);
	}
	free(symbols->programs);
	free(symbols->mapped);
	proc_maps_free(&symbols->maps);
	kallsyms_free(&symbols->kernel);
	named_files_free(&symbols->by_id);
	free(symbols->folders);
	free(symbols);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What was given under that name. */
static struct program *given_for(const struct saved_symbols *symbols, const char *path)
{
	for (uint32_t i = 0; i < symbols->given; i++)
		if (strcmp(base_name(symbols->programs[i]->path), base_name(path)) == 0)
			return symbols->programs[i];
	return NULL;
}

/* A map says of its files where they were, and what number they had there: the file that stands at
 * the path here is the one only if it has both. */
static struct program *file_here(struct saved_symbols *symbols, const struct proc_mapping *mapping,
				 bool *is_other)
{
	struct stat status;

	if (mapping->path[0] != '/' || mapping->deleted || stat(mapping->path, &status) != 0)
		return NULL;
	*is_other = (uint64_t)status.st_ino != mapping->inode ||
		    major(status.st_dev) != mapping->device_major ||
		    minor(status.st_dev) != mapping->device_minor;
	return *is_other ? NULL : open_program(symbols, mapping->path);
}

static bool is_same_file(const struct proc_mapping *one, const struct proc_mapping *other)
{
	return one->path == other->path && one->inode == other->inode &&
	       one->device_major == other->device_major &&
	       one->device_minor == other->device_minor && one->deleted == other->deleted;
}

static struct program *program_of(struct saved_symbols *symbols, const struct proc_mapping *mapping)
{
	struct mapped *mapped;

	for (uint32_t i = 0; i < symbols->mapped_count; i++)
		if (is_same_file(symbols->mapped[i].first, mapping))
			return symbols->mapped[i].program;
	if (symbols->mapped_count == MAPPED_MOST)
		return NULL;
	memory_grow(symbols->mapped, symbols->mapped_count, symbols->mapped_room);
	mapped = &symbols->mapped[symbols->mapped_count++];
	*mapped = (struct mapped){.first = mapping};
	mapped->program = given_for(symbols, mapping->path);
	if (!mapped->program)
		mapped->program = file_here(symbols, mapping, &mapped->is_other);
	return mapped->program;
}

const char *saved_symbols_other_file(struct saved_symbols *symbols)
{
	while (symbols->mapped_told < symbols->mapped_count) {
		const struct mapped *mapped = &symbols->mapped[symbols->mapped_told++];

		if (mapped->is_other)
			return mapped->first->path;
	}
	return NULL;
}

static bool name_in(const struct saved_symbols *symbols, struct program *program, uint64_t address,
		    bool is_return, struct symbol *symbol)
{
	const struct code_source source = {.image = &program->file.image,
					   .path = program->path,
					   .folders = symbols->folders,
					   .readable = true};

	return file_symbol(&program->file, &source, address,
			   is_return ? FILE_LINES_OF_CALL : FILE_LINES_OF_PLACE, symbol);
}

static bool name_kernel(const struct saved_symbols *symbols, uint64_t address,
			struct symbol *symbol)
{
	struct kernel_symbol found;

	if (!kallsyms_find(&symbols->kernel, address - symbols->slide, &found))
		return false;
	*symbol =
		(struct symbol){.name = found.name, .offset = found.offset, .module = found.module};
	return true;
}

/* The last function of a file ends where nobody says. */
static bool is_code(const struct program *program, uint64_t address)
{
	uint64_t offset;

	return elf_image_offset(&program->file.image, address, &offset) &&
	       elf_image_is_code(&program->file.image, offset);
}

bool saved_symbols_address(struct saved_symbols *symbols, uint64_t address, bool is_return,
			   struct symbol *symbol)
{
	const struct proc_mapping *mapping;
	struct program *program;
	uint64_t inner = address;

	*symbol = (struct symbol){0};
	if (saved_symbols_is_kernel(address))
		return name_kernel(symbols, address, symbol);
	if (!symbols->has_maps) {
		program = symbols->given == 1 ? symbols->programs[0] : NULL;
		if (!program || !is_code(program, address))
			return false;
		symbol->module = program->path;
		return name_in(symbols, program, address, is_return, symbol);
	}
	mapping = proc_maps_find(&symbols->maps, address);
	program = mapping && *mapping->path ? program_of(symbols, mapping) : NULL;
	if (!program)
		return false;
	symbol->module = mapping->path;
	return elf_symbols_address(mapped_file_symbols(&program->file),
				   address - mapping->start + mapping->offset, &inner) &&
	       name_in(symbols, program, inner, is_return, symbol);
}

static bool has_id(const struct program *program, const uint8_t *id, uint32_t size)
{
	uint32_t own_size = 0;
	const uint8_t *own = elf_image_build_id(&program->file.image, &own_size);

	return own && own_size == size && memcmp(own, id, size) == 0;
}

bool saved_symbols_place(struct saved_symbols *symbols, const uint8_t *id, uint32_t size,
			 uint64_t offset, bool is_return, struct symbol *symbol)
{
	struct named_place place = {
		.build_id = id, .build_id_size = size, .offset = offset, .is_return = is_return};

	for (uint32_t i = 0; i < symbols->given; i++) {
		struct program *program = symbols->programs[i];

		*symbol = (struct symbol){0};
		if (!has_id(program, id, size) ||
		    !elf_symbols_address(mapped_file_symbols(&program->file), offset,
					 &place.address))
			continue;
		if (name_in(symbols, program, place.address, is_return, symbol))
			return true;
		place.has_address = true;
	}
	*symbol = (struct symbol){0};
	return named_files_symbol(&symbols->by_id, &place, symbol);
}
