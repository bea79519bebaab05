/*
 * A BPF object as bytes, with its structure checked: whatever these functions give lies within the
 * file. Neither libelf nor libbpf sees a file before all checks have passed, because both were
 * written for compilers' output, not for hostile files.
 */
#ifndef BPFLOAD_ELF_FILE_H
#define BPFLOAD_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct failure;

struct elf_section {
	const char *name;
	uint32_t type;
	uint32_t link, info;
	uint64_t flags;
	/* NULL for sections without bytes in the file (.bss). */
	const uint8_t *data;
	uint64_t size;
	/* Place in the file. */
	uint64_t offset;
};

struct elf_symbol {
	const char *name;
	/* STT_*, STB_*. */
	uint8_t type, binding;
	/* Index of its section; 0 when it is undefined, SHN_ABS for absolute values. */
	uint16_t section;
	/* Bytes from the start of the section, and length: both within it. */
	uint64_t value, size;
};

struct elf_file {
	struct arena arena;
	const uint8_t *bytes;
	size_t size;
	const struct elf_section *sections;
	uint32_t section_count;
	const struct elf_symbol *symbols;
	uint32_t symbol_count;
};

/*
 * Checks headers, sections, symbols, relocations, instructions, BTF and BTF.ext of the file in
 * `bytes`, which must outlive `elf`, and then its digest. The result is an exit status; free in
 * either case.
 */
int elf_read(struct elf_file *elf, const uint8_t *bytes, size_t size, struct failure *failure);
void elf_free(struct elf_file *elf);

/* The section of that name, or NULL. */
const struct elf_section *elf_find_section(const struct elf_file *elf, const char *name);

/* Its index, or 0. */
uint32_t elf_find_section_index(const struct elf_file *elf, const char *name);

/* A program (a global function outside .text) by name, or NULL. */
const struct elf_symbol *elf_find_program(const struct elf_file *elf, const char *name);

/* Whether `.maps` holds a map of that name. */
bool elf_has_map(const struct elf_file *elf, const char *name);

/* Whether the section holds instructions. */
bool elf_is_code(const struct elf_section *section);

/* Checks that belong to elf_read, one file each. */
int elf_check_symbols(struct elf_file *elf, struct failure *failure);
int elf_check_relocations(const struct elf_file *elf, struct failure *failure);
int elf_check_code(const struct elf_file *elf, struct failure *failure);
int elf_check_digest(const struct elf_file *elf, struct failure *failure);

/* BTF: the number of types and the strings, for BTF.ext's checks. */
struct btf_summary {
	uint32_t type_count;
	/* Kind by type id; 0 is void. */
	const uint8_t *kinds;
	uint32_t strings_size;
};

int btf_check(struct elf_file *elf, struct btf_summary *summary, struct failure *failure);
/* The same of BTF from a file that takes the place of the kernel's. */
int btf_check_kernel(const void *data, uint32_t size, const char *path, struct failure *failure);
int btf_ext_check(const struct elf_file *elf, const struct btf_summary *summary,
		  struct failure *failure);

/* Little-endian numbers at any alignment. */
static inline uint16_t read_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t read_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static inline uint64_t read_u64(const uint8_t *bytes)
{
	return read_u32(bytes) | (uint64_t)read_u32(bytes + 4) << 32;
}

/* Whether [offset, offset + size) lies within [0, limit), without overflow. */
static inline bool within(uint64_t offset, uint64_t size, uint64_t limit)
{
	return offset <= limit && size <= limit - offset;
}

#endif
