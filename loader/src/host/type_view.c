#include "host/type_view.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/kernel_btf.h"

/* Types vary in size: where each so many begin is kept, and from there on they are counted. */
#define STRIDE 64

struct type_view {
	struct btf_bytes bytes;
	const uint8_t *types;
	const char *strings;
	uint32_t types_size, strings_size;
	/* With void. */
	uint32_t count;
	/* Offsets of types 1, 1 + STRIDE, ... */
	uint32_t *marks, mark_count, mark_room;
};

/* Bytes behind a type's head, and so many more for each of what it counts
 * (Documentation/bpf/btf.rst). */
static const struct tail {
	uint8_t is_known, size, each;
} tails[] = {
	[BTF_KIND_INT] = {true, 4, 0},
	[BTF_KIND_PTR] = {true, 0, 0},
	[BTF_KIND_ARRAY] = {true, sizeof(struct btf_array), 0},
	[BTF_KIND_STRUCT] = {true, 0, sizeof(struct btf_member)},
	[BTF_KIND_UNION] = {true, 0, sizeof(struct btf_member)},
	[BTF_KIND_ENUM] = {true, 0, sizeof(struct btf_enum)},
	[BTF_KIND_FWD] = {true, 0, 0},
	[BTF_KIND_TYPEDEF] = {true, 0, 0},
	[BTF_KIND_VOLATILE] = {true, 0, 0},
	[BTF_KIND_CONST] = {true, 0, 0},
	[BTF_KIND_RESTRICT] = {true, 0, 0},
	[BTF_KIND_FUNC] = {true, 0, 0},
	[BTF_KIND_FUNC_PROTO] = {true, 0, sizeof(struct btf_param)},
	[BTF_KIND_VAR] = {true, sizeof(struct btf_var), 0},
	[BTF_KIND_DATASEC] = {true, 0, sizeof(struct btf_var_secinfo)},
	[BTF_KIND_FLOAT] = {true, 0, 0},
	[BTF_KIND_DECL_TAG] = {true, sizeof(struct btf_decl_tag), 0},
	[BTF_KIND_TYPE_TAG] = {true, 0, 0},
	[BTF_KIND_ENUM64] = {true, 0, sizeof(struct btf_enum64)},
};

int64_t type_tail_size(const struct btf_type *type)
{
	uint32_t kind = btf_kind(type);

	if (kind >= sizeof(tails) / sizeof(*tails) || !tails[kind].is_known)
		return -1;
	return tails[kind].size + (int64_t)btf_vlen(type) * tails[kind].each;
}

/* Bytes of the type at `offset`; 0 where there is none that is whole. */
static uint32_t size_at(const struct type_view *view, uint32_t offset)
{
	uint32_t left = view->types_size - offset;
	int64_t tail;

	if (left < sizeof(struct btf_type))
		return 0;
	tail = type_tail_size((const struct btf_type *)(view->types + offset));
	if (tail < 0 || tail > (int64_t)(left - sizeof(struct btf_type)))
		return 0;
	return (uint32_t)sizeof(struct btf_type) + (uint32_t)tail;
}

static bool find_sections(struct type_view *view)
{
	const struct btf_header *header = view->bytes.data;
	uint64_t size = view->bytes.size, types, strings;

	if (size < sizeof(*header) || header->magic != BTF_MAGIC ||
	    header->version != BTF_VERSION || header->hdr_len < sizeof(*header))
		return false;
	types = (uint64_t)header->hdr_len + header->type_off;
	strings = (uint64_t)header->hdr_len + header->str_off;
	if (types + header->type_len > size || strings + header->str_len > size || types % 4 != 0 ||
	    header->str_len == 0)
		return false;
	view->types = (const uint8_t *)header + types;
	view->types_size = header->type_len;
	view->strings = (const char *)header + strings;
	view->strings_size = header->str_len;
	return view->strings[header->str_len - 1] == '\0';
}

static bool mark_types(struct type_view *view)
{
	uint32_t offset = 0, size;

	for (view->count = 1; offset < view->types_size; view->count++) {
		size = size_at(view, offset);
		if (!size)
			return false;
		if (view->count % STRIDE == 1) {
			memory_grow(view->marks, view->mark_count, view->mark_room);
			view->marks[view->mark_count++] = offset;
		}
		offset += size;
	}
	return true;
}

struct type_view *type_view_open(void)
{
	struct type_view *view = memory_zeroed(sizeof(*view));

	view->bytes = btf_bytes_read(KERNEL_BTF_FOLDER "/vmlinux");
	if (view->bytes.data && find_sections(view) && mark_types(view))
		return view;
	type_view_free(view);
	return NULL;
}

void type_view_free(struct type_view *view)
{
	if (!view)
		return;
	btf_bytes_free(&view->bytes);
	free(view->marks);
	free(view);
}

static const char *view_name(const void *types, uint32_t offset)
{
	const struct type_view *view = types;

	return offset < view->strings_size ? view->strings + offset : "";
}

static const struct btf_type *view_type(const void *types, uint32_t id)
{
	static const struct btf_type nothing;
	const struct type_view *view = types;
	uint32_t offset;

	if (id == 0)
		return &nothing;
	if (id >= view->count)
		return NULL;
	offset = view->marks[(id - 1) / STRIDE];
	for (uint32_t i = 0; i < (id - 1) % STRIDE; i++)
		offset += size_at(view, offset);
	return (const struct btf_type *)(view->types + offset);
}

void type_view_each(const struct type_view *view,
		    bool (*visit)(uint32_t id, const struct btf_type *type, const char *name,
				  void *context),
		    void *context)
{
	uint32_t offset = 0;

	for (uint32_t id = 1; id < view->count; id++) {
		const struct btf_type *type = (const struct btf_type *)(view->types + offset);

		if (!visit(id, type, view_name(view, type->name_off), context))
			return;
		/* Which mark_types has found whole. */
		offset += (uint32_t)sizeof(*type) + (uint32_t)type_tail_size(type);
	}
}

struct search {
	uint32_t kind, found;
	const char *name;
};

static bool is_other(uint32_t id, const struct btf_type *type, const char *name, void *context)
{
	struct search *search = context;

	if (btf_kind(type) == search->kind && strcmp(name, search->name) == 0)
		search->found = id;
	return !search->found;
}

uint32_t type_view_find(const struct type_view *view, uint32_t kind, const char *name)
{
	struct search search = {.kind = kind, .name = name};

	type_view_each(view, is_other, &search);
	return search.found;
}

struct type_source type_view_source(const struct type_view *view)
{
	return (struct type_source){view, view_type, view_name};
}

static const struct btf_type *btf_type_of(const void *types, uint32_t id)
{
	return btf__type_by_id(types, id);
}

static const char *btf_name_of(const void *types, uint32_t offset)
{
	const char *name = btf__name_by_offset(types, offset);

	return name ? name : "";
}

struct type_source type_btf_source(const struct btf *btf)
{
	return (struct type_source){btf, btf_type_of, btf_name_of};
}
