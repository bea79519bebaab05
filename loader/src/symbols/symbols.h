/* Names of addresses, in the kernel and in processes. */
#ifndef BPFLOAD_SYMBOLS_H
#define BPFLOAD_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;
struct code_frame;
struct mf_config;

/* The module of code that a just-in-time compiler wrote. */
#define SYMBOLS_JIT "[jit]"

struct symbol {
	/* NULL: only the module is known. */
	const char *name;
	uint64_t offset;
	/* Path of the file, or name of the kernel module; NULL for the kernel itself and for
	 * unknown ones. */
	const char *module;
	/* Where debug information says more of it: symbols_user_source. */
	const struct code_frame *frames;
	size_t frame_count;
};

/* Nothing is read before it is needed. `config` is what the script says of
 * symbols; `debug_folders` as of --debuginfo, or NULL. */
struct symbols *symbols_new(const struct mf_config *config, const char *debug_folders);
void symbols_free(struct symbols *symbols);

/* Opens what names of the kernel are read from, for a process that may not do so later. */
void symbols_open_kernel(struct symbols *symbols);

/*
 * Keeps what is needed for naming the addresses of a process after it exited. Cheap for a process
 * that is known already.
 */
void symbols_note_process(struct symbols *symbols, uint32_t pid);

/*
 * From here on, has the kernel tell what a process and its descendants map, so that those that end
 * too soon for that have names, too. The result is a descriptor that is readable when much was
 * told: then symbols_hear is to be called; -1: the kernel does not tell.
 */
int symbols_follow(struct symbols *symbols, uint32_t pid);
void symbols_hear(struct symbols *symbols);

/* The texts in `symbol` live until the next call. False: nothing is known of that address. */
bool symbols_kernel(struct symbols *symbols, uint64_t address, struct symbol *symbol);
bool symbols_user(struct symbols *symbols, uint32_t pid, uint64_t address, struct symbol *symbol);

/*
 * The same with source lines, if the script wants them. `is_return`: the address is the one behind
 * a call, and the line that of the call.
 */
bool symbols_user_source(struct symbols *symbols, uint32_t pid, uint64_t address, bool is_return,
			 struct symbol *symbol);

/*
 * Grows whenever what is known of a process changes: as long as it does not, the answers for
 * addresses that were found stay as they are.
 */
uint64_t symbols_generation(const struct symbols *symbols);

/* Whether something had no name because it would have cost too much, since the last call. */
bool symbols_were_limited(void);

/* Whether something had no name because we may not look it up. */
bool symbols_were_denied(const struct symbols *symbols);

/* The file that holds an address. */
struct symbol_place {
	/* As in struct symbol. */
	const char *module;
	/* In the file; and, where its tables say so, in the file's own space. */
	uint64_t offset, address;
	bool has_address;
	/* NULL: it has none. */
	const uint8_t *build_id;
	uint32_t build_id_size;
};

/* False: no file is known. `with_address` reads the file's tables, too. The texts live as long as
 * in struct symbol. */
bool symbols_place(struct symbols *symbols, uint32_t pid, uint64_t address, bool with_address,
		   struct symbol_place *place);

#endif
