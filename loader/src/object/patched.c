#include "object/patched.h"

#include <linux/bpf.h>

#include "object/btf_ext.h"

#define INSN_SIZE sizeof(struct bpf_insn)

struct marks {
	const struct elf_file *elf;
	bool **patched;
};

static bool mark_core(const struct btf_ext_core *record, void *context)
{
	const struct marks *marks = context;

	marks->patched[record->section - marks->elf->sections][record->offset / INSN_SIZE] = true;
	return true;
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
	struct marks marks = {elf, patched};

	for (uint32_t i = 1; i < elf->section_count; i++)
		if (elf_is_code(&elf->sections[i]))
			patched[i] = arena_array(arena, elf->sections[i].size / INSN_SIZE + 1,
						 sizeof(**patched));
	btf_ext_each_core(elf, mark_core, &marks);
	mark_fixups(elf, manifest, patched);
	return (const bool *const *)patched;
}
