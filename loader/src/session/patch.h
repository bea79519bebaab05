/* Changing loads and shifts of numbers, so that they take a value as the host has it. */
#ifndef BPFLOAD_PATCH_H
#define BPFLOAD_PATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "host/type_match.h"

struct bpf_insn;

/*
 * Whether code for one number can be made to take the other: it may be narrower on the host, if it
 * keeps what negative ones mean. Else `why` says what the host has, and what the script was built
 * for.
 */
bool patch_suits(const struct type_number *local, const struct type_number *host, char *why,
		 size_t room);

/* The load reads as many bytes as the host's number has; local ones with a sign are cut by shifts.
 */
void patch_width(struct bpf_insn *insn, const struct type_number *host);

/*
 * One of the two shifts that cut a number out of a register and extend it by its sign. What has
 * nothing to shift becomes a jump to the next instruction, which the verifier removes
 * (opt_remove_nops, kernel/bpf/verifier.c).
 */
void patch_shift(struct bpf_insn *insn, const struct type_number *local,
		 const struct type_number *host);

#endif
