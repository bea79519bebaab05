#include "binary/elf_symbols.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Aliases and nested functions that the search steps over before it gives up. */
#define STEPS_BACK 8

struct image {
	const uint8_t *data;
	size_t size;
	Elf64_Ehdr header;
};

/* A symbol while the table is built. */
struct candidate {
	struct elf_function function;
	uint8_t rank;
};

/* Copies a struct out of the image: nothing in a file has to be aligned. */
static bool copy(const struct image *image, uint64_t offset, void *to, size_t size)
{
	if (offset > image->size || image->size - offset < size)
		return false;
	memcpy(to, image->data + offset, size);
	return true;
}

static bool read_header(struct image *image)
{
	return copy(image, 0, &image->header, sizeof(image->header)) &&
	       memcmp(image->header.e_ident, ELFMAG, SELFMAG) == 0 &&
	       image->header.e_ident[EI_CLASS] == ELFCLASS64 &&
	       image->header.e_ident[EI_DATA] == ELFDATA2LSB;
}

static bool read_segments(const struct image *image, struct elf_symbols *symbols)
{
	symbols->segments = memory_array(image->header.e_phnum + 1u, sizeof(*symbols->segments));
	for (uint32_t i = 0; i < image->header.e_phnum; i++) {
		uint64_t at = image->header.e_phoff + (uint64_t)i * image->header.e_phentsize;
		Elf64_Phdr segment;

		if (!copy(image, at, &segment, sizeof(segment)))
			break;
		if (segment.p_type == PT_LOAD)
			symbols->segments[symbols->segment_count++] = (struct elf_segment){
				segment.p_offset, segment.p_filesz, segment.p_vaddr};
	}
	return true;
}

static bool find_section(const struct image *image, uint32_t type, Elf64_Shdr *found)
{
	for (uint32_t i = 0; i < image->header.e_shnum; i++) {
		uint64_t at = image->header.e_shoff + (uint64_t)i * image->header.e_shentsize;

		if (!copy(image, at, found, sizeof(*found)))
			return false;
		if (found->sh_type == type)
			return true;
	}
	return false;
}

/*
 * Which of several names for one address is shown: `read` rather than `__read` or
 * `__GI___libc_read`, then global names before local ones.
 */
static uint8_t rank_of(const char *name, uint8_t binding)
{
	uint8_t underscores = 0;

	while (underscores < 8 && name[underscores] == '_')
		underscores++;
	return (uint8_t)(underscores << 1 | (binding == STB_LOCAL));
}

static int by_address(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->function.address != b->function.address)
		return a->function.address < b->function.address ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->function.name < b->function.name ? -1 : a->function.name > b->function.name;
}

static size_t collect(const struct image *image, const Elf64_Shdr *section, const Elf64_Shdr *text,
		      struct candidate *candidates, size_t count)
{
	const char *strings = (const char *)image->data + text->sh_offset;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		Elf64_Sym symbol;
		uint8_t type;

		if (!copy(image, section->sh_offset + i * sizeof(symbol), &symbol, sizeof(symbol)))
			break;
		type = ELF64_ST_TYPE(symbol.st_info);
		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF ||
		    !symbol.st_value || symbol.st_name >= text->sh_size || !strings[symbol.st_name])
			continue;
		candidates[kept].function = (struct elf_function){
			.address = symbol.st_value,
			.size = symbol.st_size > UINT32_MAX ? UINT32_MAX : (uint32_t)symbol.st_size,
			.name = symbol.st_name,
		};
		candidates[kept++].rank =
			rank_of(strings + symbol.st_name, ELF64_ST_BIND(symbol.st_info));
	}
	return kept;
}

static bool read_functions(const struct image *image, struct elf_symbols *symbols)
{
	struct candidate *candidates;
	Elf64_Shdr section, text;
	size_t count;

	if (!find_section(image, SHT_SYMTAB, &section) &&
	    !find_section(image, SHT_DYNSYM, &section))
		return true;
	if (section.sh_offset > image->size || section.sh_link >= image->header.e_shnum ||
	    !copy(image,
		  image->header.e_shoff + (uint64_t)section.sh_link * image->header.e_shentsize,
		  &text, sizeof(text)))
		return true;
	/* Names end inside of the string table because its last byte is NUL. */
	if (text.sh_type != SHT_STRTAB || text.sh_offset > image->size || !text.sh_size ||
	    image->size - text.sh_offset < text.sh_size ||
	    image->data[text.sh_offset + text.sh_size - 1])
		return true;
	count = section.sh_size / sizeof(Elf64_Sym);
	if (count > (image->size - section.sh_offset) / sizeof(Elf64_Sym))
		count = (image->size - section.sh_offset) / sizeof(Elf64_Sym);
	candidates = memory_try_array(count + 1, sizeof(*candidates));
	if (!candidates)
		return false;
	count = collect(image, &section, &text, candidates, count);
	qsort(candidates, count, sizeof(*candidates), by_address);

	symbols->strings = (const char *)image->data + text.sh_offset;
	symbols->functions = memory_try_array(count + 1, sizeof(*symbols->functions));
	if (!symbols->functions) {
		free(candidates);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct elf_function *function = &candidates[i].function;
		struct elf_function *last = symbols->functions + symbols->count - 1;

		if (symbols->count && last->address == function->address)
			last->size = last->size > function->size ? last->size : function->size;
		else
			symbols->functions[symbols->count++] = *function;
	}
	free(candidates);
	return true;
}

bool elf_symbols_read(struct elf_symbols *symbols, const void *data, size_t size)
{
	struct image image = {.data = data, .size = size};

	*symbols = (struct elf_symbols){0};
	if (!read_header(&image))
		return false;
	if (!read_segments(&image, symbols) || !read_functions(&image, symbols)) {
		elf_symbols_free(symbols);
		return false;
	}
	return true;
}

void elf_symbols_free(struct elf_symbols *symbols)
{
	free(symbols->functions);
	free(symbols->segments);
	*symbols = (struct elf_symbols){0};
}

bool elf_symbols_address(const struct elf_symbols *symbols, uint64_t offset, uint64_t *address)
{
	for (size_t i = 0; i < symbols->segment_count; i++) {
		const struct elf_segment *segment = &symbols->segments[i];

		if (offset >= segment->offset && offset - segment->offset < segment->size) {
			*address = segment->address + (offset - segment->offset);
			return true;
		}
	}
	return false;
}

const struct elf_function *elf_symbols_find(const struct elf_symbols *symbols, uint64_t address)
{
	const struct elf_function *function;
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->functions[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	/* Hand-written assembly often has no size: it goes as far as the next function. */
	function = &symbols->functions[low - 1];
	if (!function->size)
		return function;
	for (size_t step = 0; step < STEPS_BACK && step < low; step++, function--) {
		if (address - function->address < function->size)
			return function;
	}
	return NULL;
}
