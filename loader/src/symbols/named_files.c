#include "symbols/named_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "binary/mapped_file.h"
#include "symbols/file_symbol.h"
#include "symbols/symbols.h"

/* Of SHA-512; linkers make 20 bytes. */
#define ID_MOST 64
/* Then all are forgotten. */
#define FILES_MOST 512

/* In the order in which they are looked for: as distributions have it, whose names are split behind
 * two digits, and as clients of debuginfod do. */
static const struct {
	bool is_split;
	const char *end;
} places[] = {{true, ".debug"}, {false, "/debuginfo"}, {true, ""}, {false, "/executable"}};

#define PLACE_COUNT (sizeof(places) / sizeof(*places))

/* A file and where it was found; not open: that folder has none there. */
struct named_file {
	/* With the same hash. */
	struct named_file *next;
	uint8_t id[ID_MOST];
	uint32_t id_size;
	struct {
		struct mapped_file file;
		char *path;
	} found[PLACE_COUNT];
};

static uint64_t hash_of(const uint8_t *id, uint32_t size)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (uint32_t i = 0; i < size; i++)
		hash = (hash ^ id[i]) * 0x100000001b3u;
	return hash;
}

static void free_files(void *item)
{
	struct named_file *file = item;

	while (file) {
		struct named_file *next = file->next;

		for (size_t i = 0; i < PLACE_COUNT; i++) {
			mapped_file_close(&file->found[i].file);
			free(file->found[i].path);
		}
		free(file);
		file = next;
	}
}

void named_files_free(struct named_files *files)
{
	id_table_free(&files->by_id, free_files);
}

/* Whether the file is the one that is meant. */
static bool has_id(const struct mapped_file *file, const struct named_file *named)
{
	uint32_t size = 0;
	const uint8_t *id = elf_image_build_id(&file->image, &size);

	return id && size == named->id_size && memcmp(id, named->id, size) == 0;
}

static void look_for(struct named_file *named, size_t place, const char *folders)
{
	char digits[2 * ID_MOST + 1];

	for (uint32_t i = 0; i < named->id_size; i++)
		snprintf(digits + 2 * i, 3, "%02x", named->id[i]);
	while (folders && *folders && !named->found[place].path) {
		int length = (int)strcspn(folders, ":");
		struct mapped_file *file = &named->found[place].file;
		const char *end = places[place].end;
		char *path = places[place].is_split
				     ? memory_format("%.*s/.build-id/%.2s/%s%s", length, folders,
						     digits, digits + 2, end)
				     : memory_format("%.*s/%s%s", length, folders, digits, end);

		if (mapped_file_open(file, path) && has_id(file, named)) {
			named->found[place].path = path;
		} else {
			mapped_file_close(file);
			free(path);
		}
		folders += length + (folders[length] == ':');
	}
}

static struct named_file *find(struct named_files *files, const uint8_t *id, uint32_t size)
{
	uint64_t hash = hash_of(id, size);
	struct named_file *first = id_table_find(&files->by_id, hash), *file = first;

	while (file && (file->id_size != size || memcmp(file->id, id, size) != 0))
		file = file->next;
	if (file)
		return file;
	if (files->by_id.count >= FILES_MOST) {
		named_files_free(files);
		first = NULL;
	}
	file = memory_zeroed(sizeof(*file));
	memcpy(file->id, id, size);
	file->id_size = size;
	for (size_t i = 0; i < PLACE_COUNT; i++)
		look_for(file, i, files->folders);
	file->next = first;
	if (first)
		id_table_replace(&files->by_id, hash, file);
	else
		id_table_add(&files->by_id, hash, file);
	return file;
}

static bool name_in(const struct named_files *files, struct mapped_file *file, const char *path,
		    const struct named_place *place, uint64_t address, struct symbol *symbol)
{
	const struct code_source source = {.image = &file->image,
					   .path = path,
					   .folders = files->folders,
					   .readable = files->readable};
	struct symbol found = {.module = symbol->module};

	if (!file_symbol(file, &source, address,
			 place->is_return ? FILE_LINES_OF_CALL : FILE_LINES_OF_PLACE, &found))
		return false;
	*symbol = found;
	return true;
}

/* The place in the file's own space: a file with debug information alone may not know where its
 * segments stand, but the program beside it does. */
static bool address_of(struct named_file *named, const struct named_place *place, uint64_t *address)
{
	*address = place->address;
	if (place->has_address)
		return true;
	for (size_t i = 0; i < PLACE_COUNT; i++)
		if (named->found[i].path &&
		    elf_symbols_address(mapped_file_symbols(&named->found[i].file), place->offset,
					address))
			return true;
	return false;
}

bool named_files_symbol(struct named_files *files, const struct named_place *place,
			struct symbol *symbol)
{
	struct named_file *named;
	uint64_t address;

	if (!place->build_id_size || place->build_id_size > ID_MOST)
		return false;
	named = find(files, place->build_id, place->build_id_size);
	if (!address_of(named, place, &address))
		return false;
	for (size_t i = 0; i < PLACE_COUNT; i++)
		if (named->found[i].path && name_in(files, &named->found[i].file,
						    named->found[i].path, place, address, symbol))
			return true;
	return false;
}
