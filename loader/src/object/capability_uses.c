#include "object/capability_uses.h"

#include <string.h>

#include "object/targets.h"

static bool is_named(const struct mf_type *type, bool user)
{
	switch (type->kind) {
	case MF_KSYM:
		return !user;
	case MF_USYM:
		return user;
	case MF_STACK:
		return type->user_stack == user && type->stack_mode != MF_STACK_RAW &&
		       (user || type->stack_mode != MF_STACK_BUILD_ID);
	default:
		return false;
	}
}

/* Types nest no deeper than the document that they were read of. */
static bool has_names(const struct mf_type *type, bool user)
{
	if (!type)
		return false;
	if (is_named(type, user) || has_names(type->element, user))
		return true;
	for (uint32_t i = 0; i < type->field_count; i++)
		if (has_names(type->fields[i].type, user))
			return true;
	return false;
}

static bool prints_names(const struct manifest *manifest, bool user)
{
	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (has_names(manifest->maps[i].key, user) ||
		    has_names(manifest->maps[i].value, user))
			return true;
	for (uint32_t i = 0; i < manifest->event_count; i++)
		for (uint32_t j = 0; j < manifest->events[i].field_count; j++)
			if (has_names(manifest->events[i].fields[j].type, user))
				return true;
	return false;
}

static void add_probe(struct capability_uses *uses, const struct mf_probe *probe)
{
	const struct mf_kprobe_target *kprobe = probe->target;
	const struct mf_fentry_target *fentry = probe->target;

	switch (probe->provider) {
	case MF_TRACEPOINT:
		uses->has[MF_USE_TRACEFS] = true;
		break;
	case MF_KPROBE:
	case MF_KRETPROBE:
		if (kprobe->function && strchr(kprobe->function, '*'))
			uses->has[MF_USE_TRACEFS] = true;
		break;
	case MF_FENTRY:
	case MF_FEXIT:
		if (fentry->program)
			uses->has[MF_USE_FUNCTIONS_OF_PROGRAMS] = true;
		break;
	case MF_UPROBE:
	case MF_URETPROBE:
	case MF_USDT:
		uses->has[MF_USE_SINGLE_UPROBES] = true;
		break;
	default:
		break;
	}
}

struct capability_uses capability_uses_find(const struct manifest *manifest,
					    const struct effects *effects)
{
	struct capability_uses uses = {{[MF_USE_LOAD] = true, [MF_USE_TRACE] = true}};

	for (uint32_t i = 0; i < manifest->probe_count; i++)
		add_probe(&uses, &manifest->probes[i]);
	for (uint32_t i = 0; i < effects->count; i++)
		if (effects->items[i].kind == MF_EFFECT_MEMORY)
			uses.has[MF_USE_WRITING_MEMORY] = true;
	for (uint32_t i = 0; i < manifest->lookup_count; i++)
		if (manifest->lookups[i].kind == MF_LOOKUP_KERNEL_SYMBOL)
			uses.has[MF_USE_KERNEL_ADDRESSES] = true;
	uses.has[MF_USE_KERNEL_NAMES] = prints_names(manifest, false);
	uses.has[MF_USE_USER_NAMES] = prints_names(manifest, true);
	return uses;
}
