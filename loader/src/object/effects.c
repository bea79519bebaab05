#include "object/effects.h"

#include <string.h>

#include "base/failure.h"
#include "object/code_effects.h"
#include "object/map_definitions.h"
#include "object/targets.h"

/* Where libbpf pins by name, and relative pins stand. */
#define BPF_FOLDER "/sys/fs/bpf/"

enum mf_permission effect_needs(const struct effect *effect)
{
	return mf_effects[effect->kind].needs;
}

static void add(struct effects *effects, enum mf_effect kind, const char *what, const char *who)
{
	for (uint32_t i = 0; i < effects->count; i++)
		if (effects->items[i].kind == kind && strcmp(effects->items[i].what, what) == 0)
			return;
	effects->items[effects->count++] = (struct effect){kind, what, who};
}

/* The probe whose program it is, or else the function itself. */
static const char *owner(const struct manifest *manifest, const char *function)
{
	for (uint32_t i = 0; i < manifest->probe_count; i++)
		if (strcmp(manifest->probes[i].program, function) == 0)
			return manifest->probes[i].name;
	return function;
}

static void add_events(struct effects *effects, const struct manifest *manifest)
{
	for (uint32_t i = 0; i < manifest->event_count; i++) {
		const struct mf_event *event = &manifest->events[i];

		if (event->kind == MF_EVENT_SYSTEM)
			add(effects, MF_EFFECT_COMMAND, event->format, NULL);
		else if (event->kind == MF_EVENT_PACKET)
			add(effects, MF_EFFECT_FILE, event->format, NULL);
		else if (event->kind == MF_EVENT_CAT)
			add(effects, MF_EFFECT_READ, event->format, NULL);
	}
}

static void add_iterators(struct effects *effects, const struct manifest *manifest,
			  struct arena *arena)
{
	for (uint32_t i = 0; i < manifest->probe_count; i++) {
		const struct mf_iter_target *target = manifest->probes[i].target;

		if (manifest->probes[i].provider == MF_ITER && target->pin)
			add(effects, MF_EFFECT_ITERATOR, mf_pin_path(arena, target->pin), NULL);
	}
}

static bool are_changing(const struct effects *effects)
{
	for (uint32_t i = 0; i < effects->count; i++)
		if (effect_needs(&effects->items[i]) == MF_NEEDS_UNSAFE ||
		    effect_needs(&effects->items[i]) == MF_NEEDS_RUN)
			return true;
	return false;
}

int effects_find(struct elf_file *elf, const struct manifest *manifest, struct effects *effects,
		 struct failure *failure)
{
	struct code_effect code[MAX_CODE_EFFECTS];
	uint32_t code_count = code_effects_find(elf, manifest, &elf->arena, code), map_count;
	const char *const *maps;

	*effects = (struct effects){0};
	if (map_definitions_check(elf, &maps, &map_count, failure) != STATUS_OK)
		return failure->status;
	effects->items = arena_array(&elf->arena,
				     (size_t)code_count + map_count + manifest->event_count +
					     manifest->probe_count + 1,
				     sizeof(*effects->items));
	for (uint32_t i = 0; i < code_count; i++)
		add(effects, code[i].effect, code[i].callee, owner(manifest, code[i].caller));
	add_events(effects, manifest);
	add_iterators(effects, manifest, &elf->arena);
	for (uint32_t i = 0; i < map_count; i++)
		add(effects, MF_EFFECT_MAP, mf_pin_path(&elf->arena, maps[i]), NULL);
	effects->are_denied = !manifest->unsafe && are_changing(effects);
	return STATUS_OK;
}

const char *mf_pin_path(struct arena *arena, const char *pin)
{
	return arena_format(arena, "%s%s", pin[0] == '/' ? "" : BPF_FOLDER, pin);
}
