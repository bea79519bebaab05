#include "object/capability_uses.h"

#include <string.h>

#include "object/targets.h"
#include "object/type_search.h"

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
	uses.has[MF_USE_KERNEL_NAMES] = manifest_has_names(manifest, false);
	uses.has[MF_USE_USER_NAMES] = manifest_has_names(manifest, true);
	return uses;
}
