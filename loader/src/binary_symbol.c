#include "binary_symbol.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_file.h"
#include "tracefs.h"

/* Bit of .gnu.version that marks a version that is not the default. */
#define VERSION_HIDDEN 0x8000

struct image {
	const uint8_t *bytes;
	size_t size;
	uint64_t sections, segments;
	uint32_t section_count, segment_count;
};

struct match {
	uint64_t address, size;
	/* 0: none; higher is better. */
	int rank;
	bool indirect;
};

static bool open_image(struct image *image, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	void *bytes;

	if (fd < 0)
		return false;
	if (fstat(fd, &info) != 0 || info.st_size == 0) {
		close(fd);
		errno = ENOEXEC;
		return false;
	}
	bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return false;
	image->bytes = bytes;
	image->size = (size_t)info.st_size;
	return true;
}

static bool read_header(struct image *image)
{
	const uint8_t *bytes = image->bytes;

	if (image->size < sizeof(Elf64_Ehdr) || memcmp(bytes, ELFMAG, SELFMAG) != 0 ||
	    bytes[EI_CLASS] != ELFCLASS64 || bytes[EI_DATA] != ELFDATA2LSB)
		return false;
	image->sections = read_u64(bytes + offsetof(Elf64_Ehdr, e_shoff));
	image->section_count = read_u16(bytes + offsetof(Elf64_Ehdr, e_shnum));
	image->segments = read_u64(bytes + offsetof(Elf64_Ehdr, e_phoff));
	image->segment_count = read_u16(bytes + offsetof(Elf64_Ehdr, e_phnum));
	if (!within(image->sections, (uint64_t)image->section_count * sizeof(Elf64_Shdr),
		    image->size))
		image->section_count = 0;
	return within(image->segments, (uint64_t)image->segment_count * sizeof(Elf64_Phdr),
		      image->size);
}

static const uint8_t *section_header(const struct image *image, uint32_t index)
{
	return image->bytes + image->sections + index * sizeof(Elf64_Shdr);
}

/* The bytes of a section, or NULL where they are not in the file. */
static const uint8_t *section_bytes(const struct image *image, uint32_t index, uint64_t *size)
{
	const uint8_t *header;
	uint64_t offset;

	if (index >= image->section_count)
		return NULL;
	header = section_header(image, index);
	offset = read_u64(header + offsetof(Elf64_Shdr, sh_offset));
	*size = read_u64(header + offsetof(Elf64_Shdr, sh_size));
	return within(offset, *size, image->size) ? image->bytes + offset : NULL;
}

/* How well a symbol's name fits: `name` 3, `name@@VERSION` 2, `name@VERSION` 1. */
static int name_rank(const char *symbol, uint64_t room, const char *name, size_t length)
{
	if (room <= length || memcmp(symbol, name, length) != 0)
		return 0;
	if (symbol[length] == 0)
		return 3;
	if (symbol[length] != '@')
		return 0;
	return room > length + 1 && symbol[length + 1] == '@' ? 2 : 1;
}

static void search_table(const struct image *image, uint32_t table, const uint8_t *versions,
			 uint64_t version_size, const char *name, struct match *match)
{
	uint32_t link = read_u32(section_header(image, table) + offsetof(Elf64_Shdr, sh_link));
	uint64_t size, strings_size;
	const uint8_t *symbols = section_bytes(image, table, &size);
	const uint8_t *strings = section_bytes(image, link, &strings_size);
	size_t length = strlen(name);

	if (!symbols || !strings)
		return;
	for (uint64_t i = 0; i < size / sizeof(Elf64_Sym); i++) {
		const uint8_t *symbol = symbols + i * sizeof(Elf64_Sym);
		uint8_t type = ELF64_ST_TYPE(symbol[offsetof(Elf64_Sym, st_info)]);
		uint32_t at = read_u32(symbol + offsetof(Elf64_Sym, st_name));
		int rank;

		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || at >= strings_size ||
		    read_u16(symbol + offsetof(Elf64_Sym, st_shndx)) == SHN_UNDEF)
			continue;
		rank = name_rank((const char *)strings + at, strings_size - at, name, length);
		if (rank && versions && 2 * i + 2 <= version_size &&
		    read_u16(versions + 2 * i) & VERSION_HIDDEN)
			rank = 1;
		if (rank <= match->rank)
			continue;
		match->rank = rank;
		match->indirect = type == STT_GNU_IFUNC;
		match->address = read_u64(symbol + offsetof(Elf64_Sym, st_value));
		match->size = read_u64(symbol + offsetof(Elf64_Sym, st_size));
	}
}

static void search(const struct image *image, const char *name, struct match *match)
{
	const uint8_t *versions = NULL;
	uint64_t version_size = 0;

	for (uint32_t i = 0; i < image->section_count; i++)
		if (read_u32(section_header(image, i) + offsetof(Elf64_Shdr, sh_type)) ==
		    SHT_GNU_versym)
			versions = section_bytes(image, i, &version_size);
	for (uint32_t i = 0; i < image->section_count; i++) {
		uint32_t type = read_u32(section_header(image, i) + offsetof(Elf64_Shdr, sh_type));

		if (type == SHT_DYNSYM)
			search_table(image, i, versions, version_size, name, match);
		else if (type == SHT_SYMTAB)
			search_table(image, i, NULL, 0, name, match);
	}
}

/* Whether an offset in the file is one of code. */
static bool is_code(const struct image *image, uint64_t offset)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const uint8_t *segment = image->bytes + image->segments + i * sizeof(Elf64_Phdr);
		uint64_t start = read_u64(segment + offsetof(Elf64_Phdr, p_offset));

		if (read_u32(segment + offsetof(Elf64_Phdr, p_type)) == PT_LOAD &&
		    read_u32(segment + offsetof(Elf64_Phdr, p_flags)) & PF_X && offset >= start &&
		    offset - start < read_u64(segment + offsetof(Elf64_Phdr, p_filesz)))
			return true;
	}
	return false;
}

/* Where in the file the code at an address is. */
static bool file_offset_of(const struct image *image, uint64_t address, uint64_t *offset)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const uint8_t *segment = image->bytes + image->segments + i * sizeof(Elf64_Phdr);
		uint64_t start = read_u64(segment + offsetof(Elf64_Phdr, p_vaddr));
		uint64_t size = read_u64(segment + offsetof(Elf64_Phdr, p_filesz));

		if (read_u32(segment + offsetof(Elf64_Phdr, p_type)) != PT_LOAD ||
		    address < start || address - start >= size)
			continue;
		*offset = address - start + read_u64(segment + offsetof(Elf64_Phdr, p_offset));
		return is_code(image, *offset);
	}
	return false;
}

enum binary_symbol_result binary_symbol_find(const char *path, const char *name, uint64_t offset,
					     uint64_t *file_offset)
{
	enum binary_symbol_result result = BINARY_SYMBOL_FOUND;
	struct image image = {0};
	struct match match = {0};

	if (!open_image(&image, path))
		return errno == ENOEXEC ? BINARY_SYMBOL_NOT_ELF : BINARY_SYMBOL_NO_FILE;
	if (!read_header(&image)) {
		result = BINARY_SYMBOL_NOT_ELF;
		goto out;
	}
	if (*name) {
		search(&image, name, &match);
		if (match.rank == 0)
			result = BINARY_SYMBOL_UNKNOWN;
		else if (match.indirect)
			result = BINARY_SYMBOL_INDIRECT;
		else if (offset && offset >= match.size)
			result = BINARY_SYMBOL_BEYOND;
	}
	if (result == BINARY_SYMBOL_FOUND &&
	    !file_offset_of(&image, match.address + offset, file_offset)) {
		if (*name)
			result = BINARY_SYMBOL_UNKNOWN;
		else if (is_code(&image, offset))
			*file_offset = offset;
		else
			result = BINARY_SYMBOL_BEYOND;
	}
out:
	munmap((void *)image.bytes, image.size);
	return result;
}

/* The functions of one file while they are collected. */
struct collection {
	struct arena *arena;
	const char *pattern;
	struct binary_function *functions;
	size_t count, room;
	bool enough;
};

/* `name` is `length` bytes long; a version may follow. */
static void collect(struct collection *into, const char *name, size_t length, uint64_t offset,
		    bool is_local)
{
	const char *copy;

	if (!name[length] && !pattern_match(into->pattern, name))
		return;
	copy = arena_text(into->arena, name, length);
	if (copy && name[length] && !pattern_match(into->pattern, copy))
		return;
	if (copy && into->count == into->room) {
		size_t room = into->room ? 2 * into->room : 256;
		struct binary_function *larger =
			realloc(into->functions, room * sizeof(*into->functions));

		if (larger) {
			into->functions = larger;
			into->room = room;
		}
	}
	if (!copy || into->count == into->room) {
		into->enough = false;
		return;
	}
	into->functions[into->count++] = (struct binary_function){
		.name = copy,
		.offset = offset,
		.rank = (uint32_t)(strspn(copy, "_") * 2 + is_local),
	};
}

static void collect_table(const struct image *image, uint32_t table, struct collection *into)
{
	uint32_t link = read_u32(section_header(image, table) + offsetof(Elf64_Shdr, sh_link));
	uint64_t size, strings_size;
	const uint8_t *symbols = section_bytes(image, table, &size);
	const uint8_t *strings = section_bytes(image, link, &strings_size);

	if (!symbols || !strings)
		return;
	for (uint64_t i = 0; i < size / sizeof(Elf64_Sym) && into->enough; i++) {
		const uint8_t *symbol = symbols + i * sizeof(Elf64_Sym);
		uint8_t info = symbol[offsetof(Elf64_Sym, st_info)];
		uint32_t at = read_u32(symbol + offsetof(Elf64_Sym, st_name));
		const char *name = (const char *)strings + at;
		uint64_t offset;
		size_t length;

		/* The code of an indirect function is a resolver that runs once. */
		if (ELF64_ST_TYPE(info) != STT_FUNC || at >= strings_size ||
		    read_u16(symbol + offsetof(Elf64_Sym, st_shndx)) == SHN_UNDEF ||
		    !file_offset_of(image, read_u64(symbol + offsetof(Elf64_Sym, st_value)),
				    &offset))
			continue;
		if (!memchr(name, 0, strings_size - at))
			continue;
		length = strcspn(name, "@");
		/* Parts that compilers move away from functions are jumped to, not called. */
		if (length && !strstr(name, ".cold"))
			collect(into, name, length, offset, ELF64_ST_BIND(info) == STB_LOCAL);
	}
}

static int by_offset(const void *left, const void *right)
{
	const struct binary_function *a = left, *b = right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

enum binary_symbol_result binary_symbol_match(struct arena *arena, const char *path,
					      const char *pattern,
					      struct binary_function **functions, size_t *count)
{
	struct collection found = {.arena = arena, .pattern = pattern, .enough = true};
	enum binary_symbol_result result = BINARY_SYMBOL_FOUND;
	struct image image = {0};

	*functions = NULL;
	*count = 0;
	if (!open_image(&image, path))
		return errno == ENOEXEC ? BINARY_SYMBOL_NOT_ELF : BINARY_SYMBOL_NO_FILE;
	if (!read_header(&image)) {
		result = BINARY_SYMBOL_NOT_ELF;
		goto out;
	}
	for (uint32_t i = 0; i < image.section_count; i++) {
		uint32_t type = read_u32(section_header(&image, i) + offsetof(Elf64_Shdr, sh_type));

		if (type == SHT_DYNSYM || type == SHT_SYMTAB)
			collect_table(&image, i, &found);
	}
	if (!found.enough) {
		free(found.functions);
		errno = ENOMEM;
		result = BINARY_SYMBOL_NO_FILE;
		goto out;
	}
	if (found.count)
		qsort(found.functions, found.count, sizeof(*found.functions), by_offset);
	for (size_t i = 0; i < found.count; i++)
		if (i == 0 || found.functions[i].offset != found.functions[*count - 1].offset)
			found.functions[(*count)++] = found.functions[i];
	*functions = found.functions;
	result = *count ? BINARY_SYMBOL_FOUND : BINARY_SYMBOL_UNKNOWN;
out:
	munmap((void *)image.bytes, image.size);
	return result;
}
