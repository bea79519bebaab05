/* The records of .BTF.ext, which elf_read has checked: what an instruction needs of the kernel, and
 * where it is from. */
#ifndef BPFLOAD_BTF_EXT_H
#define BPFLOAD_BTF_EXT_H

#include <stdbool.h>
#include <stdint.h>

#include "object/elf_file.h"

struct btf_ext_core {
	/* Of code. */
	const struct elf_section *section;
	/* Of the instruction, in bytes from the start of the section. */
	uint32_t offset;
	/* In the object's BTF. */
	uint32_t type;
	/* `0:1:2`. */
	const char *access;
	/* enum bpf_core_relo_kind. */
	uint32_t kind;
};

/* Calls `visit` with each CO-RE record until it gives false. */
void btf_ext_each_core(const struct elf_file *elf,
		       bool (*visit)(const struct btf_ext_core *record, void *context),
		       void *context);

/* The place in the script that an instruction comes from. */
struct btf_ext_place {
	const char *file;
	/* From 1; 0: none is known. */
	uint32_t line, column;
	/* The line. */
	const char *text;
};

/* False where no record says it. */
bool btf_ext_place_of(const struct elf_file *elf, const struct elf_section *section,
		      uint32_t offset, struct btf_ext_place *place);

#endif
