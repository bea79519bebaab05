#include "object/map_definitions.h"

#include <bpf/btf.h>
#include <bpf/bpf_helpers.h>
#include <errno.h>
#include <string.h>

#include "base/failure.h"

/* What libbpf reads (parse_btf_map_def in libbpf.c). */
static const char *const members[] = {"type",	  "max_entries", "map_flags",  "numa_node",
				      "key_size", "key",	 "value_size", "value",
				      "values",	  "pinning",	 "map_extra"};

struct definitions {
	const struct btf *btf;
	/* The map that is read. */
	const char *name;
	struct arena *arena;
	const char **pinned;
	uint32_t pinned_count;
	struct failure *failure;
};

static int wrong(struct definitions *definitions, const char *what, const char *which)
{
	return fail(definitions->failure, STATUS_OBJECT,
		    "the object is damaged: the definition of map '%s' %s '%s'", definitions->name,
		    what, which);
}

/* Without typedefs and qualifiers; the chain ends (btf_check.c). */
static const struct btf_type *resolved(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(btf, type->type);
	return type;
}

/* The number that a member says: a pointer to an array of so many elements. */
static bool number_of(const struct btf *btf, const struct btf_member *member, uint32_t *number)
{
	const struct btf_type *type = resolved(btf, member->type);

	if (!type || !btf_is_ptr(type))
		return false;
	type = btf__type_by_id(btf, type->type);
	if (!type || !btf_is_array(type))
		return false;
	*number = btf_array(type)->nelems;
	return true;
}

/* What the elements of a map of maps are: a struct of its own kind behind an array of pointers. */
static const struct btf_type *inner_map(const struct btf *btf, const struct btf_member *member)
{
	const struct btf_type *type = resolved(btf, member->type);

	if (!type || !btf_is_array(type))
		return NULL;
	type = resolved(btf, btf_array(type)->type);
	if (!type || !btf_is_ptr(type))
		return NULL;
	type = resolved(btf, type->type);
	return type && btf_is_struct(type) ? type : NULL;
}

static bool is_known(const char *name)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (strcmp(members[i], name) == 0)
			return true;
	return false;
}

static int check_definition(struct definitions *definitions, const struct btf_type *type,
			    bool is_inner)
{
	const struct btf_member *member = btf_members(type);

	for (uint32_t i = 0; i < btf_vlen(type); i++, member++) {
		const char *name = btf__name_by_offset(definitions->btf, member->name_off);
		const struct btf_type *inner;
		uint32_t pinning;

		if (!name || !is_known(name))
			return wrong(definitions, "has an unknown member", name ? name : "");
		if (strcmp(name, "values") == 0) {
			inner = inner_map(definitions->btf, member);
			if (is_inner)
				return wrong(definitions, "has, within another,", name);
			if (inner && check_definition(definitions, inner, true) != STATUS_OK)
				return definitions->failure->status;
		}
		if (strcmp(name, "pinning") != 0)
			continue;
		if (!number_of(definitions->btf, member, &pinning) || is_inner ||
		    (pinning != LIBBPF_PIN_NONE && pinning != LIBBPF_PIN_BY_NAME))
			return wrong(definitions, "has an impossible", name);
		if (pinning == LIBBPF_PIN_BY_NAME)
			definitions->pinned[definitions->pinned_count++] = arena_text(
				definitions->arena, definitions->name, strlen(definitions->name));
	}
	return STATUS_OK;
}

static int check_section(struct definitions *definitions, const struct btf_type *section)
{
	const struct btf_var_secinfo *entry = btf_var_secinfos(section);

	definitions->pinned =
		arena_array(definitions->arena, btf_vlen(section) + 1u, sizeof(char *));
	definitions->pinned_count = 0;
	for (uint32_t i = 0; i < btf_vlen(section); i++, entry++) {
		const struct btf_type *variable = btf__type_by_id(definitions->btf, entry->type);
		const struct btf_type *type;

		if (!variable || !btf_is_var(variable))
			return fail(
				definitions->failure, STATUS_OBJECT,
				"the object is damaged: '.maps' holds something that is no map");
		definitions->name = btf__name_by_offset(definitions->btf, variable->name_off);
		type = resolved(definitions->btf, variable->type);
		if (!definitions->name || !type || !btf_is_struct(type))
			return fail(
				definitions->failure, STATUS_OBJECT,
				"the object is damaged: '.maps' holds something that is no map");
		/* One pin a map, whatever its definition repeats. */
		for (uint32_t j = 0, seen = 0; j < btf_vlen(type); j++) {
			const char *name = btf__name_by_offset(definitions->btf,
							       btf_members(type)[j].name_off);

			seen += name && strcmp(name, "pinning") == 0;
			if (seen > 1)
				return wrong(definitions, "has two members", "pinning");
		}
		if (check_definition(definitions, type, false) != STATUS_OK)
			return definitions->failure->status;
	}
	return STATUS_OK;
}

int map_definitions_check(struct elf_file *elf, const char *const **pinned, uint32_t *pinned_count,
			  struct failure *failure)
{
	const struct elf_section *section = elf_find_section(elf, ".BTF");
	struct btf *btf = btf__new(section->data, (uint32_t)section->size);
	struct definitions definitions = {.btf = btf, .arena = &elf->arena, .failure = failure};
	bool found = false;

	*pinned = NULL;
	*pinned_count = 0;
	if (!btf)
		return fail(failure, STATUS_OBJECT,
			    "the object is damaged: libbpf takes no BTF of it: %s",
			    strerror(errno));
	for (uint32_t id = 1; id < btf__type_cnt(btf) && !failure->status; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (!btf_is_datasec(type) ||
		    strcmp(btf__name_by_offset(btf, type->name_off), ".maps") != 0)
			continue;
		if (found)
			fail(failure, STATUS_OBJECT,
			     "the object is damaged: BTF has two sections '.maps'");
		else
			check_section(&definitions, type);
		found = true;
	}
	btf__free(btf);
	*pinned = definitions.pinned;
	*pinned_count = definitions.pinned_count;
	return failure->status;
}
