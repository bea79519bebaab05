#include "host/type_subset.h"

#include <bpf/btf.h>
#include <stdlib.h>

#include "base/id_table.h"
#include "base/memory.h"

struct type_subset {
	struct btf *small;
	/* From ids of one host BTF to those here; `of` is that BTF. */
	struct id_table known;
	const struct btf *of;
	/* Types whose references are the host's ids still: the last ones. */
	uint32_t patched;
};

struct type_subset *type_subset_new(void)
{
	struct type_subset *subset = memory_zeroed(sizeof(*subset));

	subset->small = btf__new_empty();
	return subset;
}

static void keep(void *item)
{
	(void)item;
}

void type_subset_free(struct type_subset *subset)
{
	if (!subset)
		return;
	btf__free(subset->small);
	id_table_free(&subset->known, keep);
	free(subset);
}

/* The id here of a type of the host, which is copied as it stands when it is new; 0 is void. */
static bool take(struct type_subset *subset, uint32_t type, uint32_t *id)
{
	void *known = type ? id_table_find(&subset->known, type) : NULL;
	const struct btf_type *found;
	int added;

	*id = (uint32_t)(uintptr_t)known;
	if (known || type == 0)
		return true;
	found = btf__type_by_id(subset->of, type);
	added = found ? btf__add_type(subset->small, subset->of, found) : -1;
	if (added <= 0)
		return false;
	id_table_add(&subset->known, type, (void *)(uintptr_t)added);
	*id = (uint32_t)added;
	return true;
}

/* Adding types moves them all, so a type is looked up anew for each of its references. */
static struct btf_type *type_at(const struct type_subset *subset, uint32_t id)
{
	return (struct btf_type *)btf__type_by_id(subset->small, id);
}

static bool patch(struct type_subset *subset, uint32_t id)
{
	struct btf_type *type = type_at(subset, id);
	uint32_t to;

	if (btf_is_mod(type) || btf_is_typedef(type)) {
		if (!take(subset, type->type, &to))
			return false;
		type_at(subset, id)->type = to;
	} else if (btf_is_array(type)) {
		if (!take(subset, btf_array(type)->type, &to))
			return false;
		btf_array(type_at(subset, id))->type = to;
		if (!take(subset, btf_array(type_at(subset, id))->index_type, &to))
			return false;
		btf_array(type_at(subset, id))->index_type = to;
	} else if (btf_is_composite(type)) {
		for (uint16_t i = 0, count = btf_vlen(type); i < count; i++) {
			if (!take(subset, btf_members(type_at(subset, id))[i].type, &to))
				return false;
			btf_members(type_at(subset, id))[i].type = to;
		}
	} else if (btf_is_ptr(type)) {
		type->type = 0;
	}
	return true;
}

bool type_subset_add(struct type_subset *subset, const struct btf *host, uint32_t type)
{
	uint32_t id;

	if (!subset->small)
		return false;
	if (subset->of != host) {
		id_table_free(&subset->known, keep);
		subset->known = (struct id_table){0};
		subset->of = host;
	}
	if (!take(subset, type, &id))
		return false;
	while (subset->patched + 1 < btf__type_cnt(subset->small))
		if (!patch(subset, ++subset->patched))
			return false;
	return true;
}

const void *type_subset_bytes(struct type_subset *subset, uint32_t *size)
{
	return subset->small ? btf__raw_data(subset->small, size) : NULL;
}
