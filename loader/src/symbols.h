/* Names of addresses, in the kernel and in processes. */
#ifndef BPFLOAD_SYMBOLS_H
#define BPFLOAD_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbols;
struct mf_config;

struct symbol {
	/* NULL: only the module is known. */
	const char *name;
	uint64_t offset;
	/* Path of the file, or name of the kernel module; NULL for the kernel itself and for
	 * unknown ones. */
	const char *module;
};

/* NULL without memory. Nothing is read before it is needed. `config` is what the script says of
 * symbols. */
struct symbols *symbols_new(const struct mf_config *config);
void symbols_free(struct symbols *symbols);

/*
 * Keeps what is needed for naming the addresses of a process after it exited. Cheap for a process
 * that is known already.
 */
void symbols_note_process(struct symbols *symbols, uint32_t pid);

/* The texts in `symbol` live until the next call. False: nothing is known of that address. */
bool symbols_kernel(struct symbols *symbols, uint64_t address, struct symbol *symbol);
bool symbols_user(struct symbols *symbols, uint32_t pid, uint64_t address, struct symbol *symbol);

#endif
