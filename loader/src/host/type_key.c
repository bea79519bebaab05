#include "host/type_key.h"

#include <bpf/btf.h>
#include <string.h>

#include "host/type_view.h"

/* Behind which libbpf ignores the rest of a name (bpf_core_essential_name_len, relo_core.c). */
#define FLAVOR "___"

/* Length of a name without its flavor. */
static size_t essential(const char *name)
{
	const char *found = name;

	while ((found = strstr(found, FLAVOR)))
		if (found > name && found[-1] != '_' && found[3] && found[3] != '_')
			return (size_t)(found - name);
		else
			found++;
	return strlen(name);
}

bool type_same_name(const char *left, const char *right)
{
	size_t length = essential(left);

	return length == essential(right) && strncmp(left, right, length) == 0;
}

static const char *name_of(const struct btf *btf, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(btf, type->name_off);

	return name ? name : "";
}

struct type_key type_key_of(const struct btf *local, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(local, id);
	const char *name = type ? name_of(local, type) : "";

	return (struct type_key){
		.kind = type ? btf_kind(type) : BTF_KIND_UNKN,
		.name = name,
		.length = essential(name),
	};
}

uint32_t type_key_kinds(const struct type_key *key)
{
	const uint32_t enums = TYPE_KIND(BTF_KIND_ENUM) | TYPE_KIND(BTF_KIND_ENUM64);

	/* An enum has another kind once a number of it has 64 bits, as for libbpf
	 * (btf_kind_core_compat, tools/lib/bpf/relo_core.c). */
	return TYPE_KIND(key->kind) & enums ? enums : TYPE_KIND(key->kind);
}

bool type_has_key(const struct type_key *key, const struct btf_type *type, const char *name)
{
	return (type_key_kinds(key) & TYPE_KIND(btf_kind(type))) && key->length &&
	       strncmp(name, key->name, key->length) == 0 && essential(name) == key->length;
}

uint32_t type_candidates(const struct btf *local, uint32_t id, const struct btf *host,
			 uint32_t first, uint32_t *ids, uint32_t room)
{
	const struct type_key key = type_key_of(local, id);
	uint32_t found = 0, count = btf__type_cnt(host);

	if (!key.length)
		return 0;
	for (uint32_t i = first; i < count && found < room; i++) {
		const struct btf_type *other = btf__type_by_id(host, i);

		if (type_has_key(&key, other, name_of(host, other)))
			ids[found++] = i;
	}
	return found;
}
