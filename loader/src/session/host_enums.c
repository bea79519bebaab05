#include "session/host_enums.h"

#include <stddef.h>

#include "host/kernel_btf.h"
#include "host/kernel_enums.h"
#include "session/session.h"

/* Calls `look` with the BTF of the kernel, and then of each module, until it finds something. */
static bool look_everywhere(struct session *session,
			    bool (*look)(const struct btf *btf, void *context), void *context)
{
	const struct btf *btf = session_kernel_btf(session, NULL);
	const char **modules;
	int64_t count;

	if (!btf)
		return false;
	if (look(btf, context))
		return true;
	count = kernel_btf_modules(&session->arena, &modules);
	for (int64_t i = 0; i < count; i++) {
		btf = session_kernel_btf(session, modules[i]);
		if (btf && look(btf, context))
			return true;
	}
	return false;
}

struct enum_search {
	struct arena *arena;
	const struct mf_enum *known;
	struct mf_enum *found;
};

static bool look_for_enum(const struct btf *btf, void *context)
{
	struct enum_search *search = context;

	return kernel_enum_like(search->arena, btf, search->known, search->found);
}

void host_enums_find(struct session *session)
{
	const struct manifest *manifest = session->manifest;
	struct mf_enum *enums;

	session->enums = manifest->enums;
	if (manifest->enum_count == 0)
		return;
	enums = arena_array(&session->arena, manifest->enum_count, sizeof(*enums));
	for (uint32_t i = 0; i < manifest->enum_count; i++) {
		const struct mf_enum *known = &manifest->enums[i];
		struct enum_search search = {&session->arena, known, &enums[i]};

		if (!known->is_kernels)
			enums[i] = *known;
		else if (!look_everywhere(session, look_for_enum, &search))
			enums[i] = (struct mf_enum){.name = known->name};
	}
	session->enums = enums;
}

struct value_search {
	const char *enumeration, *name;
	uint64_t *value;
};

static bool look_for_value(const struct btf *btf, void *context)
{
	struct value_search *search = context;

	return kernel_enumerator(btf, search->enumeration, search->name, search->value);
}

bool host_enumerator(struct session *session, const char *enumeration, const char *name,
		     uint64_t *value)
{
	struct value_search search = {enumeration, name, value};

	return look_everywhere(session, look_for_value, &search);
}
