#include "binary/symbol.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "binary/demangle.h"
#include "object/elf_file.h"
#include "binary/elf_image.h"
#include "binary/file_view.h"
#include "host/tracefs.h"
#include "binary/x86_length.h"

/* Bit of .gnu.version that marks a version that is not the default. */
#define VERSION_HIDDEN 0x8000

struct match {
	uint64_t address, size;
	/* 0: none; higher is better. */
	int rank;
	bool indirect;
};

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

static void search_table(const struct elf_image *image, uint32_t table, const uint8_t *versions,
			 uint64_t version_size, const char *name, struct match *match)
{
	uint32_t link =
		read_u32(elf_image_section_header(image, table) + offsetof(Elf64_Shdr, sh_link));
	uint64_t size, strings_size;
	const uint8_t *symbols = elf_image_section(image, table, &size);
	const uint8_t *strings = elf_image_section(image, link, &strings_size);
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

static void search(const struct elf_image *image, const char *name, struct match *match)
{
	const uint8_t *versions = NULL;
	uint64_t version_size = 0;
	/* A file has one section of each of these types (System V ABI, Sections). */
	uint32_t dynamic = elf_image_find_type(image, SHT_DYNSYM);
	uint32_t table = elf_image_find_type(image, SHT_SYMTAB);
	uint32_t version = elf_image_find_type(image, SHT_GNU_versym);

	if (version)
		versions = elf_image_section(image, version, &version_size);
	if (dynamic)
		search_table(image, dynamic, versions, version_size, name, match);
	if (table)
		search_table(image, table, NULL, 0, name, match);
}

/* Where in the file the code at an address is. */
static bool code_offset(const struct elf_image *image, uint64_t address, uint64_t *offset)
{
	return elf_image_offset(image, address, offset) && elf_image_is_code(image, *offset);
}

static enum binary_symbol_result open_image(struct elf_image *image, const char *path)
{
	switch (elf_image_open(image, path)) {
	case ELF_IMAGE_OK:
		return BINARY_SYMBOL_FOUND;
	case ELF_IMAGE_NO_FILE:
		return BINARY_SYMBOL_NO_FILE;
	case ELF_IMAGE_NOT_ELF:
		break;
	}
	return BINARY_SYMBOL_NOT_ELF;
}

/* Whether an instruction begins at an offset in the function at an address. */
static bool is_instruction(const struct elf_image *image, uint64_t address, uint64_t offset)
{
	uint64_t start, size, at = 0;
	const uint8_t *code;

	if (image->machine != EM_X86_64 || !elf_image_offset(image, address, &start))
		return true;
	size = image->view->size - start;
	if (offset < size && size - offset > X86_LENGTH_MAX)
		size = offset + X86_LENGTH_MAX;
	code = elf_image_bytes(image, start, size);
	if (!code)
		return true;
	while (at < offset && at < size) {
		size_t length = x86_length(code + at, size - at);

		/* Code that is not understood is not judged. */
		if (!length)
			return true;
		at += length;
	}
	return at == offset;
}

/* A file that nothing is known of: code as it stands, as emulators and interpreters map it. */
static enum binary_symbol_result find_in_flat(const char *path, uint64_t offset,
					      uint64_t *file_offset)
{
	struct file_view *view = file_view_open(path);
	bool is_within = view && offset < view->size;

	if (!view)
		return errno == ENOEXEC ? BINARY_SYMBOL_NOT_ELF : BINARY_SYMBOL_NO_FILE;
	file_view_close(view);
	*file_offset = offset;
	return is_within ? BINARY_SYMBOL_FOUND : BINARY_SYMBOL_BEYOND;
}

enum binary_symbol_result binary_symbol_find(const char *path, const struct binary_query *query,
					     uint64_t *file_offset)
{
	const char *name = query->function;
	struct match match = {0};
	struct elf_image image;
	enum binary_symbol_result result = open_image(&image, path);

	if (result == BINARY_SYMBOL_NOT_ELF && !*name && query->unchecked)
		return find_in_flat(path, query->offset, file_offset);
	if (result != BINARY_SYMBOL_FOUND)
		return result;
	if (*name) {
		search(&image, name, &match);
		if (match.rank == 0)
			result = image.is_cut ? BINARY_SYMBOL_CUT : BINARY_SYMBOL_UNKNOWN;
		else if (match.indirect)
			result = BINARY_SYMBOL_INDIRECT;
		else if (!match.size && !query->unchecked)
			result = BINARY_SYMBOL_SIZELESS;
		else if (match.size && query->offset >= match.size)
			result = BINARY_SYMBOL_BEYOND;
	}
	if (result == BINARY_SYMBOL_FOUND &&
	    !code_offset(&image, match.address + query->offset, file_offset)) {
		if (*name)
			result = BINARY_SYMBOL_UNKNOWN;
		else if (elf_image_is_code(&image, query->offset))
			*file_offset = query->offset;
		else
			result = BINARY_SYMBOL_BEYOND;
	}
	/* The kernel takes no other (arch_uprobe_analyze_insn, arch/arm64/kernel/probes/uprobes.c).
	 */
	if (result == BINARY_SYMBOL_FOUND && image.machine == EM_AARCH64 && *file_offset % 4)
		result = BINARY_SYMBOL_UNALIGNED;
	if (result == BINARY_SYMBOL_FOUND && *name && !query->unchecked &&
	    !is_instruction(&image, match.address, query->offset))
		result = BINARY_SYMBOL_INSIDE;
	if (result == BINARY_SYMBOL_FOUND)
		*file_offset += image.base;
	elf_image_close(&image);
	return result;
}

/* The functions of one file while they are collected. */
struct collection {
	struct arena *arena;
	const struct binary_query *query;
	struct binary_function *functions;
	size_t count, room;
	const struct elf_image *image;
	/* A name without what stands behind it, and its readable form. */
	struct strbuf plain, readable;
	bool enough;
};

/* Whether a symbol's name, of which a version or the mark of a clone may follow, is meant. */
static bool is_meant(struct collection *into, const char *name, size_t length)
{
	const struct binary_query *query = into->query;
	const char *plain = name;

	if (query->cpp)
		length = strcspn(name, "@.");
	if (name[length]) {
		strbuf_clear(&into->plain);
		strbuf_put(&into->plain, name, length);
		plain = strbuf_c_text(&into->plain);
	}
	return query->cpp ? demangle_matches(query->function, plain, &into->readable)
			  : pattern_match(query->function, plain);
}

/* `name` is `length` bytes long; a version may follow. */
static void collect(struct collection *into, const char *name, size_t length, uint64_t offset,
		    bool is_local)
{
	char *copy;

	if (!is_meant(into, name, length))
		return;
	/* Many symbols may have one long name. */
	copy = budget_take(&into->image->view->budget, length + 1)
		       ? arena_try_array(into->arena, length + 1, 1)
		       : NULL;
	if (!copy || !memory_try_grow(into->functions, into->count, into->room)) {
		into->enough = false;
		return;
	}
	memcpy(copy, name, length);
	into->functions[into->count++] = (struct binary_function){
		.name = copy,
		.offset = offset + into->image->base,
		.rank = (uint32_t)(strspn(copy, "_") * 2 + is_local),
		.is_local = is_local,
	};
}

/* Whether a symbol is of code, and where that stands. */
static bool is_code(const struct elf_image *image, const struct binary_query *query,
		    const uint8_t *symbol, uint64_t *offset)
{
	uint8_t type = ELF64_ST_TYPE(symbol[offsetof(Elf64_Sym, st_info)]);
	uint16_t section = read_u16(symbol + offsetof(Elf64_Sym, st_shndx));
	bool has_place =
		code_offset(image, read_u64(symbol + offsetof(Elf64_Sym, st_value)), offset);

	if (section == SHN_UNDEF)
		return false;
	if (!query->every_name)
		/* The code of an indirect function is a resolver that runs once. */
		return type == STT_FUNC && has_place &&
		       (query->unchecked || read_u64(symbol + offsetof(Elf64_Sym, st_size)));
	if (!has_place)
		*offset = 0;
	/* Assembly leaves functions without a type. */
	return (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE) &&
	       section < image->section_count &&
	       read_u64(elf_image_section_header(image, section) + offsetof(Elf64_Shdr, sh_flags)) &
		       SHF_EXECINSTR;
}

/* Parts that compilers move away from functions are jumped to, not called. */
static bool is_part(const struct binary_query *query, const char *name)
{
	return (!query->every_name || is_pattern(query->function)) && strstr(name, ".cold");
}

static void collect_table(const struct elf_image *image, uint32_t table, struct collection *into)
{
	uint32_t link =
		read_u32(elf_image_section_header(image, table) + offsetof(Elf64_Shdr, sh_link));
	uint64_t size, strings_size;
	const uint8_t *symbols = elf_image_section(image, table, &size);
	const uint8_t *strings = elf_image_section(image, link, &strings_size);

	if (!symbols || !strings)
		return;
	for (uint64_t i = 0; i < size / sizeof(Elf64_Sym) && into->enough; i++) {
		const uint8_t *symbol = symbols + i * sizeof(Elf64_Sym);
		uint8_t info = symbol[offsetof(Elf64_Sym, st_info)];
		uint32_t at = read_u32(symbol + offsetof(Elf64_Sym, st_name));
		const char *name = (const char *)strings + at;
		uint64_t offset;
		size_t length;

		if (at >= strings_size || !is_code(image, into->query, symbol, &offset))
			continue;
		if (!memchr(name, 0, strings_size - at))
			continue;
		length = strcspn(name, "@");
		if (length && !is_part(into->query, name))
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

static int by_name(const void *left, const void *right)
{
	const struct binary_function *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static void sort_once(struct collection *found, bool every_name)
{
	size_t kept = 0;

	if (found->count)
		qsort(found->functions, found->count, sizeof(*found->functions),
		      every_name ? by_name : by_offset);
	for (size_t i = 0; i < found->count; i++) {
		const struct binary_function *last = found->functions + kept - 1,
					     *next = found->functions + i;

		if (kept == 0 ||
		    (every_name ? by_name(last, next) != 0 : last->offset != next->offset))
			found->functions[kept++] = *next;
	}
	found->count = kept;
}

enum binary_symbol_result binary_symbol_match(struct arena *arena, const char *path,
					      const struct binary_query *query,
					      struct binary_function **functions, size_t *count)
{
	static const uint32_t tables[] = {SHT_SYMTAB, SHT_DYNSYM};
	struct elf_image image;
	struct collection found = {.arena = arena, .query = query, .image = &image, .enough = true};
	enum binary_symbol_result result = open_image(&image, path);
	bool is_cut;

	*functions = NULL;
	*count = 0;
	if (result != BINARY_SYMBOL_FOUND)
		return result;
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		uint32_t table = elf_image_find_type(&image, tables[i]);

		if (table)
			collect_table(&image, table, &found);
	}
	is_cut = image.is_cut;
	elf_image_close(&image);
	strbuf_free(&found.plain);
	strbuf_free(&found.readable);
	if (!found.enough) {
		free(found.functions);
		errno = ENOMEM;
		return BINARY_SYMBOL_NO_FILE;
	}
	sort_once(&found, query->every_name);
	*functions = found.functions;
	*count = found.count;
	if (*count)
		return BINARY_SYMBOL_FOUND;
	return is_cut ? BINARY_SYMBOL_CUT : BINARY_SYMBOL_UNKNOWN;
}
