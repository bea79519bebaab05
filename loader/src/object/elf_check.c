/* Symbols, relocations and instructions of an object. */
#include <elf.h>
#include <linux/bpf.h>
#include <string.h>

#include "object/elf_file.h"
#include "base/failure.h"
#include "object/contract.h"

/* Relocation types of the BPF back end (Documentation/bpf/llvm_reloc.rst). */
enum {
	RELOC_64_64 = 1,
	RELOC_64_ABS64 = 2,
	RELOC_64_ABS32 = 3,
	RELOC_64_NODYLD32 = 4,
	RELOC_64_32 = 10,
};

#define INSN_SIZE sizeof(struct bpf_insn)

static int damaged(struct failure *failure, const char *what, const char *name)
{
	return fail(failure, STATUS_OBJECT, "the object is damaged: %s ('%s')", what, name);
}

static uint32_t find_symbol_table(const struct elf_file *elf)
{
	for (uint32_t i = 1; i < elf->section_count; i++)
		if (elf->sections[i].type == SHT_SYMTAB)
			return i;
	return 0;
}

static int read_symbol(struct elf_symbol *symbol, const uint8_t *entry, const struct elf_file *elf,
		       const struct elf_section *names, struct failure *failure)
{
	uint32_t name = read_u32(entry + offsetof(Elf64_Sym, st_name));
	uint8_t info = entry[offsetof(Elf64_Sym, st_info)];
	const struct elf_section *section;

	if (name >= names->size)
		return damaged(failure, "a symbol's name lies outside the string table",
			       names->name);
	symbol->name = (const char *)names->data + name;
	symbol->type = ELF64_ST_TYPE(info);
	symbol->binding = ELF64_ST_BIND(info);
	symbol->section = read_u16(entry + offsetof(Elf64_Sym, st_shndx));
	symbol->value = read_u64(entry + offsetof(Elf64_Sym, st_value));
	symbol->size = read_u64(entry + offsetof(Elf64_Sym, st_size));
	if (symbol->section == SHN_UNDEF || symbol->section == SHN_ABS)
		return STATUS_OK;
	if (symbol->section >= elf->section_count)
		return damaged(failure, "a symbol refers to a section that is not there",
			       symbol->name);
	section = &elf->sections[symbol->section];
	if (!within(symbol->value, symbol->size, section->size))
		return damaged(failure, "a symbol reaches beyond its section", symbol->name);
	if (symbol->type != STT_FUNC)
		return STATUS_OK;
	if (!elf_is_code(section))
		return damaged(failure, "a function stands outside of code", symbol->name);
	if (symbol->size == 0 || symbol->size % INSN_SIZE || symbol->value % INSN_SIZE)
		return damaged(failure, "a function has an impossible size", symbol->name);
	return STATUS_OK;
}

int elf_check_symbols(struct elf_file *elf, struct failure *failure)
{
	uint32_t index = find_symbol_table(elf);
	const struct elf_section *table, *names;
	struct elf_symbol *symbols;
	uint32_t functions = 0;

	if (index == 0)
		return damaged(failure, "no symbol table", ".symtab");
	table = &elf->sections[index];
	for (uint32_t i = index + 1; i < elf->section_count; i++)
		if (elf->sections[i].type == SHT_SYMTAB)
			return damaged(failure, "two symbol tables", elf->sections[i].name);
	if (table->size == 0 || table->size % sizeof(Elf64_Sym))
		return damaged(failure, "the symbol table is cut off", table->name);
	if (table->link == 0 || table->link >= elf->section_count ||
	    elf->sections[table->link].type != SHT_STRTAB)
		return damaged(failure, "the symbol table has no names", table->name);
	names = &elf->sections[table->link];
	elf->symbol_count = (uint32_t)(table->size / sizeof(Elf64_Sym));
	if (elf->symbol_count > MF_MAX_SYMBOLS)
		return damaged(failure, "too many symbols", table->name);
	symbols = arena_array(&elf->arena, elf->symbol_count, sizeof(*symbols));
	for (uint32_t i = 0; i < elf->symbol_count; i++) {
		if (read_symbol(&symbols[i], table->data + i * sizeof(Elf64_Sym), elf, names,
				failure))
			return failure->status;
		if (symbols[i].type == STT_FUNC && ++functions > MF_MAX_FUNCTIONS)
			return damaged(failure, "too many functions", table->name);
	}
	elf->symbols = symbols;
	return STATUS_OK;
}

/*
 * Walks instructions from `from` to `to`: a 64-bit load takes two slots and must not end beyond.
 * libbpf writes to the second slot of such a load without looking (bpf_object__relocate_data in
 * libbpf.c).
 */
static bool whole_instructions(const uint8_t *code, uint64_t from, uint64_t to)
{
	while (from < to) {
		if (code[from] != (BPF_LD | BPF_IMM | BPF_DW)) {
			from += INSN_SIZE;
			continue;
		}
		if (to - from < 2 * INSN_SIZE || code[from + INSN_SIZE] != 0)
			return false;
		from += 2 * INSN_SIZE;
	}
	return true;
}

int elf_check_code(const struct elf_file *elf, struct failure *failure)
{
	for (uint32_t i = 1; i < elf->section_count; i++) {
		const struct elf_section *section = &elf->sections[i];

		if (!elf_is_code(section))
			continue;
		if (section->size % INSN_SIZE)
			return damaged(failure, "code is cut off", section->name);
		if (!whole_instructions(section->data, 0, section->size))
			return damaged(failure, "an instruction is cut off", section->name);
	}
	for (uint32_t i = 0; i < elf->symbol_count; i++) {
		const struct elf_symbol *symbol = &elf->symbols[i];

		if (symbol->type != STT_FUNC || symbol->section == SHN_UNDEF ||
		    symbol->section == SHN_ABS)
			continue;
		if (!whole_instructions(elf->sections[symbol->section].data, symbol->value,
					symbol->value + symbol->size))
			return damaged(failure, "a function ends within an instruction",
				       symbol->name);
	}
	return STATUS_OK;
}

static int check_relocation(const struct elf_file *elf, const struct elf_section *target,
			    const uint8_t *entry, struct failure *failure)
{
	uint64_t offset = read_u64(entry + offsetof(Elf64_Rel, r_offset));
	uint64_t info = read_u64(entry + offsetof(Elf64_Rel, r_info));
	uint64_t width;

	if (ELF64_R_SYM(info) >= elf->symbol_count)
		return damaged(failure, "a relocation names no symbol", target->name);
	switch (ELF64_R_TYPE(info)) {
	case RELOC_64_64:
		width = 2 * INSN_SIZE;
		break;
	case RELOC_64_32:
	case RELOC_64_ABS64:
		width = 8;
		break;
	case RELOC_64_ABS32:
	case RELOC_64_NODYLD32:
		width = 4;
		break;
	default:
		return damaged(failure, "a relocation of an unknown kind", target->name);
	}
	if (!within(offset, width, target->size))
		return damaged(failure, "a relocation lies outside its section", target->name);
	if (elf_is_code(target)) {
		if (offset % INSN_SIZE)
			return damaged(failure, "a relocation lies within an instruction",
				       target->name);
		if (ELF64_R_TYPE(info) == RELOC_64_64 &&
		    target->data[offset] != (BPF_LD | BPF_IMM | BPF_DW))
			return damaged(failure,
				       "a relocation of an instruction that cannot have one",
				       target->name);
	}
	return STATUS_OK;
}

int elf_check_relocations(const struct elf_file *elf, struct failure *failure)
{
	uint32_t symbols = find_symbol_table(elf);

	for (uint32_t i = 1; i < elf->section_count; i++) {
		const struct elf_section *section = &elf->sections[i];
		const struct elf_section *target;

		if (section->type == SHT_RELA)
			return damaged(failure, "relocations of a kind that BPF does not have",
				       section->name);
		if (section->type != SHT_REL)
			continue;
		if (section->size % sizeof(Elf64_Rel))
			return damaged(failure, "relocations are cut off", section->name);
		if (section->link != symbols || section->info == 0 ||
		    section->info >= elf->section_count)
			return damaged(failure, "relocations of a section that is not there",
				       section->name);
		target = &elf->sections[section->info];
		if (!target->data)
			return damaged(failure, "relocations of a section without bytes",
				       section->name);
		for (uint64_t at = 0; at < section->size; at += sizeof(Elf64_Rel))
			if (check_relocation(elf, target, section->data + at, failure))
				return failure->status;
	}
	return STATUS_OK;
}
