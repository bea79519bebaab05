#include "host/type_path.h"

#include <bpf/btf.h>
#include <string.h>

static bool is_called(const struct btf *btf, const struct btf_type *type, const char *name,
		      size_t length)
{
	const char *own = btf__name_by_offset(btf, type->name_off);

	return own && strncmp(own, name, length) == 0 && own[length] == '\0';
}

uint32_t type_named(const struct btf *btf, const char *called, size_t length, uint32_t *ids,
		    uint32_t room)
{
	const char *space = memchr(called, ' ', length);
	const char *name = space ? space + 1 : called;
	bool is_union = strncmp(called, "union ", 6) == 0;
	uint32_t found = 0, count = btf__type_cnt(btf);

	length -= (size_t)(name - called);
	for (uint32_t i = 1; i < count && found < room; i++) {
		const struct btf_type *type = btf__type_by_id(btf, i);
		bool is_kind = !space	  ? btf_is_typedef(type)
			       : is_union ? btf_is_union(type)
					  : btf_is_struct(type);

		if (is_kind && is_called(btf, type, name, length))
			ids[found++] = i;
	}
	return found;
}

/* Enters what a name on a path means: a member, or the first element. */
static bool enter(struct type_leaf *leaf, const char *name)
{
	int type = btf__resolve_type(leaf->btf, leaf->type);
	const struct btf_type *holder =
		type < 0 ? NULL : btf__type_by_id(leaf->btf, (uint32_t)type);
	uint64_t before = leaf->bit_offset;

	if (!holder)
		return false;
	if (btf_is_array(holder) || btf_is_ptr(holder)) {
		leaf->type = btf_is_ptr(holder) ? holder->type : btf_array(holder)->type;
		return true;
	}
	if (!type_member(leaf->btf, (uint32_t)type, name, leaf) || leaf->bit_size)
		return false;
	leaf->bit_offset += before;
	return true;
}

bool type_along(const struct btf *btf, uint32_t type, const char *path, struct type_leaf *leaf)
{
	*leaf = (struct type_leaf){.btf = btf, .type = type, .name = ""};
	while (*path) {
		size_t length = strcspn(path, ".");
		char name[256];

		if (length >= sizeof(name))
			return false;
		memcpy(name, path, length);
		name[length] = '\0';
		if (!enter(leaf, name))
			return false;
		path += length + (path[length] == '.');
	}
	return true;
}
