/*
 * Names of addresses, in the kernel and in processes.
 *
 * Names are given as the files have them. Demangling of C++ names belongs behind symbols_user, in
 * one function from name to text with a cache by file; there is none yet.
 */
#ifndef BPFLOAD_SYMBOLS_H
#define BPFLOAD_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbols;

struct symbol {
	/* NULL: only the module is known. */
	const char *name;
	uint64_t offset;
	/* Path of the file, or name of the kernel module; NULL for the kernel itself and for
	 * unknown ones. */
	const char *module;
};

/* NULL without memory. Nothing is read before it is needed. */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/*
 * Keeps the memory map of a process, and opens its files, so that its addresses can be named after
 * it exited. Cheap for a process that is known already and has not run another program since.
 */
void symbols_note_process(struct symbols *symbols, uint32_t pid);

/* The texts in `symbol` live until the next call. False: nothing is known of that address. */
bool symbols_kernel(struct symbols *symbols, uint64_t address, struct symbol *symbol);
bool symbols_user(struct symbols *symbols, uint32_t pid, uint64_t address, struct symbol *symbol);

#endif
