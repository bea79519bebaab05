/* .BTF.ext of an object: function, line and CO-RE records, checked against code and BTF. */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <string.h>

#include "object/elf_file.h"
#include "base/failure.h"

/* struct btf_ext_header of libbpf's btf.h internals; the CO-RE part came later, so lengths differ.
 */
#define HEADER_WITHOUT_CORE 24
#define HEADER_WITH_CORE 32

#define FUNC_RECORD sizeof(struct bpf_func_info)
#define LINE_RECORD sizeof(struct bpf_line_info)
#define CORE_RECORD sizeof(struct bpf_core_relo)

enum record_kind { RECORD_FUNC, RECORD_LINE, RECORD_CORE };

struct context {
	const struct elf_file *elf;
	const struct btf_summary *btf;
	/* .BTF's strings. */
	const char *strings;
	struct failure *failure;
};

static int damaged(const struct context *context, const char *what)
{
	return fail(context->failure, STATUS_OBJECT, "the object is damaged: .BTF.ext: %s", what);
}

static int check_record(const struct context *context, enum record_kind kind,
			const struct elf_section *code, const uint8_t *record)
{
	const struct btf_summary *btf = context->btf;
	uint32_t instruction = read_u32(record), second = read_u32(record + 4);

	if (instruction % sizeof(struct bpf_insn) || instruction >= code->size)
		return damaged(context, "a record of an instruction that is not there");
	switch (kind) {
	case RECORD_FUNC:
		if (second == 0 || second >= btf->type_count || btf->kinds[second] != BTF_KIND_FUNC)
			return damaged(context, "a function's record without its type");
		break;
	case RECORD_LINE:
		if (second >= btf->strings_size || read_u32(record + 8) >= btf->strings_size)
			return damaged(context, "a line's text lies outside the strings");
		break;
	case RECORD_CORE:
		if (second == 0 || second >= btf->type_count ||
		    read_u32(record + 8) >= btf->strings_size ||
		    read_u32(record + 12) > BPF_CORE_TYPE_MATCHES)
			return damaged(context, "a CO-RE record that makes no sense");
		break;
	}
	return STATUS_OK;
}

static int check_part(const struct context *context, enum record_kind kind, const uint8_t *bytes,
		      uint32_t size)
{
	static const uint32_t record_sizes[] = {FUNC_RECORD, LINE_RECORD, CORE_RECORD};
	uint32_t record = record_sizes[kind], at = 4;

	if (size == 0)
		return STATUS_OK;
	if (size < 4 || read_u32(bytes) != record)
		return damaged(context, "records of another size");
	if (size == 4)
		return damaged(context, "an empty part");
	while (at < size) {
		const struct elf_section *code;
		uint32_t name, count;

		if (size - at < 8)
			return damaged(context, "a part is cut off");
		name = read_u32(bytes + at);
		count = read_u32(bytes + at + 4);
		at += 8;
		if (name >= context->btf->strings_size || count == 0 ||
		    !within(at, (uint64_t)count * record, size))
			return damaged(context, "records reach beyond their part");
		code = elf_find_section(context->elf, context->strings + name);
		if (!code || !elf_is_code(code))
			return damaged(context, "records of a section that is not there");
		for (uint32_t i = 0; i < count; i++, at += record)
			if (check_record(context, kind, code, bytes + at))
				return context->failure->status;
	}
	return STATUS_OK;
}

int btf_ext_check(const struct elf_file *elf, const struct btf_summary *summary,
		  struct failure *failure)
{
	const struct elf_section *section = elf_find_section(elf, ".BTF.ext");
	const struct elf_section *btf = elf_find_section(elf, ".BTF");
	struct context context = {.elf = elf, .btf = summary, .failure = failure};
	uint32_t length;

	if (!section)
		return STATUS_OK;
	context.strings = (const char *)btf->data + sizeof(struct btf_header) +
			  read_u32(btf->data + offsetof(struct btf_header, str_off));
	if (section->size < HEADER_WITHOUT_CORE || section->size > UINT32_MAX ||
	    read_u16(section->data) != BTF_MAGIC || section->data[2] != BTF_VERSION ||
	    section->data[3] != 0)
		return damaged(&context, "the header is not one of BTF.ext");
	length = read_u32(section->data + 4);
	if ((length != HEADER_WITHOUT_CORE && length != HEADER_WITH_CORE) || length > section->size)
		return damaged(&context, "the header has another length");
	for (uint32_t kind = RECORD_FUNC; kind <= RECORD_CORE; kind++) {
		uint32_t field = 8 + 8 * kind;
		uint32_t offset, size;

		if (field == HEADER_WITHOUT_CORE && length == HEADER_WITHOUT_CORE)
			break;
		offset = read_u32(section->data + field);
		size = read_u32(section->data + field + 4);
		if (offset % 4 || size % 4 || !within(offset, size, section->size - length))
			return damaged(&context, "a part reaches beyond the section");
		if (check_part(&context, kind, section->data + length + offset, size))
			return failure->status;
	}
	return STATUS_OK;
}
