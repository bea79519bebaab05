#include "session/host_enums.h"

#include "host/kernel_enums.h"
#include "session/kernel_types.h"
#include "session/session.h"

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
		else if (!session_look_in_btf(session, look_for_enum, &search))
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

	return session_look_in_btf(session, look_for_value, &search);
}

static bool look_for_name(const struct btf *btf, void *context)
{
	return kernel_has_enumerator(btf, context);
}

bool host_has_enumerator(struct session *session, const char *name)
{
	return session_look_in_btf(session, look_for_name, (void *)name);
}
