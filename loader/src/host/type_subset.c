#include "host/type_subset.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "base/id_table.h"
#include "base/memory.h"
#include "base/strbuf.h"

/* Modifiers in a row that no kernel has. */
#define MOST_MODIFIERS 64

/* How much of a type is taken. */
enum depth {
	WHOLE,
	/* Of what a pointer leads to. */
	NAME,
	/* As a whole, and behind one pointer, too: of the typedef of an event. */
	SIGNATURE,
	DEPTHS,
};

struct entry {
	/* Where it begins in `types`. */
	size_t offset;
	enum depth depth;
};

struct type_subset {
	struct strbuf types, strings;
	/* By id, from 1 on. */
	struct entry *entries;
	uint32_t count, room;
	/* From ids of one source to those here, by depth. */
	struct id_table known[DEPTHS];
	struct type_source source;
	/* Types that refer to those here already: the first ones. */
	uint32_t patched;
};

struct type_subset *type_subset_new(void)
{
	struct type_subset *subset = memory_zeroed(sizeof(*subset));

	strbuf_char(&subset->strings, '\0');
	return subset;
}

static void keep(void *item)
{
	(void)item;
}

static void forget(struct type_subset *subset)
{
	for (int depth = WHOLE; depth < DEPTHS; depth++) {
		id_table_free(&subset->known[depth], keep);
		subset->known[depth] = (struct id_table){0};
	}
}

void type_subset_free(struct type_subset *subset)
{
	if (!subset)
		return;
	forget(subset);
	strbuf_free(&subset->types);
	strbuf_free(&subset->strings);
	free(subset->entries);
	free(subset);
}

/* Adding moves them all, so a type is looked up anew for each of its references. */
static struct btf_type *type_at(const struct type_subset *subset, uint32_t id)
{
	return (struct btf_type *)(subset->types.data + subset->entries[id - 1].offset);
}

static const struct btf_type *host_type(const struct type_subset *subset, uint32_t id)
{
	return subset->source.type(subset->source.types, id);
}

/* The offset here of a name of the source. */
static uint32_t take_name(struct type_subset *subset, uint32_t offset)
{
	const char *name = subset->source.name(subset->source.types, offset);
	size_t place = subset->strings.length;

	if (!*name)
		return 0;
	strbuf_put(&subset->strings, name, strlen(name) + 1);
	return (uint32_t)place;
}

/* The depth that counts for a type. */
static enum depth depth_of(const struct btf_type *type, enum depth depth)
{
	bool cuts = btf_is_composite(type) || btf_is_array(type) || btf_is_func_proto(type);
	bool leads = btf_is_typedef(type) || btf_is_ptr(type);

	return (depth == NAME && cuts) || (depth == SIGNATURE && leads) ? depth : WHOLE;
}

/* What is taken of a type is its first `*size` bytes, with this head. */
static bool cut(const struct type_subset *subset, const struct btf_type *type, enum depth depth,
		struct btf_type *head, size_t *size)
{
	*head = *type;
	*size = sizeof(*type);
	if (btf_is_func_proto(type) && depth == NAME) {
		head->info = BTF_KIND_FUNC_PROTO << 24;
		head->type = 0;
	} else if (btf_is_composite(type) && depth == NAME) {
		const char *name = subset->source.name(subset->source.types, type->name_off);

		/* Without a name it stays what it is, but for its members. */
		head->info = btf_kind(type) << 24;
		if (*name) {
			head->info = BTF_KIND_FWD << 24 | (uint32_t)btf_is_union(type) << 31;
			head->type = 0;
		}
	} else {
		*size += (size_t)type_tail_size(type);
	}
	return !btf_is_var(type) && !btf_is_datasec(type) && !btf_is_decl_tag(type);
}

static void take_names(struct type_subset *subset, uint32_t id)
{
	uint32_t count = btf_vlen(type_at(subset, id));

	type_at(subset, id)->name_off = take_name(subset, type_at(subset, id)->name_off);
	for (uint32_t i = 0; i < count; i++) {
		struct btf_type *type = type_at(subset, id);

		if (btf_is_composite(type))
			btf_members(type)[i].name_off =
				take_name(subset, btf_members(type)[i].name_off);
		else if (btf_is_enum(type))
			btf_enum(type)[i].name_off = take_name(subset, btf_enum(type)[i].name_off);
		else if (btf_is_enum64(type))
			btf_enum64(type)[i].name_off =
				take_name(subset, btf_enum64(type)[i].name_off);
		else if (btf_is_func_proto(type))
			btf_params(type)[i].name_off =
				take_name(subset, btf_params(type)[i].name_off);
	}
}

/* The id here of a type of the source, whose references are the source's still when it is new; 0 is
 * void. */
static bool take(struct type_subset *subset, uint32_t type, enum depth depth, uint32_t *id)
{
	const struct btf_type *found = type ? host_type(subset, type) : NULL;
	struct btf_type head;
	size_t size, offset = subset->types.length;
	void *known;

	/* By name, what a type is called on the way does not matter. */
	for (int i = 0; depth == NAME && found && i < MOST_MODIFIERS &&
			(btf_is_mod(found) || btf_is_typedef(found));
	     i++) {
		type = found->type;
		found = type ? host_type(subset, type) : NULL;
	}
	*id = 0;
	if (type == 0)
		return true;
	if (found)
		depth = depth_of(found, depth);
	known = id_table_find(&subset->known[depth], type);
	*id = (uint32_t)(uintptr_t)known;
	if (known)
		return true;
	if (!found || !cut(subset, found, depth, &head, &size))
		return false;
	strbuf_put(&subset->types, &head, sizeof(head));
	strbuf_put(&subset->types, found + 1, size - sizeof(head));
	memory_grow(subset->entries, subset->count, subset->room);
	subset->entries[subset->count++] = (struct entry){offset, depth};
	*id = subset->count;
	id_table_add(&subset->known[depth], type, (void *)(uintptr_t)*id);
	take_names(subset, *id);
	return true;
}

/* Gives the type ids of here for those of the source. */
static bool patch(struct type_subset *subset, uint32_t id)
{
	const struct btf_type *type = type_at(subset, id);
	enum depth depth = subset->entries[id - 1].depth;
	uint32_t to, index;

	if (btf_is_ptr(type) || btf_is_mod(type) || btf_is_typedef(type) || btf_is_func(type) ||
	    btf_is_func_proto(type)) {
		if (btf_is_ptr(type))
			depth = depth == SIGNATURE ? WHOLE : NAME;
		if (!take(subset, type->type, depth, &to))
			return false;
		type_at(subset, id)->type = to;
	}
	type = type_at(subset, id);
	if (btf_is_func_proto(type)) {
		for (uint16_t i = 0, count = btf_vlen(type); i < count; i++) {
			if (!take(subset, btf_params(type_at(subset, id))[i].type, WHOLE, &to))
				return false;
			btf_params(type_at(subset, id))[i].type = to;
		}
	} else if (btf_is_array(type)) {
		uint32_t index_type = btf_array(type)->index_type;

		if (!take(subset, btf_array(type)->type, depth, &to) ||
		    !take(subset, index_type, WHOLE, &index))
			return false;
		btf_array(type_at(subset, id))->type = to;
		btf_array(type_at(subset, id))->index_type = index;
	} else if (btf_is_composite(type)) {
		for (uint16_t i = 0, count = btf_vlen(type); i < count; i++) {
			if (!take(subset, btf_members(type_at(subset, id))[i].type, WHOLE, &to))
				return false;
			btf_members(type_at(subset, id))[i].type = to;
		}
	}
	return true;
}

static bool add(struct type_subset *subset, struct type_source source, uint32_t type,
		enum depth depth)
{
	uint32_t id;

	if (subset->source.types != source.types)
		forget(subset);
	subset->source = source;
	if (!take(subset, type, depth, &id))
		return false;
	while (subset->patched < subset->count)
		if (!patch(subset, ++subset->patched))
			return false;
	return true;
}

bool type_subset_add(struct type_subset *subset, struct type_source source, uint32_t type)
{
	return add(subset, source, type, WHOLE);
}

bool type_subset_add_signature(struct type_subset *subset, struct type_source source, uint32_t type)
{
	return add(subset, source, type, SIGNATURE);
}

void *type_subset_bytes(const struct type_subset *subset, uint32_t *size)
{
	const struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(header),
		.type_len = (uint32_t)subset->types.length,
		.str_off = (uint32_t)subset->types.length,
		.str_len = (uint32_t)subset->strings.length,
	};
	char *bytes;

	*size = (uint32_t)sizeof(header) + header.type_len + header.str_len;
	bytes = memory_bytes(*size);
	memcpy(bytes, &header, sizeof(header));
	if (header.type_len)
		memcpy(bytes + sizeof(header), subset->types.data, header.type_len);
	memcpy(bytes + sizeof(header) + header.type_len, subset->strings.data, header.str_len);
	return bytes;
}
