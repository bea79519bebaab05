/*
 * Names of addresses by files that were kept or brought along: debug files by build id, programs, a
 * saved memory map, saved symbols of a kernel. Nothing is asked of this host, whose own programs
 * and kernel are others; nothing in the files is believed.
 */
#ifndef BPFLOAD_SAVED_SYMBOLS_H
#define BPFLOAD_SAVED_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct failure;
struct saved_symbols;
struct symbol;

/* Where names are. */
struct saved_files {
	/* Folders of debug files, separated by colons; NULL: none but the system's. */
	const char *debug_folders;
	/* Programs and libraries. */
	const char *const *programs;
	uint32_t program_count;
	/* As /proc/PID/maps was; NULL: addresses are those of the one program's own space. */
	const char *maps;
	/* As /proc/kallsyms or System.map; NULL: addresses of the kernel have no names. */
	const char *kallsyms;
	/* Where the kernel begins (_text) on the host of the addresses; 0: where the file says. */
	uint64_t kernel_base;
};

/* *symbols is to be freed in any case. The result is an exit status. */
int saved_symbols_open(struct saved_symbols **symbols, const struct saved_files *files,
		       struct failure *failure);
void saved_symbols_free(struct saved_symbols *symbols);

/*
 * The name of an address of the kernel or of the process; of a place in a file that is known by its
 * build id. `is_return`: it is the one behind a call, and its line is that of the call. False: it
 * has none. The texts live until the next call.
 */
bool saved_symbols_address(struct saved_symbols *symbols, uint64_t address, bool is_return,
			   struct symbol *symbol);
bool saved_symbols_place(struct saved_symbols *symbols, const uint8_t *id, uint32_t size,
			 uint64_t offset, bool is_return, struct symbol *symbol);

/* Whether an address is one of the kernel: of the upper half. */
bool saved_symbols_is_kernel(uint64_t address);

/* The path of a mapped file that is another one here, and so names nothing; NULL: there is none.
 * Asked again, the next one. */
const char *saved_symbols_other_file(struct saved_symbols *symbols);

#endif
