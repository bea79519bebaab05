#include "session/copied_structs.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>

#include "base/failure.h"
#include "host/type_match.h"
#include "host/type_path.h"
#include "object/manifest.h"
#include "session/kernel_types.h"
#include "session/session.h"

/* Structs of one name in a kernel. */
#define MOST_CANDIDATES 16

/* `place` is where the script sends it; NULL for what is in maps. */
typedef bool (*struct_visit)(const struct mf_type *type, const struct mf_place *place,
			     void *context);

/* Calls `visit` with each struct of the kernel in a value, until it gives false. */
static bool each_struct(const struct mf_type *type, const struct mf_place *place,
			struct_visit visit, void *context)
{
	if (!type)
		return true;
	if (type->kind == MF_RECORD && (type->struct_name || type->within_count) &&
	    !visit(type, place, context))
		return false;
	if (!each_struct(type->element, place, visit, context))
		return false;
	for (uint32_t i = 0; i < type->field_count; i++)
		if (!each_struct(type->fields[i].type, place, visit, context))
			return false;
	return true;
}

static bool each_of_manifest(const struct manifest *manifest, struct_visit visit, void *context)
{
	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (!each_struct(manifest->maps[i].key, NULL, visit, context) ||
		    !each_struct(manifest->maps[i].value, NULL, visit, context))
			return false;
	for (uint32_t i = 0; i < manifest->event_count; i++) {
		const struct mf_event *event = &manifest->events[i];

		for (uint32_t j = 0; j < event->field_count; j++)
			if (!each_struct(event->fields[j].type, event->place, visit, context))
				return false;
	}
	return true;
}

static bool stop(const struct mf_type *type, const struct mf_place *place, void *context)
{
	(void)type;
	(void)place;
	(void)context;
	return false;
}

bool copied_structs_are_there(const struct manifest *manifest)
{
	return !each_of_manifest(manifest, stop, NULL);
}

static const char *other_member(const struct mf_type *type, const struct btf *host, uint32_t id);

/* Of a struct without a name, or an array of such: whether its members are where the script takes
 * them from. */
static bool same_inside(const struct mf_type *type, const struct type_leaf *host)
{
	int id = btf__resolve_type(host->btf, host->type);
	const struct btf_type *found = id < 0 ? NULL : btf__type_by_id(host->btf, (uint32_t)id);

	if (type->kind == MF_ARRAY && found && btf_is_array(found)) {
		struct type_leaf element = {.btf = host->btf, .type = btf_array(found)->type};

		return same_inside(type->element, &element);
	}
	/* One with a name is visited by itself. */
	if (type->kind != MF_RECORD || type->struct_name || type->within_count)
		return true;
	return found && btf_is_composite(found) && !other_member(type, host->btf, (uint32_t)id);
}

static bool is_number(const struct btf_type *type)
{
	return btf_is_int(type) || btf_is_any_enum(type);
}

/* Whether the host has a value of that kind there, not just as many bytes. */
static bool same_kind(const struct mf_type *type, const struct btf *btf, uint32_t id, bool is_bit)
{
	int resolved = btf__resolve_type(btf, id);
	const struct btf_type *found =
		resolved < 0 ? NULL : btf__type_by_id(btf, (uint32_t)resolved);

	if (!found)
		return false;
	switch (type->kind) {
	case MF_BOOL:
		return is_bit ? is_number(found)
			      : btf_is_int(found) && (btf_int_encoding(found) & BTF_INT_BOOL);
	case MF_INT:
	case MF_ENUM:
		return is_number(found);
	case MF_POINTER:
		return btf_is_ptr(found);
	case MF_STRING:
	case MF_BUFFER:
		return btf_is_array(found) && btf__resolve_size(btf, btf_array(found)->type) == 1;
	case MF_ARRAY:
		return btf_is_array(found) &&
		       same_kind(type->element, btf, btf_array(found)->type, false);
	/* Records are looked at by themselves: a number may stand in one of another name. */
	default:
		return true;
	}
}

/* Whether numbers, or those of an array, have the same sign; of elements also the width, which the
 * size of the whole does not tell. */
static bool same_numbers(const struct mf_type *type, const struct btf *btf, uint32_t id)
{
	struct type_number number;

	if (type->kind == MF_ARRAY) {
		const struct btf_type *found =
			btf__type_by_id(btf, (uint32_t)btf__resolve_type(btf, id));
		const struct mf_type *element = type->element;

		id = btf_array(found)->type;
		return (element->kind != MF_INT || btf__resolve_size(btf, id) == element->size) &&
		       same_numbers(element, btf, id);
	}
	/* Of single bytes the sign may be the compiler's (char). */
	return type->kind != MF_INT || type->size == 1 || !type_number(btf, id, &number) ||
	       number.is_signed == type->is_signed;
}

static bool same_field(const struct mf_field *field, const struct type_leaf *host)
{
	uint64_t place = (uint64_t)field->offset * 8 + (field->bit_width ? field->bit_offset : 0);

	if (host->bit_offset != place || host->bit_size != field->bit_width ||
	    !same_kind(field->type, host->btf, host->type, field->bit_width == 1) ||
	    !same_numbers(field->type, host->btf, host->type))
		return false;
	if (field->bit_width)
		return true;
	return btf__resolve_size(host->btf, host->type) == field->type->size &&
	       same_inside(field->type, host);
}

/* The first member that is not where the script takes it from; NULL: all are. */
static const char *other_member(const struct mf_type *type, const struct btf *host, uint32_t id)
{
	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct mf_field *field = &type->fields[i];
		struct type_leaf leaf;

		if (!type_member(host, id, field->name, &leaf) || !same_field(field, &leaf))
			return field->name;
	}
	return NULL;
}

struct check {
	struct session *session;
	const struct btf *host;
	/* What the kernel itself does not have a module may. */
	bool with_modules;
	struct failure *failure;
};

/* Structs of a name, and the BTF that has them. */
struct named {
	const char *name;
	size_t length;
	const struct btf *btf;
	uint32_t ids[MOST_CANDIDATES], count;
};

static bool look_for_named(const struct btf *btf, void *context)
{
	struct named *named = context;

	named->btf = btf;
	named->count = type_named(btf, named->name, named->length, named->ids, MOST_CANDIDATES);
	return named->count > 0;
}

static struct named find_named(const struct check *check, const char *name, size_t length)
{
	struct named named = {.name = name, .length = length};

	if (!look_for_named(check->host, &named) && check->with_modules)
		session_look_in_btf(check->session, look_for_named, &named);
	return named;
}

static bool hint(const struct check *check)
{
	fail_hint(
		check->failure,
		"Read the members that are needed, one by one, or build the script with --kernel, against a description of this kernel.");
	return false;
}

static bool refuse(const struct check *check, const char *name, const char *member)
{
	if (member)
		fail(check->failure, STATUS_KERNEL,
		     "%s has its member %s otherwise on this kernel, and the script copies it whole.",
		     name, member);
	else
		fail(check->failure, STATUS_KERNEL,
		     "This kernel has no %s, which the script copies whole.", name);
	return hint(check);
}

static bool check_named(const struct mf_type *type, const struct check *check)
{
	struct named named = find_named(check, type->struct_name, strlen(type->struct_name));
	const char *member = NULL;

	for (uint32_t i = 0; i < named.count; i++) {
		member = other_member(type, named.btf, named.ids[i]);
		if (!member)
			return true;
	}
	return refuse(check, type->struct_name, member);
}

/* What a way to a struct without a name leads to. */
struct way {
	bool found, same;
	/* What is otherwise: a member, or if NULL the size. */
	const char *member;
	uint32_t size;
};

static struct way follow(const struct mf_type *type, const struct check *check, const char *path)
{
	size_t length = strcspn(path, ".");
	struct way way = {0};
	struct named named = find_named(check, path, length);
	const struct btf *host = named.btf;

	path += length + (path[length] == '.');
	for (uint32_t i = 0; i < named.count && !way.same; i++) {
		const struct btf_type *found;
		struct type_leaf leaf;
		int id;

		if (!type_along(host, named.ids[i], path, &leaf))
			continue;
		id = btf__resolve_type(host, leaf.type);
		found = id < 0 ? NULL : btf__type_by_id(host, (uint32_t)id);
		if (!found || !btf_is_composite(found))
			continue;
		way.found = true;
		way.size = found->size;
		way.member = other_member(type, host, (uint32_t)id);
		way.same = !way.member && way.size == type->size;
	}
	return way;
}

/* All ways that this kernel has: nothing says by which of them the script came. */
static bool check_within(const struct mf_type *type, const struct check *check)
{
	bool found = false;

	for (uint32_t i = 0; i < type->within_count; i++) {
		struct way way = follow(type, check, type->within[i]);

		found = found || way.found;
		if (!way.found || way.same)
			continue;
		if (way.member)
			return refuse(check, type->within[i], way.member);
		fail(check->failure, STATUS_KERNEL,
		     "%s has %u bytes on this kernel, %u where the script was compiled, and it is copied whole.",
		     type->within[i], way.size, type->size);
		return hint(check);
	}
	return found || refuse(check, type->within[0], NULL);
}

/* Whether it is the room of copies of that struct. */
static bool is_room(const struct mf_assumption *assumption, const char *name)
{
	size_t length = strlen(assumption->type ? assumption->type : "");

	if (!assumption->is_most || strncmp(name, assumption->type, length) != 0)
		return false;
	if (!assumption->path)
		return name[length] == '\0';
	return name[length] == '.' && strcmp(name + length + 1, assumption->path) == 0;
}

/* Where the script sends the struct, or else copies it first. */
static void add_place(const struct check *check, const struct mf_type *type,
		      const struct mf_place *place)
{
	const struct manifest *manifest = check->session->manifest;
	const char *name = type->struct_name ? type->struct_name : type->within[0];

	if (place)
		fail_at_column(check->failure, place->file ? place->file : manifest->script,
			       place->line, place->column, place->text);
	for (uint32_t i = 0; i < manifest->assumption_count; i++) {
		const struct mf_assumption *room = &manifest->assumptions[i];

		if (is_room(room, name))
			fail_at(check->failure, room->file ? room->file : manifest->script,
				room->line);
	}
}

static bool check_struct(const struct mf_type *type, const struct mf_place *place, void *context)
{
	struct check *check = context;

	if (type->struct_name ? check_named(type, check) : check_within(type, check))
		return true;
	add_place(check, type, place);
	return false;
}

int copied_structs_check(struct session *session, const struct btf *host, bool with_modules,
			 struct failure *failure)
{
	struct check check = {session, host, with_modules, failure};

	each_of_manifest(session->manifest, check_struct, &check);
	return failure->status;
}
