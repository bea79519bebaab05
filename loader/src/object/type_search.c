#include "object/type_search.h"

struct search {
	bool (*is)(const struct mf_type *type, const void *context);
	const void *context;
};

/* Types nest no deeper than the document that they were read of. */
static bool has(const struct search *search, const struct mf_type *type)
{
	if (!type)
		return false;
	if (search->is(type, search->context) || has(search, type->element))
		return true;
	for (uint32_t i = 0; i < type->field_count; i++)
		if (has(search, type->fields[i].type))
			return true;
	return false;
}

bool manifest_has_type(const struct manifest *manifest,
		       bool (*is)(const struct mf_type *type, const void *context),
		       const void *context)
{
	const struct search search = {is, context};

	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (has(&search, manifest->maps[i].key) || has(&search, manifest->maps[i].value))
			return true;
	for (uint32_t i = 0; i < manifest->event_count; i++)
		for (uint32_t j = 0; j < manifest->events[i].field_count; j++)
			if (has(&search, manifest->events[i].fields[j].type))
				return true;
	return false;
}

static bool is_named(const struct mf_type *type, const void *context)
{
	const bool *user = context;

	switch (type->kind) {
	case MF_KSYM:
		return !*user;
	case MF_USYM:
		return *user;
	case MF_STACK:
		return type->user_stack == *user && type->stack_mode != MF_STACK_RAW &&
		       (*user || type->stack_mode != MF_STACK_BUILD_ID);
	default:
		return false;
	}
}

bool manifest_has_names(const struct manifest *manifest, bool user)
{
	return manifest_has_type(manifest, is_named, &user);
}
