/*
 * What code does to the machine, by what it calls: linker/code-effects.ts judges the same
 * instructions by the same tables (linker/contract/helpers.ts).
 */
#ifndef BPFLOAD_CODE_EFFECTS_H
#define BPFLOAD_CODE_EFFECTS_H

#include "object/effect_tables.h"
#include "object/elf_file.h"
#include "object/manifest.h"

/* A call that changes something. Texts live in the arena. */
struct code_effect {
	enum mf_effect effect;
	/* `bpf_send_signal`; of what has no name its number. */
	const char *callee;
	/* The first function that calls it, or the section where none is. */
	const char *caller;
};

/* So many tell enough. */
#define MAX_CODE_EFFECTS 32

/* What all code of a checked file calls, each callee once. Gives how many `found` has. */
uint32_t code_effects_find(const struct elf_file *elf, const struct manifest *manifest,
			   struct arena *arena, struct code_effect found[MAX_CODE_EFFECTS]);

#endif
