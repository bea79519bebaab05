#include "binary/elf_symbols.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "binary/elf_image.h"
#include "binary/file_view.h"
#include "object/elf_file.h"

/* Aliases and nested functions that the search steps over before it gives up. */
#define STEPS_BACK 8

/* A symbol while the table is built. */
struct candidate {
	struct elf_function function;
	uint8_t rank;
};

static void read_segments(const struct elf_image *image, struct elf_symbols *symbols)
{
	symbols->segments = memory_array(image->segment_count, sizeof(*symbols->segments));
	for (uint32_t i = 0; i < image->segment_count; i++) {
		Elf64_Phdr segment;

		/* Nothing in a file has to be aligned. */
		memcpy(&segment, image->segments + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_LOAD)
			symbols->segments[symbols->segment_count++] = (struct elf_segment){
				segment.p_offset, segment.p_filesz, segment.p_vaddr};
	}
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

/* The bytes of the two tables; false where there are none that make sense. */
struct tables {
	const uint8_t *symbols;
	const char *strings;
	size_t count, strings_size;
};

static bool find_tables(const struct elf_image *image, struct tables *tables)
{
	uint32_t index = elf_image_find_type(image, SHT_SYMTAB), link;
	uint64_t size, strings_size;

	if (!index)
		index = elf_image_find_type(image, SHT_DYNSYM);
	if (!index)
		return false;
	link = read_u32(elf_image_section_header(image, index) + offsetof(Elf64_Shdr, sh_link));
	if (link >= image->section_count || read_u32(elf_image_section_header(image, link) +
						     offsetof(Elf64_Shdr, sh_type)) != SHT_STRTAB)
		return false;
	tables->strings = (const char *)elf_image_section(image, link, &strings_size);
	/* Names end inside of the string table because its last byte is NUL. */
	if (!tables->strings || !strings_size || tables->strings[strings_size - 1])
		return false;
	tables->symbols = elf_image_section(image, index, &size);
	tables->count = size / sizeof(Elf64_Sym);
	tables->strings_size = strings_size;
	return tables->symbols != NULL;
}

static size_t collect(const struct tables *tables, struct candidate *candidates)
{
	size_t kept = 0;

	for (size_t i = 0; i < tables->count; i++) {
		Elf64_Sym symbol;
		uint8_t type;

		memcpy(&symbol, tables->symbols + i * sizeof(symbol), sizeof(symbol));
		type = ELF64_ST_TYPE(symbol.st_info);
		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF ||
		    !symbol.st_value || symbol.st_name >= tables->strings_size ||
		    !tables->strings[symbol.st_name])
			continue;
		candidates[kept].function = (struct elf_function){
			.address = symbol.st_value,
			.size = symbol.st_size > UINT32_MAX ? UINT32_MAX : (uint32_t)symbol.st_size,
			.name = symbol.st_name,
		};
		candidates[kept++].rank =
			rank_of(tables->strings + symbol.st_name, ELF64_ST_BIND(symbol.st_info));
	}
	return kept;
}

static void read_functions(const struct elf_image *image, struct elf_symbols *symbols)
{
	struct candidate *candidates;
	struct tables tables;
	size_t count;

	if (!find_tables(image, &tables))
		return;
	if (!budget_take(symbols->budget, tables.count * sizeof(*candidates)))
		return;
	candidates = memory_try_array(tables.count, sizeof(*candidates));
	budget_give(symbols->budget, tables.count * sizeof(*candidates));
	if (!candidates)
		return;
	count = collect(&tables, candidates);
	elf_image_forget(image, tables.symbols);
	qsort(candidates, count, sizeof(*candidates), by_address);
	symbols->functions = budget_take(symbols->budget, count * sizeof(*symbols->functions))
				     ? memory_try_array(count, sizeof(*symbols->functions))
				     : NULL;
	symbols->room = symbols->functions ? count : 0;
	for (size_t i = 0; i < symbols->room; i++) {
		const struct elf_function *function = &candidates[i].function;
		struct elf_function *last = symbols->functions + symbols->count - 1;

		if (symbols->count && last->address == function->address)
			last->size = last->size > function->size ? last->size : function->size;
		else
			symbols->functions[symbols->count++] = *function;
	}
	symbols->strings = tables.strings;
	free(candidates);
}

void elf_symbols_read(struct elf_symbols *symbols, const struct elf_image *image)
{
	*symbols = (struct elf_symbols){.budget = &image->view->budget};
	read_segments(image, symbols);
	read_functions(image, symbols);
}

void elf_symbols_free(struct elf_symbols *symbols)
{
	if (symbols->functions)
		budget_give(symbols->budget, symbols->room * sizeof(*symbols->functions));
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
