#include "host/type_match.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/type_key.h"

/* Depths that no kernel reaches: types of objects and of damaged BTF may lead into each other. */
#define MOST_MODIFIERS 64
#define MOST_NESTING 32

static const struct btf_type *resolve(const struct btf *btf, uint32_t *id)
{
	const struct btf_type *type = btf__type_by_id(btf, *id);

	for (int i = 0; type && i < MOST_MODIFIERS; i++) {
		if (!btf_is_mod(type) && !btf_is_typedef(type))
			return type;
		*id = type->type;
		type = btf__type_by_id(btf, *id);
	}
	return NULL;
}

static const char *name_of(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

enum value_kind {
	VALUE_NUMBER,
	VALUE_ENUM,
	VALUE_POINTER,
	VALUE_ARRAY,
	VALUE_AGGREGATE,
	VALUE_OTHER
};

static enum value_kind kind_of(const struct btf_type *type)
{
	if (btf_is_int(type))
		return VALUE_NUMBER;
	if (btf_is_any_enum(type))
		return VALUE_ENUM;
	if (btf_is_ptr(type))
		return VALUE_POINTER;
	if (btf_is_array(type))
		return VALUE_ARRAY;
	return btf_is_composite(type) ? VALUE_AGGREGATE : VALUE_OTHER;
}

static bool is_number(enum value_kind kind)
{
	return kind == VALUE_NUMBER || kind == VALUE_ENUM;
}

static bool is_union(const struct btf_type *type)
{
	return btf_is_fwd(type) ? btf_kflag(type) : btf_is_union(type);
}

void type_describe(const struct btf *btf, uint32_t id, char *text, size_t room)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	const char *name;

	/* A typedef is what people know. */
	if (type && btf_is_mod(type))
		type = resolve(btf, &id);
	if (!type) {
		snprintf(text, room, "%s", id ? "a damaged type" : "void");
		return;
	}
	name = name_of(btf, type->name_off);
	if (id == 0)
		snprintf(text, room, "void");
	else if (btf_is_ptr(type)) {
		uint32_t to = type->type;
		const struct btf_type *pointee = resolve(btf, &to);
		const char *of = pointee && to ? name_of(btf, pointee->name_off) : "";

		if (pointee && (btf_is_composite(pointee) || btf_is_fwd(pointee)) && *of)
			snprintf(text, room, "a pointer to %s %s",
				 is_union(pointee) ? "union" : "struct", of);
		else if (pointee && to && (btf_is_ptr(pointee) || is_number(kind_of(pointee)))) {
			char inner[128];

			type_describe(btf, type->type, inner, sizeof(inner));
			snprintf(text, room, "a pointer to %s", inner);
		} else
			snprintf(text, room, "a pointer");
	} else if (btf_is_array(type))
		snprintf(text, room, "an array of %u", btf_array(type)->nelems);
	else if (btf_is_composite(type))
		snprintf(text, room, "%s%s%s", btf_is_union(type) ? "union" : "struct",
			 *name ? " " : "", name);
	else if (btf_is_any_enum(type))
		snprintf(text, room, "enum%s%s of %u bytes", *name ? " " : "", name, type->size);
	else
		snprintf(text, room, "%s", *name ? name : "another kind of type");
}

/* One step of a local path: a named member, or an element of an array. */
struct step {
	const char *name; /* NULL: an element */
	uint32_t index;
};

/* The next number of an access path; false at its end. */
static bool next_index(const char **at, uint32_t *index)
{
	char *end;

	if (!**at)
		return false;
	*index = (uint32_t)strtoul(*at, &end, 10);
	if (end == *at)
		return false;
	*at = *end == ':' ? end + 1 : end;
	return true;
}

static bool enter_array(const struct btf *btf, const struct btf_type *type, uint32_t index,
			struct type_leaf *leaf)
{
	int64_t size = btf__resolve_size(btf, btf_array(type)->type);

	if (size < 0)
		return false;
	leaf->type = btf_array(type)->type;
	leaf->bit_offset += (uint64_t)size * index * 8;
	leaf->bit_size = 0;
	return true;
}

static void enter_member(const struct btf_type *type, uint32_t index, struct type_leaf *leaf)
{
	leaf->type = btf_members(type)[index].type;
	leaf->bit_offset += btf_member_bit_offset(type, index);
	leaf->bit_size = btf_member_bitfield_size(type, index);
	leaf->name = name_of(leaf->btf, btf_members(type)[index].name_off);
}

/* Follows one index in the type that the leaf is so far; *step is what it meant. */
static bool local_step(struct type_leaf *leaf, uint32_t index, struct step *step)
{
	uint32_t id = leaf->type;
	const struct btf_type *type = resolve(leaf->btf, &id);

	if (!type)
		return false;
	if (btf_is_array(type)) {
		*step = (struct step){.index = index};
		return enter_array(leaf->btf, type, index, leaf);
	}
	if (!btf_is_composite(type) || index >= btf_vlen(type))
		return false;
	enter_member(type, index, leaf);
	*step = (struct step){.name = leaf->name};
	return true;
}

bool type_local_leaf(const struct btf *local, uint32_t type, const char *access,
		     struct type_leaf *leaf)
{
	struct step step;
	uint32_t index;

	*leaf = (struct type_leaf){.btf = local, .type = type, .name = ""};
	/* The first index is that of a pointer to the struct: 0. */
	if (!next_index(&access, &index) || index != 0)
		return false;
	while (next_index(&access, &index))
		if (!local_step(leaf, index, &step))
			return false;
	return true;
}

const struct btf_member *type_local_member(const struct btf *local, uint32_t type,
					   const char *access)
{
	struct type_leaf leaf = {.btf = local, .type = type, .name = ""};
	const struct btf_member *member = NULL;
	struct step step;
	uint32_t index;

	if (!next_index(&access, &index) || index != 0)
		return NULL;
	while (next_index(&access, &index)) {
		uint32_t id = leaf.type;
		const struct btf_type *holder = resolve(local, &id);

		if (!local_step(&leaf, index, &step))
			return NULL;
		if (step.name)
			member = &btf_members(holder)[index];
	}
	return member;
}

static bool find_member(struct type_leaf *leaf, uint32_t id, const char *name, int depth)
{
	const struct btf_type *type = resolve(leaf->btf, &id);

	if (!type || !btf_is_composite(type) || depth > MOST_NESTING)
		return false;
	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		struct type_leaf inner = *leaf;

		enter_member(type, i, &inner);
		if (*inner.name ? strcmp(inner.name, name) == 0
				: find_member(&inner, inner.type, name, depth + 1)) {
			*leaf = inner;
			return true;
		}
	}
	return false;
}

bool type_host_leaf(const struct btf *local, uint32_t type, const char *access,
		    const struct btf *host, uint32_t candidate, struct type_leaf *leaf)
{
	struct type_leaf at = {.btf = local, .type = type, .name = ""};
	struct step step;
	uint32_t index;

	*leaf = (struct type_leaf){.btf = host, .type = candidate, .name = ""};
	if (!next_index(&access, &index) || index != 0)
		return false;
	while (next_index(&access, &index)) {
		if (!local_step(&at, index, &step))
			return false;
		if (step.name) {
			/* Members without a name are gone through by whoever is in them. */
			if (*step.name && !find_member(leaf, leaf->type, step.name, 0))
				return false;
		} else {
			uint32_t id = leaf->type;
			const struct btf_type *array = resolve(host, &id);

			/* One without a length ends its struct, and has what the struct has room
			 * for. */
			if (!array || !btf_is_array(array) ||
			    (btf_array(array)->nelems && step.index >= btf_array(array)->nelems) ||
			    !enter_array(host, array, step.index, leaf))
				return false;
		}
	}
	return true;
}

/* Plain `char` has the sign that its kernel was compiled with (-funsigned-char since Linux 6.2),
 * and scripts have it with one. */
static bool is_signed(const struct btf *btf, const struct btf_type *type)
{
	return btf_is_int(type) && ((btf_int_encoding(type) & BTF_INT_SIGNED) ||
				    strcmp(name_of(btf, type->name_off), "char") == 0);
}

static bool has_sign(const struct btf *btf, const struct btf_type *type)
{
	return btf_is_any_enum(type) ? btf_kflag(type) : is_signed(btf, type);
}

static bool is_bool(const struct btf_type *type)
{
	return btf_is_int(type) && (btf_int_encoding(type) & BTF_INT_BOOL);
}

bool type_sign_unknown(bool local_enum, bool local_signed, bool host_enum, bool host_signed)
{
	return local_enum == host_enum ? local_enum : local_signed || !host_signed;
}

static uint32_t bits_of(const struct type_leaf *leaf, const struct btf_type *type)
{
	if (leaf->bit_size)
		return leaf->bit_size;
	return btf_is_int(type) ? btf_int_bits(type) : type->size * 8;
}

bool type_number(const struct btf *btf, uint32_t type, struct type_number *number)
{
	const struct btf_type *resolved = resolve(btf, &type);

	if (!resolved || !type || !is_number(kind_of(resolved)))
		return false;
	*number = (struct type_number){
		.size = resolved->size,
		.is_enum = btf_is_any_enum(resolved),
		.is_signed = has_sign(btf, resolved),
	};
	return true;
}

static bool differs(char *why, size_t room, const struct type_leaf *local,
		    const struct type_leaf *host)
{
	char was[160], is[160];

	type_describe(host->btf, host->type, is, sizeof(is));
	type_describe(local->btf, local->type, was, sizeof(was));
	snprintf(why, room, "is %s on this kernel, and the script was built for %s", is, was);
	return false;
}

static bool same_number(const struct type_leaf *local, const struct btf_type *was,
			const struct type_leaf *host, const struct btf_type *is, enum type_use use,
			char *why, size_t room)
{
	uint32_t local_bits = bits_of(local, was), host_bits = bits_of(host, is);
	bool was_signed = has_sign(local->btf, was), is_now_signed = has_sign(host->btf, is);

	if (use == TYPE_USE_OPEN && btf_is_int(is)) {
		if (is_signed(host->btf, is) || host_bits < 64)
			return true;
		snprintf(
			why, room,
			"is a number of 64 bits without a sign on this kernel, and the script does not say its type: cast it, as in (uint64)$p.field");
		return false;
	}
	if (was_signed != is_now_signed && !type_sign_unknown(btf_is_any_enum(was), was_signed,
							      btf_is_any_enum(is), is_now_signed)) {
		snprintf(why, room,
			 "has %s sign on this kernel, and the script was built for a number %s one",
			 is_now_signed ? "a" : "no", was_signed ? "with" : "without");
		return false;
	}
	/* Two states, as programs take it, are not all that such a number may say. */
	if (is_bool(was) && !is_bool(is) && host_bits > 1)
		return differs(why, room, local, host);
	if (local_bits == host_bits && !local->bit_size == !host->bit_size)
		return true;
	/* The script's variables and keys are as wide as the type that it knows. Code for whole
	 * bytes cuts nothing out of them, but where it shifts for the sign. */
	if (host_bits <= was->size * 8) {
		if (use == TYPE_USE_ADAPTS &&
		    (local->bit_size || !host->bit_size || is_signed(local->btf, was)))
			return true;
		if (use == TYPE_USE_LOADS && !local->bit_size && !host->bit_size &&
		    btf_is_int(was) && btf_is_int(is) && !is_signed(local->btf, was))
			return true;
	}
	if (local_bits == host_bits)
		snprintf(why, room, "is %s on this kernel, and the script was built for %s",
			 host->bit_size ? "a bitfield" : "no bitfield",
			 host->bit_size ? "whole bytes" : "one");
	else
		snprintf(why, room, "has %u bits on this kernel, and the script was built for %u",
			 host_bits, local_bits);
	return false;
}

/* Bytes, as `char *` and `void *` lead to. */
static bool is_byte(const struct btf_type *type)
{
	return btf_is_int(type) && type->size == 1;
}

/*
 * Whether a program that follows a pointer finds what it was built for. Objects keep structs that
 * they only point to without members, and have void where the program does not follow the pointer.
 */
static bool same_pointee(const struct btf *local, uint32_t local_id, const struct btf *host,
			 uint32_t host_id, int depth)
{
	struct type_leaf old = {.btf = local, .type = local_id, .name = ""};
	struct type_leaf new = {.btf = host, .type = host_id, .name = ""};
	const struct btf_type *was = resolve(local, &local_id);
	const struct btf_type *is = resolve(host, &host_id);
	char why[512];

	if (!was || !is || local_id == 0 || depth > MOST_NESTING)
		return true;
	if (host_id == 0)
		return is_byte(was);
	if (btf_is_composite(was) || btf_is_fwd(was))
		return (btf_is_composite(is) || btf_is_fwd(is)) &&
		       type_same_name(name_of(local, was->name_off), name_of(host, is->name_off));
	if (btf_is_ptr(was))
		return btf_is_ptr(is) && same_pointee(local, was->type, host, is->type, depth + 1);
	if (!is_number(kind_of(was)))
		return true;
	return is_number(kind_of(is)) &&
	       same_number(&old, was, &new, is, TYPE_USE_FIXED, why, sizeof(why));
}

bool type_same_value(const struct type_leaf *local, const struct type_leaf *host, enum type_use use,
		     char *why, size_t room)
{
	uint32_t local_id = local->type, host_id = host->type;
	const struct btf_type *was = resolve(local->btf, &local_id);
	const struct btf_type *is = resolve(host->btf, &host_id);
	enum value_kind local_kind, host_kind;

	if (!was || !is || local_id == 0 || host_id == 0)
		return true;
	local_kind = kind_of(was);
	host_kind = kind_of(is);
	if (is_number(local_kind) && is_number(host_kind))
		return same_number(local, was, host, is, use, why, room);
	if (local_kind != host_kind)
		return differs(why, room, local, host);
	/* Of a struct in a struct programs take the place, for one of that name. */
	if (local_kind == VALUE_AGGREGATE && *name_of(local->btf, was->name_off))
		return type_same_name(name_of(local->btf, was->name_off),
				      name_of(host->btf, is->name_off)) ||
		       differs(why, room, local, host);
	if (local_kind == VALUE_POINTER)
		return same_pointee(local->btf, was->type, host->btf, is->type, 0) ||
		       differs(why, room, local, host);
	if (local_kind == VALUE_ARRAY) {
		const struct btf_array *then = btf_array(was), *now = btf_array(is);
		struct type_leaf old = {.btf = local->btf, .type = then->type, .name = ""};
		struct type_leaf new = {.btf = host->btf, .type = now->type, .name = ""};

		if (now->nelems && now->nelems < then->nelems)
			return differs(why, room, local, host);
		return type_same_value(&old, &new, TYPE_USE_FIXED, why, room);
	}
	return true;
}

bool type_relocates(const struct type_leaf *local, const struct type_leaf *host)
{
	uint32_t local_id = local->type, host_id = host->type;
	const struct btf_type *was = resolve(local->btf, &local_id);
	const struct btf_type *is = resolve(host->btf, &host_id);

	for (int i = 0; was && is && btf_is_array(was) && btf_is_array(is) && i < MOST_NESTING;
	     i++) {
		local_id = btf_array(was)->type;
		host_id = btf_array(is)->type;
		was = resolve(local->btf, &local_id);
		is = resolve(host->btf, &host_id);
	}
	if (!was || !is)
		return false;
	return kind_of(was) == kind_of(is);
}

/* One comparison of layouts. An object's BTF can hold itself by value, so that work has a bound. */
struct walk {
	const struct btf *local, *host;
	uint32_t steps;
	char *why;
	size_t room;
};

#define MOST_STEPS 20000

static bool same_layout(struct walk *walk, uint32_t local_id, uint32_t host_id, int depth);

/* Members of a local aggregate that stands `base` bits into what `host_id` is compared with. */
static bool same_members(struct walk *walk, uint32_t local_id, uint64_t base, uint32_t host_id,
			 int depth)
{
	const struct btf_type *was = resolve(walk->local, &local_id);

	if (!was || !btf_is_composite(was) || depth > MOST_NESTING)
		return true;
	for (uint32_t i = 0; i < btf_vlen(was); i++) {
		struct type_leaf old = {.btf = walk->local, .bit_offset = base};
		struct type_leaf new = {.btf = walk->host, .type = host_id};

		if (++walk->steps > MOST_STEPS) {
			snprintf(walk->why, walk->room, "has too many members to compare");
			return false;
		}
		enter_member(was, i, &old);
		if (!*old.name) {
			/* Its members are the whole's own. */
			if (!same_members(walk, old.type, old.bit_offset, host_id, depth + 1))
				return false;
			continue;
		}
		if (!find_member(&new, host_id, old.name, 0)) {
			snprintf(walk->why, walk->room, "has no member %s on this kernel",
				 old.name);
			return false;
		}
		if (new.bit_offset != old.bit_offset || new.bit_size != old.bit_size) {
			snprintf(walk->why, walk->room,
				 "has its member %s at another place on this kernel", old.name);
			return false;
		}
		if (!same_layout(walk, old.type, new.type, depth + 1)) {
			char inner[256];

			snprintf(inner, sizeof(inner), "%s", walk->why);
			snprintf(walk->why, walk->room, "has a member %s that %s", old.name, inner);
			return false;
		}
	}
	return true;
}

static bool same_layout(struct walk *walk, uint32_t local_id, uint32_t host_id, int depth)
{
	struct type_leaf old = {.btf = walk->local, .type = local_id, .name = ""};
	struct type_leaf new = {.btf = walk->host, .type = host_id, .name = ""};
	const struct btf_type *was = resolve(walk->local, &local_id);
	const struct btf_type *is = resolve(walk->host, &host_id);

	if (depth > MOST_NESTING || !was || !is)
		return true;
	if (!local_id || !host_id)
		return local_id == host_id || differs(walk->why, walk->room, &old, &new);
	switch (kind_of(was)) {
	case VALUE_ARRAY:
		if (!btf_is_array(is) || btf_array(is)->nelems != btf_array(was)->nelems)
			return differs(walk->why, walk->room, &old, &new);
		return same_layout(walk, btf_array(was)->type, btf_array(is)->type, depth + 1);
	case VALUE_AGGREGATE:
		if (btf_kind(is) != btf_kind(was) ||
		    !type_same_name(name_of(walk->local, was->name_off),
				    name_of(walk->host, is->name_off)))
			return differs(walk->why, walk->room, &old, &new);
		if (is->size != was->size) {
			snprintf(walk->why, walk->room,
				 "has %u bytes on this kernel, and the script was built for %u",
				 is->size, was->size);
			return false;
		}
		return same_members(walk, local_id, 0, host_id, depth);
	default:
		return type_same_value(&old, &new, TYPE_USE_FIXED, walk->why, walk->room);
	}
}

bool type_same_layout(const struct btf *local, uint32_t local_type, const struct btf *host,
		      uint32_t host_type, char *why, size_t room)
{
	struct walk walk = {.local = local, .host = host, .why = why, .room = room};

	return same_layout(&walk, local_type, host_type, 0);
}

bool type_member(const struct btf *btf, uint32_t type, const char *name, struct type_leaf *leaf)
{
	*leaf = (struct type_leaf){.btf = btf, .type = type, .name = ""};
	return find_member(leaf, type, name, 0);
}
