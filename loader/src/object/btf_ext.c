#include "object/btf_ext.h"

#include <linux/bpf.h>
#include <linux/btf.h>
#include <stddef.h>
#include <string.h>

/* Fields of struct btf_ext_header (libbpf_internal.h): offset and length of a kind of records. */
#define LINES 16
#define CORE 24

/* A kind's records of one section of code. */
struct part {
	const struct elf_section *section;
	const uint8_t *records;
	uint32_t count, size;
};

struct reader {
	const struct elf_file *elf;
	const char *strings;
	const uint8_t *at, *end;
	uint32_t record;
};

/* False where the object has no records of the kind. */
static bool start(struct reader *reader, const struct elf_file *elf, uint32_t kind)
{
	const struct elf_section *section = elf_find_section(elf, ".BTF.ext");
	const struct elf_section *btf = elf_find_section(elf, ".BTF");
	uint32_t header, size;

	if (!section || !btf)
		return false;
	header = read_u32(section->data + 4);
	if (header < kind + 8)
		return false;
	size = read_u32(section->data + kind + 4);
	if (size == 0)
		return false;
	reader->elf = elf;
	reader->strings = (const char *)btf->data + sizeof(struct btf_header) +
			  read_u32(btf->data + offsetof(struct btf_header, str_off));
	reader->at = section->data + header + read_u32(section->data + kind);
	reader->end = reader->at + size;
	reader->record = read_u32(reader->at);
	reader->at += 4;
	return true;
}

static bool next(struct reader *reader, struct part *part)
{
	if (reader->at >= reader->end)
		return false;
	part->section = elf_find_section(reader->elf, reader->strings + read_u32(reader->at));
	part->count = read_u32(reader->at + 4);
	part->records = reader->at + 8;
	part->size = reader->record;
	reader->at = part->records + (size_t)part->count * part->size;
	return true;
}

void btf_ext_each_core(const struct elf_file *elf,
		       bool (*visit)(const struct btf_ext_core *record, void *context),
		       void *context)
{
	struct reader reader;
	struct part part;

	if (!start(&reader, elf, CORE))
		return;
	while (next(&reader, &part))
		for (uint32_t i = 0; i < part.count; i++) {
			const uint8_t *bytes = part.records + (size_t)i * part.size;
			struct btf_ext_core record = {
				.section = part.section,
				.offset = read_u32(bytes),
				.type = read_u32(bytes + 4),
				.access = reader.strings + read_u32(bytes + 8),
				.kind = read_u32(bytes + 12),
			};

			if (!visit(&record, context))
				return;
		}
}

bool btf_ext_place_of(const struct elf_file *elf, const struct elf_section *section,
		      uint32_t offset, struct btf_ext_place *place)
{
	const uint8_t *found = NULL;
	struct reader reader;
	struct part part;
	uint32_t position;

	if (!start(&reader, elf, LINES))
		return false;
	/* A record counts up to the next one; the last that begins before the instruction is its
	 * own. */
	while (next(&reader, &part))
		for (uint32_t i = 0; part.section == section && i < part.count; i++) {
			const uint8_t *bytes = part.records + (size_t)i * part.size;

			if (read_u32(bytes) <= offset &&
			    (!found || read_u32(bytes) >= read_u32(found)))
				found = bytes;
		}
	if (!found)
		return false;
	position = read_u32(found + 12);
	*place = (struct btf_ext_place){
		.file = reader.strings + read_u32(found + 4),
		.line = BPF_LINE_INFO_LINE_NUM(position),
		.column = BPF_LINE_INFO_LINE_COL(position),
		.text = reader.strings + read_u32(found + 8),
	};
	return true;
}
