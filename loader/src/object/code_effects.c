#include "object/code_effects.h"

#include <elf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "object/context_stores.h"
#include "object/contract.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))
#define INSN_SIZE sizeof(struct bpf_insn)

struct search {
	const struct elf_file *elf;
	struct arena *arena;
	struct code_effect *found;
	uint32_t count;
};

static const char *caller_at(const struct elf_file *elf, uint32_t section, uint64_t offset)
{
	for (uint32_t i = 0; i < elf->symbol_count; i++) {
		const struct elf_symbol *symbol = &elf->symbols[i];

		if (symbol->type == STT_FUNC && symbol->section == section &&
		    offset >= symbol->value && offset - symbol->value < symbol->size)
			return symbol->name;
	}
	return elf->sections[section].name;
}

static void add(struct search *search, enum mf_effect effect, const char *callee, uint32_t section,
		uint64_t offset)
{
	if (search->count == MAX_CODE_EFFECTS)
		return;
	for (uint32_t i = 0; i < search->count; i++)
		if (strcmp(search->found[i].callee, callee) == 0)
			return;
	search->found[search->count++] = (struct code_effect){
		.effect = effect,
		.callee = arena_text(search->arena, callee, strlen(callee)),
		.caller = caller_at(search->elf, section, offset),
	};
}

static bool is_observing(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(mf_observing_functions); i++)
		if (strcmp(mf_observing_functions[i], name) == 0)
			return true;
	return false;
}

static bool is_call(const uint8_t *insn)
{
	return insn[0] == (BPF_JMP | BPF_CALL);
}

/*
 * Calls whose target libbpf finds by its name, whatever their numbers say (RELO_EXTERN_CALL in
 * libbpf.c). Marks them in `named`, by the number of the instruction.
 */
static void find_named(struct search *search, uint32_t section, uint8_t *named)
{
	const struct elf_file *elf = search->elf;
	const struct elf_section *code = &elf->sections[section];

	for (uint32_t i = 1; i < elf->section_count; i++) {
		const struct elf_section *table = &elf->sections[i];

		if (table->type != SHT_REL || table->info != section)
			continue;
		for (uint64_t at = 0; at < table->size; at += sizeof(Elf64_Rel)) {
			uint64_t offset =
				read_u64(table->data + at + offsetof(Elf64_Rel, r_offset));
			uint64_t info = read_u64(table->data + at + offsetof(Elf64_Rel, r_info));
			const struct elf_symbol *symbol = &elf->symbols[ELF64_R_SYM(info)];

			if (symbol->section != SHN_UNDEF || !symbol->name[0] ||
			    !is_call(code->data + offset))
				continue;
			named[offset / INSN_SIZE] = 1;
			if (!is_observing(symbol->name))
				add(search, MF_EFFECT_KERNEL, symbol->name, section, offset);
		}
	}
}

static void judge_call(struct search *search, uint32_t section, uint64_t offset)
{
	const uint8_t *insn = search->elf->sections[section].data + offset;
	uint32_t number = read_u32(insn + 4);
	uint8_t source = insn[1] >> 4;
	char name[64];

	if (source == BPF_PSEUDO_CALL)
		return;
	if (source != 0) {
		snprintf(name, sizeof(name), "function %u of the kernel", number);
		add(search, MF_EFFECT_KERNEL, name, section, offset);
		return;
	}
	if (number - MF_MISSING_CALL < MF_MISSING_CALLS)
		return;
	if (number >= COUNT_OF(mf_helpers) || !mf_helpers[number].name) {
		snprintf(name, sizeof(name), "helper %u", number);
		add(search, MF_EFFECT_KERNEL, name, section, offset);
		return;
	}
	if (mf_helpers[number].effect == MF_EFFECT_NONE)
		return;
	snprintf(name, sizeof(name), "bpf_%s", mf_helpers[number].name);
	add(search, mf_helpers[number].effect, name, section, offset);
}

static void find_in(struct search *search, uint32_t section)
{
	const struct elf_section *code = &search->elf->sections[section];
	uint8_t *named = memory_zeroed(code->size / INSN_SIZE + 1);

	find_named(search, section, named);
	for (uint64_t at = 0; at < code->size; at += INSN_SIZE) {
		/* Two slots, of which the second is no instruction. */
		if (code->data[at] == (BPF_LD | BPF_IMM | BPF_DW))
			at += INSN_SIZE;
		else if (is_call(code->data + at) && !named[at / INSN_SIZE])
			judge_call(search, section, at);
	}
	free(named);
}

uint32_t code_effects_find(const struct elf_file *elf, const struct manifest *manifest,
			   struct arena *arena, struct code_effect found[MAX_CODE_EFFECTS])
{
	struct search search = {.elf = elf, .arena = arena, .found = found};
	uint32_t section;
	uint64_t offset;

	for (uint32_t i = 1; i < elf->section_count; i++)
		if (elf_is_code(&elf->sections[i]) && elf->sections[i].data)
			find_in(&search, i);
	if (context_stores_find(elf, manifest, arena, &section, &offset))
		add(&search, MF_EFFECT_REGISTERS, MF_CONTEXT_STORE, section, offset);
	return search.count;
}
