#include "session/copied_structs.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>

#include "base/failure.h"
#include "host/type_match.h"
#include "object/manifest.h"

/* Structs of one name in a kernel. */
#define MOST_CANDIDATES 16

/* Calls `visit` with each struct of the kernel in a value, until it gives false. */
static bool each_struct(const struct mf_type *type,
			bool (*visit)(const struct mf_type *type, void *context), void *context)
{
	if (!type)
		return true;
	if (type->kind == MF_RECORD && type->struct_name && !visit(type, context))
		return false;
	if (!each_struct(type->element, visit, context))
		return false;
	for (uint32_t i = 0; i < type->field_count; i++)
		if (!each_struct(type->fields[i].type, visit, context))
			return false;
	return true;
}

static bool each_of_manifest(const struct manifest *manifest,
			     bool (*visit)(const struct mf_type *type, void *context),
			     void *context)
{
	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (!each_struct(manifest->maps[i].key, visit, context) ||
		    !each_struct(manifest->maps[i].value, visit, context))
			return false;
	for (uint32_t i = 0; i < manifest->event_count; i++)
		for (uint32_t j = 0; j < manifest->events[i].field_count; j++)
			if (!each_struct(manifest->events[i].fields[j].type, visit, context))
				return false;
	return true;
}

static bool stop(const struct mf_type *type, void *context)
{
	(void)type;
	(void)context;
	return false;
}

bool copied_structs_are_there(const struct manifest *manifest)
{
	return !each_of_manifest(manifest, stop, NULL);
}

static bool same_field(const struct mf_field *field, const struct type_leaf *host)
{
	uint64_t place = (uint64_t)field->offset * 8 + (field->bit_width ? field->bit_offset : 0);
	struct type_number number;

	if (host->bit_offset != place || host->bit_size != field->bit_width)
		return false;
	/* Of single bytes the sign may be the compiler's (char). */
	if (field->type->kind == MF_INT && field->type->size > 1 &&
	    type_number(host->btf, host->type, &number) &&
	    number.is_signed != field->type->is_signed)
		return false;
	return field->bit_width || btf__resolve_size(host->btf, host->type) == field->type->size;
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
	const struct btf *host;
	struct failure *failure;
};

static bool check_struct(const struct mf_type *type, void *context)
{
	struct check *check = context;
	uint32_t ids[MOST_CANDIDATES];
	uint32_t count = type_named(check->host, type->struct_name, ids, MOST_CANDIDATES);
	const char *member = NULL;

	for (uint32_t i = 0; i < count; i++) {
		member = other_member(type, check->host, ids[i]);
		if (!member)
			return true;
	}
	if (member)
		fail(check->failure, STATUS_KERNEL,
		     "%s has its member %s otherwise on this kernel, and the script copies it whole.",
		     type->struct_name, member);
	else
		fail(check->failure, STATUS_KERNEL,
		     "This kernel has no %s, which the script copies whole.", type->struct_name);
	fail_hint(
		check->failure,
		"Read the members that are needed, one by one, or build the script with --kernel, against a description of this kernel.");
	return false;
}

int copied_structs_check(const struct manifest *manifest, const struct btf *host,
			 struct failure *failure)
{
	struct check check = {host, failure};

	each_of_manifest(manifest, check_struct, &check);
	return failure->status;
}
