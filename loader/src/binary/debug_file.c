#include "binary/debug_file.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"
#include "binary/file_view.h"
#include "object/elf_file.h"

/* Compressed debug information becomes 2 to 10 times as large; zlib can be made to give 1032. */
#define RATIO_MAX 64
#define RATIO_ALWAYS (1u << 20)

static bool uncompress_section(struct debug_section *section, struct budget *budget,
			       const uint8_t *bytes, uint64_t size)
{
	uint64_t full;
	uLongf length;

	if (size < sizeof(Elf64_Chdr) ||
	    read_u32(bytes + offsetof(Elf64_Chdr, ch_type)) != ELFCOMPRESS_ZLIB)
		return false;
	full = read_u64(bytes + offsetof(Elf64_Chdr, ch_size));
	if (!full)
		return false;
	if (full > RATIO_ALWAYS && full / RATIO_MAX > size) {
		budget_exceed();
		return false;
	}
	if (!budget_take(budget, full))
		return false;
	section->own = memory_try_bytes(full);
	length = full;
	if (!section->own ||
	    uncompress(section->own, &length, bytes + sizeof(Elf64_Chdr),
		       size - sizeof(Elf64_Chdr)) != Z_OK ||
	    length != full) {
		free(section->own);
		section->own = NULL;
		budget_give(budget, full);
		return false;
	}
	section->bytes = section->own;
	section->size = full;
	return true;
}

static bool read_section(struct debug_section *section, const struct elf_image *image,
			 const char *name)
{
	uint32_t index = elf_image_find_name(image, name);
	uint64_t size = 0;
	const uint8_t *bytes = index ? elf_image_section(image, index, &size) : NULL;
	bool read;

	if (!bytes || !size)
		return false;
	if (read_u64(elf_image_section_header(image, index) + offsetof(Elf64_Shdr, sh_flags)) &
	    SHF_COMPRESSED) {
		read = uncompress_section(section, &image->view->budget, bytes, size);
		elf_image_forget(image, bytes);
		return read;
	}
	*section = (struct debug_section){.bytes = bytes, .size = size};
	return true;
}

static bool read_sections(struct debug_file *file, const struct elf_image *image)
{
	file->budget = &image->view->budget;
	if (!read_section(&file->line, image, ".debug_line"))
		return false;
	read_section(&file->line_str, image, ".debug_line_str");
	read_section(&file->str, image, ".debug_str");
	return true;
}

void debug_file_read_info(struct debug_file *file, const struct elf_image *image)
{
	if (file->info_read)
		return;
	file->info_read = true;
	if (file->image.view)
		image = &file->image;
	read_section(&file->info, image, ".debug_info");
	read_section(&file->abbrev, image, ".debug_abbrev");
	read_section(&file->ranges, image, ".debug_ranges");
	read_section(&file->rnglists, image, ".debug_rnglists");
	read_section(&file->addr, image, ".debug_addr");
	read_section(&file->str_offsets, image, ".debug_str_offsets");
}

static bool has_lines(const struct elf_image *image)
{
	uint32_t index = elf_image_find_name(image, ".debug_line");
	uint64_t size = 0;

	return index && elf_image_has_section(image, index, &size) && size;
}

static bool has_checksum(const struct elf_image *image, uint32_t wanted)
{
	uint32_t found;

	return file_view_checksum(image->view, &found) && found == wanted;
}

static bool has_names(const struct elf_image *image)
{
	return elf_image_find_type(image, SHT_SYMTAB) != 0;
}

/* Opens a separate file; `id` NULL: any will do, if its checksum is `crc`. */
static bool open_separate(struct debug_file *file, const char *path, const uint8_t *id,
			  uint32_t id_size, uint32_t crc)
{
	const uint8_t *found;
	uint32_t found_size;

	if (elf_image_open(&file->image, path) != ELF_IMAGE_OK)
		return false;
	found = elf_image_build_id(&file->image, &found_size);
	if (id ? found && found_size == id_size && memcmp(found, id, id_size) == 0
	       : has_checksum(&file->image, crc)) {
		if (has_lines(&file->image) || has_names(&file->image))
			return true;
	}
	elf_image_close(&file->image);
	return false;
}

static bool open_by_id(struct debug_file *file, const char *folder, int length, const uint8_t *id,
		       uint32_t id_size)
{
	char name[2 * 64 + 1] = "";
	char *path;
	bool found;

	for (uint32_t i = 0; i < id_size && 2 * i + 2 < sizeof(name); i++)
		snprintf(name + 2 * i, 3, "%02x", id[i]);
	path = memory_format("%.*s/.build-id/%.2s/%s.debug", length, folder, name, name + 2);
	found = open_separate(file, path, id, id_size, 0);
	free(path);
	return found;
}

/* The name and checksum in .gnu_debuglink; NULL where there is none. */
static const char *debug_link(const struct elf_image *image, uint32_t *crc)
{
	uint32_t index = elf_image_find_name(image, ".gnu_debuglink");
	uint64_t size = 0, padded;
	const uint8_t *bytes = index ? elf_image_section(image, index, &size) : NULL;
	const uint8_t *end = bytes ? memchr(bytes, 0, size) : NULL;

	if (!end || end == bytes || memchr(bytes, '/', (size_t)(end - bytes)))
		return NULL;
	padded = ((uint64_t)(end - bytes) + 4) & ~(uint64_t)3;
	if (!within(padded, 4, size))
		return NULL;
	*crc = read_u32(bytes + padded);
	return (const char *)bytes;
}

static bool open_by_name(struct debug_file *file, const char *folder, int length, const char *path,
			 const char *within_folder, const char *name, uint32_t crc)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	char *other;
	bool found;

	other = memory_format("%.*s%.*s/%s%s", length, folder, slash ? (int)(slash - path) : 0,
			      path ? path : "", within_folder, name);
	/* A link to itself: the program has no lines. */
	found = (!path || strcmp(other, path) != 0) && open_separate(file, other, NULL, 0, crc);
	free(other);
	return found;
}

static bool search_folder(struct debug_file *file, const struct elf_image *image, const char *path,
			  const char *folder, int length)
{
	uint32_t id_size = 0, crc = 0;
	const uint8_t *id = elf_image_build_id(image, &id_size);
	const char *link = debug_link(image, &crc);

	if (id && open_by_id(file, folder, length, id, id_size))
		return true;
	/* As in /usr/lib/debug, below the program's own folder; or all in one. */
	return link && (open_by_name(file, folder, length, path, "", link, crc) ||
			open_by_name(file, folder, length, NULL, "", link, crc));
}

static bool find_separate(struct debug_file *file, const struct elf_image *image, const char *path,
			  const char *folders)
{
	const char *link;
	uint32_t crc;

	while (folders && *folders) {
		int length = (int)strcspn(folders, ":");

		if (length && search_folder(file, image, path, folders, length))
			return true;
		folders += length + (folders[length] == ':');
	}
	link = debug_link(image, &crc);
	if (path && link &&
	    (open_by_name(file, "", 0, path, "", link, crc) ||
	     open_by_name(file, "", 0, path, ".debug/", link, crc)))
		return true;
	return search_folder(file, image, path, DEBUG_FILE_FOLDER, (int)strlen(DEBUG_FILE_FOLDER));
}

bool debug_file_find(struct debug_file *file, const struct elf_image *image, const char *path,
		     const char *folders)
{
	*file = (struct debug_file){0};
	return has_lines(image) || find_separate(file, image, path, folders);
}

bool debug_file_read_lines(struct debug_file *file, const struct elf_image *image)
{
	return read_sections(file, file->image.view ? &file->image : image);
}

bool debug_file_open(struct debug_file *file, const struct elf_image *image, const char *path,
		     const char *folders)
{
	if (!debug_file_find(file, image, path, folders))
		return false;
	if (debug_file_read_lines(file, image))
		return true;
	debug_file_close(file);
	return false;
}

void debug_file_close(struct debug_file *file)
{
	struct debug_section *sections[] = {&file->line,     &file->line_str, &file->str,
					    &file->info,     &file->abbrev,   &file->ranges,
					    &file->rnglists, &file->addr,     &file->str_offsets};

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (sections[i]->own) {
			free(sections[i]->own);
			budget_give(file->budget, sections[i]->size);
		}
	elf_image_close(&file->image);
	*file = (struct debug_file){0};
}
