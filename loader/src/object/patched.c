#include "object/patched.h"

#include <linux/bpf.h>
#include <linux/btf.h>
#include <stddef.h>

#define INSN_SIZE sizeof(struct bpf_insn)
/* Of struct btf_ext_header: where the records of CO-RE are, behind the header, and their bytes. */
#define CORE_OFFSET 24
#define CORE_SIZE 28

static void mark_core(const struct elf_file *elf, bool **patched)
{
	const struct elf_section *extension = elf_find_section(elf, ".BTF.ext");
	const struct elf_section *btf = elf_find_section(elf, ".BTF");
	uint32_t header = extension ? read_u32(extension->data + 4) : 0, size, at = 4;
	const uint8_t *part;
	const char *strings;

	if (header <= CORE_SIZE)
		return;
	part = extension->data + header + read_u32(extension->data + CORE_OFFSET);
	size = read_u32(extension->data + CORE_SIZE);
	strings = (const char *)btf->data + sizeof(struct btf_header) +
		  read_u32(btf->data + offsetof(struct btf_header, str_off));
	while (at < size) {
		const struct elf_section *code =
			elf_find_section(elf, strings + read_u32(part + at));
		uint32_t count = read_u32(part + at + 4);

		at += 8;
		for (; count; count--, at += sizeof(struct bpf_core_relo))
			patched[code - elf->sections][read_u32(part + at) / INSN_SIZE] = true;
	}
}

static void mark_fixups(const struct elf_file *elf, const struct manifest *manifest, bool **patched)
{
	for (uint32_t i = 0; i < manifest->fixup_count; i++) {
		const struct mf_fixup *fixup = &manifest->fixups[i];
		const struct elf_symbol *program = elf_find_program(elf, fixup->program);

		patched[program->section][program->value / INSN_SIZE + fixup->insn] = true;
	}
}

const bool *const *patched_find(const struct elf_file *elf, const struct manifest *manifest,
				struct arena *arena)
{
	bool **patched = arena_array(arena, elf->section_count, sizeof(*patched));

	for (uint32_t i = 1; i < elf->section_count; i++)
		if (elf_is_code(&elf->sections[i]))
			patched[i] = arena_array(arena, elf->sections[i].size / INSN_SIZE + 1,
						 sizeof(**patched));
	mark_core(elf, patched);
	mark_fixups(elf, manifest, patched);
	return (const bool *const *)patched;
}
