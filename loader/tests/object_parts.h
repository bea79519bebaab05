/* A checked object in memory, as elf_read gives it: one program with records of .BTF.ext. */
#ifndef BPFLOAD_TESTS_OBJECT_PARTS_H
#define BPFLOAD_TESTS_OBJECT_PARTS_H

#include <bpf/btf.h>
#include <elf.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>

#include "object/elf_file.h"

/* The code of the program `probe`, in a section of its own; `told_once` behind it is shared. */
#define PARTS_SECTION "kprobe/f"
#define PARTS_INSNS 16

struct object_parts {
	struct elf_file elf;
	struct elf_section sections[4];
	struct elf_symbol symbols[3];
	struct bpf_insn insns[PARTS_INSNS];
	uint32_t lines[4 * 8], cores[4 * 8];
	uint32_t line_count, core_count;
	uint8_t ext[1024];
	struct btf *btf;
};

static inline void object_line(struct object_parts *parts, uint32_t insn, uint32_t line,
			       uint32_t column, const char *text)
{
	const uint32_t record[] = {insn * 8, (uint32_t)btf__add_str(parts->btf, "script.bt"),
				   (uint32_t)btf__add_str(parts->btf, text), line << 10 | column};

	memcpy(parts->lines + 4 * parts->line_count++, record, sizeof(record));
}

/* A CO-RE record; as many as the object can have. */
static inline void object_core(struct object_parts *parts, uint32_t insn, uint32_t type,
			       const char *access, uint32_t kind)
{
	const uint32_t record[] = {insn * 8, type, (uint32_t)btf__add_str(parts->btf, access),
				   kind};

	memcpy(parts->cores + 4 * parts->core_count++, record, sizeof(record));
}

/* One kind of records behind `at`: the size of a record, the section, and how many there are. */
static inline uint32_t object_put(struct object_parts *parts, uint32_t at, const uint32_t *records,
				  uint32_t count)
{
	const uint32_t head[] = {16, (uint32_t)btf__add_str(parts->btf, PARTS_SECTION), count};

	memcpy(parts->ext + at, head, sizeof(head));
	memcpy(parts->ext + at + sizeof(head), records, (size_t)count * 16);
	return (uint32_t)sizeof(head) + count * 16;
}

/* Once all types and records are there. */
static inline void object_finish(struct object_parts *parts)
{
	uint32_t lines = object_put(parts, 32, parts->lines, parts->line_count);
	uint32_t cores = object_put(parts, 32 + lines, parts->cores, parts->core_count);
	const uint32_t header[] = {0x0001eb9f, 32, 0, 0, 0, lines, lines, cores};
	uint32_t size;
	const void *types;

	btf__add_str(parts->btf, PARTS_SECTION);
	types = btf__raw_data(parts->btf, &size);
	memcpy(parts->ext, header, sizeof(header));
	parts->sections[1] = (struct elf_section){.name = ".BTF", .data = types, .size = size};
	parts->sections[2] = (struct elf_section){
		.name = ".BTF.ext", .data = parts->ext, .size = 32 + lines + cores};
	parts->sections[3] = (struct elf_section){.name = PARTS_SECTION,
						  .type = SHT_PROGBITS,
						  .flags = SHF_EXECINSTR | SHF_ALLOC,
						  .data = (const uint8_t *)parts->insns,
						  .size = sizeof(parts->insns)};
	parts->sections[0] = (struct elf_section){.name = ""};
	parts->symbols[0] = (struct elf_symbol){.name = ""};
	parts->symbols[1] = (struct elf_symbol){.name = "probe",
						.type = STT_FUNC,
						.binding = STB_GLOBAL,
						.section = 3,
						.size = 12 * 8};
	parts->symbols[2] = (struct elf_symbol){.name = "told_once",
						.type = STT_FUNC,
						.binding = STB_GLOBAL,
						.section = 3,
						.value = 12 * 8,
						.size = 4 * 8};
	parts->elf = (struct elf_file){.sections = parts->sections,
				       .section_count = 4,
				       .symbols = parts->symbols,
				       .symbol_count = 3};
}

#endif
