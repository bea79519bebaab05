/* Functions of the kernel that loaded programs call, by name. */
#ifndef BPFLOAD_CALLED_SYMBOLS_H
#define BPFLOAD_CALLED_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "host/kallsyms.h"
#include "host/loaded_program.h"

struct called_symbol {
	uint64_t address;
	/* In the table of symbols. */
	const char *name;
};

struct called_symbols {
	/* By address, each once. */
	struct called_symbol *items;
	uint32_t count, room;
	/* What helpers are counted from in translated calls (__bpf_call_base, kernel/bpf/core.c);
	 * 0: not known. */
	uint64_t base;
};

void called_symbols_begin(struct called_symbols *called, const struct kallsyms *table);

/*
 * Adds the functions whose addresses stand in a program's calls, translated and native. Native code
 * is not disassembled for that: whatever would be a call or a jump and leads exactly to where a
 * symbol begins is added. Nothing is wrong with a name too many: who reads calls looks them up.
 */
void called_symbols_add(struct called_symbols *called, const struct kallsyms *table,
			const struct loaded_program *program);

void called_symbols_free(struct called_symbols *called);

#endif
