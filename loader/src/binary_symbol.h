/* Where in an executable or library a function starts. */
#ifndef BPFLOAD_BINARY_SYMBOL_H
#define BPFLOAD_BINARY_SYMBOL_H

#include <stdint.h>

enum binary_symbol_result {
	BINARY_SYMBOL_FOUND,
	/* The file cannot be read: errno. */
	BINARY_SYMBOL_NO_FILE,
	BINARY_SYMBOL_NOT_ELF,
	BINARY_SYMBOL_UNKNOWN,
	/* An indirect function: its code is chosen at run time. */
	BINARY_SYMBOL_INDIRECT,
	/* The offset lies behind the function's end. */
	BINARY_SYMBOL_BEYOND,
};

/*
 * Offset in the file of `offset` bytes into the function, from .symtab or .dynsym. Of several
 * versions of a symbol (`name@VERSION`) the default one. An empty name: `offset` is an address in
 * the file's own address space.
 */
enum binary_symbol_result binary_symbol_find(const char *path, const char *name, uint64_t offset,
					     uint64_t *file_offset);

#endif
