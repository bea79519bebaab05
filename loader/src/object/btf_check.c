/*
 * BTF of an object, or of a file in place of the kernel's (Documentation/bpf/btf.rst), checked
 * before libbpf looks into it: libbpf 1.1 follows type ids without bounds on chains
 * (skip_mods_and_typedefs) and on nesting (btf__align_of).
 */
#include <linux/btf.h>
#include <string.h>

#include "object/elf_file.h"
#include "base/failure.h"

#define MAX_TYPES (1u << 20)
/* Nesting of types by value. The compiler's own types are a few levels deep. */
#define MAX_DEPTH 64
/* Steps that a recursive walk over one type may take; bounds walks that do not remember what they
 * saw. */
#define MAX_COST 1000000u

struct btf {
	const uint8_t *strings;
	uint32_t strings_size;
	const uint8_t *types;
	uint32_t types_size;
	/* By id, from 1. */
	uint32_t *offsets;
	uint8_t *kinds;
	uint32_t count;
	/* What is wrong, and with which type. */
	const char *damage;
	uint32_t damaged;
};

static bool damaged(struct btf *btf, const char *what, uint32_t id)
{
	btf->damage = what;
	btf->damaged = id;
	return false;
}

static uint32_t vlen(uint32_t info)
{
	return info & 0xffff;
}

/* Bytes behind the 12-byte header of a type; -1 for unknown kinds. */
static int64_t extra_bytes(uint32_t kind, uint32_t members)
{
	switch (kind) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return (int64_t)members * (int64_t)sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return (int64_t)members * (int64_t)sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return (int64_t)members * (int64_t)sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return (int64_t)members * (int64_t)sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return (int64_t)members * (int64_t)sizeof(struct btf_var_secinfo);
	default:
		return -1;
	}
}

/* Whether the header's third word is a type id rather than a size. */
static bool third_word_is_type(uint32_t kind)
{
	switch (kind) {
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FUNC_PROTO:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
	case BTF_KIND_TYPE_TAG:
		return true;
	default:
		return false;
	}
}

static bool read_header(struct btf *btf, const uint8_t *header, uint64_t size)
{
	uint32_t length, types, strings;
	uint64_t body;

	if (size < sizeof(struct btf_header) || size > UINT32_MAX ||
	    read_u16(header) != BTF_MAGIC || header[2] != BTF_VERSION || header[3] != 0)
		return damaged(btf, "the header is not one of BTF", 0);
	length = read_u32(header + 4);
	if (length != sizeof(struct btf_header))
		return damaged(btf, "the header has another length", 0);
	types = read_u32(header + 8);
	btf->types_size = read_u32(header + 12);
	strings = read_u32(header + 16);
	btf->strings_size = read_u32(header + 20);
	body = size - length;
	if (types % 4 || !within(types, btf->types_size, body) ||
	    !within(strings, btf->strings_size, body))
		return damaged(btf, "types or strings reach beyond the section", 0);
	/* libbpf wants the strings behind the types (btf_parse_hdr in btf.c). */
	if ((uint64_t)types + btf->types_size > strings)
		return damaged(btf, "types and strings overlap", 0);
	btf->types = header + length + types;
	btf->strings = header + length + strings;
	if (btf->strings_size == 0 || btf->strings[0] != 0 ||
	    btf->strings[btf->strings_size - 1] != 0)
		return damaged(btf, "the strings are not terminated", 0);
	return true;
}

/* Finds where each type starts. */
static bool index_types(struct arena *arena, struct btf *btf)
{
	uint32_t count = 0;

	for (int pass = 0; pass < 2; pass++) {
		uint32_t at = 0, id = 1;

		while (at < btf->types_size) {
			uint32_t info, kind;
			int64_t extra;

			if (btf->types_size - at < sizeof(struct btf_type) || id >= MAX_TYPES)
				return damaged(btf, "cut off", id);
			info = read_u32(btf->types + at + 4);
			kind = info >> 24 & 0x1f;
			extra = extra_bytes(kind, vlen(info));
			if (extra < 0)
				return damaged(btf, "unknown kind", id);
			if (!within(at + sizeof(struct btf_type), (uint64_t)extra, btf->types_size))
				return damaged(btf, "cut off", id);
			if (pass == 1) {
				btf->offsets[id] = at;
				btf->kinds[id] = (uint8_t)kind;
			}
			at += (uint32_t)sizeof(struct btf_type) + (uint32_t)extra;
			id++;
		}
		count = id;
		if (pass == 0) {
			btf->offsets = arena_array(arena, count, sizeof(*btf->offsets));
			btf->kinds = arena_array(arena, count, 1);
		}
	}
	btf->count = count;
	return true;
}

/* The n-th id that a type refers to; *by_value tells whether its layout depends on that type's. */
static uint32_t reference(const struct btf *btf, uint32_t id, uint32_t n, bool *by_value)
{
	const uint8_t *type = btf->types + btf->offsets[id];
	const uint8_t *extra = type + sizeof(struct btf_type);
	uint32_t kind = btf->kinds[id];

	*by_value = kind != BTF_KIND_PTR && kind != BTF_KIND_FUNC_PROTO;
	switch (kind) {
	case BTF_KIND_ARRAY:
		*by_value = n == 0;
		return read_u32(extra + 4 * n);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return read_u32(extra + n * sizeof(struct btf_member) + 4);
	case BTF_KIND_FUNC_PROTO:
		return n == 0 ? read_u32(type + 8)
			      : read_u32(extra + (n - 1) * sizeof(struct btf_param) + 4);
	case BTF_KIND_DATASEC:
		return read_u32(extra + n * sizeof(struct btf_var_secinfo));
	default:
		return read_u32(type + 8);
	}
}

static uint32_t reference_count(const struct btf *btf, uint32_t id)
{
	uint32_t kind = btf->kinds[id];
	uint32_t members = vlen(read_u32(btf->types + btf->offsets[id] + 4));

	switch (kind) {
	case BTF_KIND_ARRAY:
		return 2;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
		return members;
	case BTF_KIND_FUNC_PROTO:
		return members + 1;
	default:
		return third_word_is_type(kind) ? 1 : 0;
	}
}

/* Names that stand in a type beside its own: of members, enumerators and parameters. */
static bool names_within(const struct btf *btf, uint32_t id)
{
	const uint8_t *type = btf->types + btf->offsets[id];
	uint32_t members = vlen(read_u32(type + 4));
	size_t step;

	if (read_u32(type) >= btf->strings_size)
		return false;
	switch (btf->kinds[id]) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		step = sizeof(struct btf_member);
		break;
	case BTF_KIND_ENUM:
		step = sizeof(struct btf_enum);
		break;
	case BTF_KIND_ENUM64:
		step = sizeof(struct btf_enum64);
		break;
	case BTF_KIND_FUNC_PROTO:
		step = sizeof(struct btf_param);
		break;
	default:
		return true;
	}
	for (uint32_t i = 0; i < members; i++)
		if (read_u32(type + sizeof(struct btf_type) + i * step) >= btf->strings_size)
			return false;
	return true;
}

/* libbpf divides by the size of numbers that bitfields are cut from (bpf_core_calc_field_relo). */
static bool check_size(struct btf *btf, uint32_t id)
{
	uint32_t kind = btf->kinds[id];
	uint32_t size = read_u32(btf->types + btf->offsets[id] + 8);

	if (kind != BTF_KIND_INT && kind != BTF_KIND_ENUM && kind != BTF_KIND_ENUM64)
		return true;
	if (size == 0 || size > 16 || (size & (size - 1)) != 0)
		return damaged(btf, "a number of a size that no number has", id);
	return true;
}

/* The same for what no number is: a structure without members has no size. */
static bool check_bitfields(struct btf *btf, uint32_t id)
{
	const uint8_t *type = btf->types + btf->offsets[id];
	uint32_t info = read_u32(type + 4);

	if ((btf->kinds[id] != BTF_KIND_STRUCT && btf->kinds[id] != BTF_KIND_UNION) ||
	    !(info >> 31))
		return true;
	for (uint32_t n = 0; n < vlen(info); n++) {
		const uint8_t *member =
			type + sizeof(struct btf_type) + n * sizeof(struct btf_member);
		uint32_t to = read_u32(member + 4);

		if (!(read_u32(member + 8) >> 24))
			continue;
		for (int depth = 0;
		     depth < MAX_DEPTH && to && to < btf->count && btf->kinds[to] != BTF_KIND_INT &&
		     third_word_is_type(btf->kinds[to]);
		     depth++)
			to = read_u32(btf->types + btf->offsets[to] + 8);
		if (!to || to >= btf->count ||
		    (btf->kinds[to] != BTF_KIND_INT && btf->kinds[to] != BTF_KIND_ENUM &&
		     btf->kinds[to] != BTF_KIND_ENUM64))
			return damaged(btf, "a bitfield of something that is no number", id);
	}
	return true;
}

static bool check_references(struct btf *btf, uint32_t id)
{
	uint32_t count = reference_count(btf, id);

	if (!names_within(btf, id))
		return damaged(btf, "a name lies outside the strings", id);
	for (uint32_t n = 0; n < count; n++) {
		bool by_value;
		uint32_t to = reference(btf, id, n, &by_value);
		uint32_t kind = btf->kinds[id];

		if (to >= btf->count)
			return damaged(btf, "refers to a type that is not there", id);
		if (kind == BTF_KIND_FUNC && btf->kinds[to] != BTF_KIND_FUNC_PROTO)
			return damaged(btf, "a function without a prototype", id);
		if (kind == BTF_KIND_DATASEC && btf->kinds[to] != BTF_KIND_VAR &&
		    btf->kinds[to] != BTF_KIND_FUNC)
			return damaged(btf, "a section holds something else than variables", id);
		if (kind == BTF_KIND_VAR &&
		    (btf->kinds[to] == BTF_KIND_VAR || btf->kinds[to] == BTF_KIND_DATASEC ||
		     btf->kinds[to] == BTF_KIND_FUNC))
			return damaged(btf, "a variable of something that is no type", id);
	}
	return true;
}

/*
 * Depth-first over containment by value, with an explicit stack: no cycles, bounded depth, bounded
 * cost of a walk that visits shared parts again.
 */
static bool check_nesting(struct arena *arena, struct btf *btf)
{
	uint32_t *cost = arena_array(arena, btf->count, sizeof(*cost));
	uint32_t stack[MAX_DEPTH], next[MAX_DEPTH];

	for (uint32_t root = 1; root < btf->count; root++) {
		uint32_t depth = 0;

		if (cost[root])
			continue;
		stack[0] = root;
		next[0] = 0;
		for (;;) {
			uint32_t id = stack[depth], to = 0;
			bool by_value = false;

			if (next[depth] < reference_count(btf, id)) {
				to = reference(btf, id, next[depth]++, &by_value);
				if (to == 0 || !by_value || cost[to])
					continue;
				/* A cycle shows as too deep a nesting. */
				if (depth + 1 == MAX_DEPTH)
					return damaged(btf, "nested too deeply, or within itself",
						       root);
				stack[++depth] = to;
				next[depth] = 0;
				continue;
			}
			cost[id] = 1;
			for (uint32_t n = 0; n < reference_count(btf, id); n++) {
				to = reference(btf, id, n, &by_value);
				if (to == 0 || !by_value)
					continue;
				cost[id] += cost[to];
				if (cost[id] > MAX_COST)
					return damaged(btf, "too large", id);
			}
			if (depth == 0)
				break;
			depth--;
		}
	}
	return true;
}

/*
 * libbpf rewrites what stands in .ksyms, as variables and as functions with parameters
 * (bpf_object__collect_externs), without looking whether that is what they are.
 */
static bool is_kernel_symbols(const struct btf *btf, uint32_t section)
{
	for (uint32_t n = 0; n < reference_count(btf, section); n++) {
		bool by_value;
		uint32_t id = reference(btf, section, n, &by_value);

		if (id == 0)
			return false;
		if (btf->kinds[id] == BTF_KIND_FUNC)
			id = reference(btf, id, 0, &by_value);
		else if (btf->kinds[id] == BTF_KIND_VAR)
			continue;
		else
			return false;
		if (id == 0 || btf->kinds[id] != BTF_KIND_FUNC_PROTO)
			return false;
	}
	return true;
}

/* Sections of variables that libbpf treats specially and no script's object has. */
static bool check_datasecs(struct btf *btf)
{
	for (uint32_t id = 1; id < btf->count; id++) {
		const char *name;

		if (btf->kinds[id] != BTF_KIND_DATASEC)
			continue;
		name = (const char *)btf->strings + read_u32(btf->types + btf->offsets[id]);
		if (strcmp(name, ".kconfig") == 0 || strncmp(name, ".struct_ops", 11) == 0 ||
		    (strcmp(name, ".ksyms") == 0 && !is_kernel_symbols(btf, id)))
			return damaged(btf, "a section that scripts do not have", id);
	}
	return true;
}

static bool check_types(struct arena *arena, struct btf *btf, const uint8_t *data, uint64_t size)
{
	if (!read_header(btf, data, size) || !index_types(arena, btf))
		return false;
	for (uint32_t id = 1; id < btf->count; id++)
		if (!check_size(btf, id) || !check_bitfields(btf, id) || !check_references(btf, id))
			return false;
	return check_nesting(arena, btf);
}

int btf_check(struct elf_file *elf, struct btf_summary *summary, struct failure *failure)
{
	const struct elf_section *section = elf_find_section(elf, ".BTF");
	struct btf btf = {0};

	memset(summary, 0, sizeof(*summary));
	if (!section)
		return fail(failure, STATUS_OBJECT, "the object has no BTF");
	if (!check_types(&elf->arena, &btf, section->data, section->size) || !check_datasecs(&btf))
		return fail(failure, STATUS_OBJECT, "the object is damaged: BTF type %u: %s",
			    btf.damaged, btf.damage);
	summary->type_count = btf.count;
	summary->kinds = btf.kinds;
	summary->strings_size = btf.strings_size;
	return STATUS_OK;
}

int btf_check_kernel(const void *data, uint32_t size, const char *path, struct failure *failure)
{
	struct arena arena = {0};
	struct btf btf = {0};

	if (!check_types(&arena, &btf, data, size))
		fail(failure, STATUS_KERNEL,
		     "Cannot read the kernel's types from %s: it is damaged (BTF type %u: %s).",
		     path, btf.damaged, btf.damage);
	arena_free(&arena);
	return failure->status;
}
