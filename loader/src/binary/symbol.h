/* Where in an executable or library a function starts. */
#ifndef BPFLOAD_BINARY_SYMBOL_H
#define BPFLOAD_BINARY_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum binary_symbol_result {
	BINARY_SYMBOL_FOUND,
	/* The file cannot be read: errno. */
	BINARY_SYMBOL_NO_FILE,
	BINARY_SYMBOL_NOT_ELF,
	/* The file ends before its table of sections, and with it its symbols. */
	BINARY_SYMBOL_CUT,
	BINARY_SYMBOL_UNKNOWN,
	/* An indirect function: its code is chosen at run time. */
	BINARY_SYMBOL_INDIRECT,
	/* The symbol has no size: it may be no function. */
	BINARY_SYMBOL_SIZELESS,
	/* No instruction begins at the offset. */
	BINARY_SYMBOL_INSIDE,
	/* The processor has no instructions at such places. */
	BINARY_SYMBOL_UNALIGNED,
	/* The offset lies behind the function's end. */
	BINARY_SYMBOL_BEYOND,
};

/* What is looked for in a file. */
struct binary_query {
	/* A name, or a pattern; empty: `offset` is an address. */
	const char *function;
	/* Bytes from the function's start. */
	uint64_t offset;
	/* The name is a readable one of C++. */
	bool cpp;
	/* Symbols without a size are taken too, and places that no instruction begins at. */
	bool unchecked;
	/* Every name of code, as nm shows them, whether probes can be there or not. */
	bool every_name;
};

/*
 * Offset in the file of `offset` bytes into the function, from .symtab or .dynsym. Of several
 * versions of a symbol (`name@VERSION`) the default one. An empty name: `offset` is an address in
 * the file's own address space, or, where no code has that address, an offset in the file; in a
 * file that is no ELF file only if `unchecked`.
 */
enum binary_symbol_result binary_symbol_find(const char *path, const struct binary_query *query,
					     uint64_t *file_offset);

struct binary_function {
	const char *name;
	/* In the file. */
	uint64_t offset;
	/* Of several names for one place, the lowest is shown: few underscores, global. */
	uint32_t rank;
	/* No other file sees it: several may have one name. */
	bool is_local;
};

/*
 * The functions whose names match, by offset, one for each place; with `every_name` by name, each
 * name once, some without an offset. More than the file's budget is BINARY_SYMBOL_NO_FILE with
 * ENOMEM. `*functions` is to be freed, its
 * names (as the file has them) are the arena's.
 */
enum binary_symbol_result binary_symbol_match(struct arena *arena, const char *path,
					      const struct binary_query *query,
					      struct binary_function **functions, size_t *count);

#endif
