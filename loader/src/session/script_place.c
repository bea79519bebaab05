#include "session/script_place.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define INSN sizeof(struct bpf_insn)

/* Functions that many places of a script share begin so (compiler/lowering/warnings.ts): their
 * line records say nothing. */
#define SHARED "told_"

/* A function of the file, and where it stands in the whole program; all in instructions. */
struct piece {
	const struct elf_section *section;
	uint32_t offset, start, count;
	bool is_shared;
};

struct pieces {
	const struct elf_file *elf;
	const struct bpf_insn *insns;
	uint32_t count;
	struct piece *list;
	uint32_t known, room;
};

/* Adds the function that begins at an instruction of .text. */
static void add_function(struct pieces *pieces, uint32_t offset, int64_t start)
{
	uint32_t text = elf_find_section_index(pieces->elf, ".text");

	for (uint32_t i = 0; i < pieces->known; i++)
		if (pieces->list[i].start == start)
			return;
	for (uint32_t i = 0; text && i < pieces->elf->symbol_count; i++) {
		const struct elf_symbol *symbol = &pieces->elf->symbols[i];
		uint32_t count = (uint32_t)(symbol->size / INSN);

		if (symbol->type != STT_FUNC || symbol->section != text ||
		    symbol->value != offset * INSN || start < 0 || start + count > pieces->count)
			continue;
		memory_grow(pieces->list, pieces->known, pieces->room);
		pieces->list[pieces->known++] = (struct piece){
			&pieces->elf->sections[text],
			offset,
			(uint32_t)start,
			count,
			strncmp(symbol->name, SHARED, sizeof(SHARED) - 1) == 0,
		};
		return;
	}
}

/*
 * Follows the calls of a piece. In the file a call has the number of its function in .text, less 1,
 * and the address of a callback its bytes; libbpf has made both relative (bpf_object__reloc_code,
 * tools/lib/bpf/libbpf.c).
 */
static void follow(struct pieces *pieces, struct piece piece)
{
	const uint8_t *file = piece.section->data + piece.offset * INSN;

	for (uint32_t i = 0; i < piece.count; i++) {
		const struct bpf_insn *insn = &pieces->insns[piece.start + i];
		int64_t target = (int64_t)piece.start + i + insn->imm + 1;
		uint32_t immediate = read_u32(file + i * INSN + offsetof(struct bpf_insn, imm));

		if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL)
			add_function(pieces, immediate + 1, target);
		else if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) &&
			 insn->src_reg == BPF_PSEUDO_FUNC)
			add_function(pieces, immediate / INSN, target);
	}
}

bool script_place(const struct session *session, const char *name, uint32_t insn,
		  struct btf_ext_place *place)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(session->object, name);
	const struct elf_symbol *symbol = elf_find_program(session->elf, name);
	struct pieces pieces = {.elf = session->elf};
	bool found = false;

	if (!program || !symbol)
		return false;
	pieces.insns = bpf_program__insns(program);
	pieces.count = (uint32_t)bpf_program__insn_cnt(program);
	memory_grow(pieces.list, pieces.known, pieces.room);
	pieces.list[pieces.known++] = (struct piece){
		&session->elf->sections[symbol->section],
		(uint32_t)(symbol->value / INSN),
		0,
		(uint32_t)(symbol->size / INSN),
		false,
	};
	if (pieces.list[0].count > pieces.count)
		goto out;
	for (uint32_t i = 0; i < pieces.known && !found; i++) {
		const struct piece piece = pieces.list[i];

		if (insn >= piece.start && insn - piece.start < piece.count)
			found = !piece.is_shared &&
				btf_ext_place_of(
					session->elf, piece.section,
					(uint32_t)((piece.offset + insn - piece.start) * INSN),
					place);
		else
			follow(&pieces, piece);
	}
out:
	free(pieces.list);
	return found && place->line > 0;
}

/* Whether a function is loaded, and its line records say something. */
static bool is_loaded(const struct session *session, const struct elf_symbol *symbol)
{
	const struct bpf_program *program =
		bpf_object__find_program_by_name(session->object, symbol->name);

	return symbol->type == STT_FUNC && strncmp(symbol->name, SHARED, sizeof(SHARED) - 1) != 0 &&
	       (!program || bpf_program__autoload(program));
}

static bool calls_helper(const uint8_t *insn, int helper)
{
	/* `src_reg` is 0 for helpers. */
	return insn[0] == (BPF_JMP | BPF_CALL) && insn[1] >> 4 == 0 &&
	       read_u32(insn + offsetof(struct bpf_insn, imm)) == (uint32_t)helper;
}

bool script_place_of_helper(const struct session *session, int helper, struct btf_ext_place *place)
{
	const struct elf_file *elf = session->elf;

	for (uint32_t i = 0; i < elf->symbol_count; i++) {
		const struct elf_symbol *symbol = &elf->symbols[i];
		const struct elf_section *section;

		/* Absolute symbols have no section. */
		if (symbol->section >= elf->section_count || !is_loaded(session, symbol))
			continue;
		section = &elf->sections[symbol->section];
		if (!elf_is_code(section))
			continue;
		for (uint64_t at = 0; at + INSN <= symbol->size; at += INSN)
			if (calls_helper(section->data + symbol->value + at, helper) &&
			    btf_ext_place_of(elf, section, (uint32_t)(symbol->value + at), place) &&
			    place->line > 0)
				return true;
	}
	return false;
}

/* Whether the instruction at that byte of a section is loaded. */
static bool is_loaded_at(const struct session *session, uint32_t section, uint64_t offset)
{
	const struct elf_file *elf = session->elf;

	for (uint32_t i = 0; i < elf->symbol_count; i++) {
		const struct elf_symbol *symbol = &elf->symbols[i];

		if (symbol->section == section && offset >= symbol->value &&
		    offset - symbol->value < symbol->size && is_loaded(session, symbol))
			return true;
	}
	return false;
}

bool script_place_of_symbol(const struct session *session, const char *name,
			    struct btf_ext_place *place)
{
	const struct elf_file *elf = session->elf;

	for (uint32_t i = 1; i < elf->section_count; i++) {
		const struct elf_section *relocations = &elf->sections[i];
		uint32_t target = relocations->info;

		if (relocations->type != SHT_REL || !elf_is_code(&elf->sections[target]))
			continue;
		for (uint64_t at = 0; at < relocations->size; at += sizeof(Elf64_Rel)) {
			const uint8_t *entry = relocations->data + at;
			uint64_t offset = read_u64(entry + offsetof(Elf64_Rel, r_offset));
			uint64_t symbol =
				ELF64_R_SYM(read_u64(entry + offsetof(Elf64_Rel, r_info)));

			if (strcmp(elf->symbols[symbol].name, name) == 0 &&
			    is_loaded_at(session, target, offset) &&
			    btf_ext_place_of(elf, &elf->sections[target], (uint32_t)offset,
					     place) &&
			    place->line > 0)
				return true;
		}
	}
	return false;
}
