/* Where in the script the instructions of loaded programs come from. */
#ifndef BPFLOAD_SCRIPT_PLACE_H
#define BPFLOAD_SCRIPT_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "object/btf_ext.h"
#include "session/session.h"

/*
 * The place of an instruction by its number in the whole program, behind whose own instructions
 * libbpf has put those of the functions that it calls. False where no record says it.
 */
bool script_place(const struct session *session, const char *program, uint32_t insn,
		  struct btf_ext_place *place);

/*
 * The place of the first call of a helper (enum bpf_func_id) in what is loaded. False where there
 * is none, or no record says it.
 */
bool script_place_of_helper(const struct session *session, int helper, struct btf_ext_place *place);

/* The same of the first use of a map, or of a variable of the kernel, by its symbol. */
bool script_place_of_symbol(const struct session *session, const char *name,
			    struct btf_ext_place *place);

#endif
