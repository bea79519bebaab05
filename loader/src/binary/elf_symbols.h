/* Functions of an ELF file, for finding the one that holds an address. */
#ifndef BPFLOAD_ELF_SYMBOLS_H
#define BPFLOAD_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget;
struct elf_image;

struct elf_function {
	uint64_t address;
	uint32_t size;
	/* Offset in `strings`. */
	uint32_t name;
};

/* A loaded segment: which bytes of the file stand at which addresses. */
struct elf_segment {
	uint64_t offset, size, address;
};

/* Names are the image's, which must outlive it. */
struct elf_symbols {
	/* By address; one function for each. */
	struct elf_function *functions;
	size_t count, room;
	const char *strings;
	struct elf_segment *segments;
	size_t segment_count;
	/* The image's. */
	struct budget *budget;
};

/*
 * Reads .symtab, or .dynsym where the file is stripped. A file without symbols, or with too many,
 * gives an empty table. Nothing in the image is trusted.
 */
void elf_symbols_read(struct elf_symbols *symbols, const struct elf_image *image);
void elf_symbols_free(struct elf_symbols *symbols);

/* Address of a byte of the file in the file's own address space. False: no segment holds it. */
bool elf_symbols_address(const struct elf_symbols *symbols, uint64_t offset, uint64_t *address);

/* The function that holds an address (of the file's own space), or NULL. */
const struct elf_function *elf_symbols_find(const struct elf_symbols *symbols, uint64_t address);

#endif
