#include "host/type_view.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/kernel_btf.h"

/* Types vary in size: where each so many begin is kept, and from there on they are counted. */
#define STRIDE 64

struct stride {
	uint32_t offset;
	/* Of its types: functions stand by themselves, so that half of all types are passed over.
	 */
	uint32_t kinds;
};

struct type_view {
	struct btf_bytes bytes;
	const uint8_t *types;
	const char *strings;
	uint32_t types_size, strings_size;
	/* With void. */
	uint32_t count;
	/* Those of types 1, 1 + STRIDE, ... */
	struct stride *strides;
	uint32_t stride_count, stride_room;
};

/* As many as a type's head has room for, known or not. */
#define KINDS 32

/* Bytes behind a type's head, and so many more for each of what it counts
 * (Documentation/bpf/btf.rst). */
static const struct tail {
	uint8_t is_known, size, each;
} tails[KINDS] = {
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

/* Of a kind that is known. Asked for each of 140,000 types, at every start. */
static inline __attribute__((always_inline)) uint32_t known_tail(const struct btf_type *type)
{
	const struct tail *tail = &tails[btf_kind(type)];

	return tail->size + (uint32_t)btf_vlen(type) * tail->each;
}

int64_t type_tail_size(const struct btf_type *type)
{
	return tails[btf_kind(type)].is_known ? (int64_t)known_tail(type) : -1;
}

static const struct btf_type *type_at(const struct type_view *view, uint32_t offset)
{
	return (const struct btf_type *)(view->types + offset);
}

/* Bytes of a type that find_types has found whole. */
static inline __attribute__((always_inline)) uint32_t size_of(const struct btf_type *type)
{
	return (uint32_t)sizeof(*type) + known_tail(type);
}

static inline bool is_whole(const struct type_view *view, uint32_t offset)
{
	uint32_t left = view->types_size - offset;

	return left >= sizeof(struct btf_type) && tails[btf_kind(type_at(view, offset))].is_known &&
	       size_of(type_at(view, offset)) <= left;
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

static bool find_types(struct type_view *view)
{
	uint32_t offset = 0;

	for (view->count = 1; offset < view->types_size; view->count++) {
		if (!is_whole(view, offset))
			return false;
		if (view->count % STRIDE == 1) {
			memory_grow(view->strides, view->stride_count, view->stride_room);
			view->strides[view->stride_count++] = (struct stride){offset, 0};
		}
		view->strides[view->stride_count - 1].kinds |=
			TYPE_KIND(btf_kind(type_at(view, offset)));
		offset += size_of(type_at(view, offset));
	}
	return true;
}

struct type_view *type_view_open(void)
{
	struct type_view *view = memory_zeroed(sizeof(*view));

	view->bytes = btf_bytes_read(KERNEL_BTF_FOLDER "/vmlinux");
	if (view->bytes.data && find_sections(view) && find_types(view))
		return view;
	type_view_free(view);
	return NULL;
}

void type_view_free(struct type_view *view)
{
	if (!view)
		return;
	btf_bytes_free(&view->bytes);
	free(view->strides);
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
	offset = view->strides[(id - 1) / STRIDE].offset;
	for (uint32_t i = 0; i < (id - 1) % STRIDE; i++)
		offset += size_of(type_at(view, offset));
	return type_at(view, offset);
}

/* Types of one stride, as type_view_each; false: no more are wanted. */
static bool visit_stride(const struct type_view *view, uint32_t number, uint32_t kinds,
			 type_visit visit, void *context)
{
	uint32_t first = 1 + number * STRIDE, offset = view->strides[number].offset;

	for (uint32_t id = first; id < view->count && id < first + STRIDE; id++) {
		const struct btf_type *type = type_at(view, offset);

		if ((kinds & TYPE_KIND(btf_kind(type))) &&
		    !visit(id, type, view_name(view, type->name_off), context))
			return false;
		offset += size_of(type);
	}
	return true;
}

void type_view_each(const struct type_view *view, uint32_t kinds, type_visit visit, void *context)
{
	for (uint32_t i = 0; i < view->stride_count; i++)
		if ((kinds & view->strides[i].kinds) &&
		    !visit_stride(view, i, kinds, visit, context))
			return;
}

struct search {
	uint32_t found;
	const char *name;
};

static bool is_other(uint32_t id, const struct btf_type *type, const char *name, void *context)
{
	struct search *search = context;

	(void)type;
	if (strcmp(name, search->name) == 0)
		search->found = id;
	return !search->found;
}

uint32_t type_view_find(const struct type_view *view, uint32_t kind, const char *name)
{
	struct search search = {.name = name};

	type_view_each(view, TYPE_KIND(kind), is_other, &search);
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
