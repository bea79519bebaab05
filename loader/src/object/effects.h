/*
 * How an object reaches outside: by what its code calls, what its events have the loader do, and
 * what is pinned. Found in the object itself, whatever its manifest says of it.
 */
#ifndef BPFLOAD_EFFECTS_H
#define BPFLOAD_EFFECTS_H

#include "object/effect_tables.h"
#include "object/elf_file.h"
#include "object/manifest.h"

struct effect {
	enum mf_effect kind;
	/* What is called, the command, the path or its format. */
	const char *what;
	/* Code: the probe, function or section that does it; else NULL. */
	const char *who;
};

struct effects {
	/* In the file's arena. */
	struct effect *items;
	uint32_t count;
	/* The manifest says that the script changes nothing, and it does. */
	bool are_denied;
};

/* Refuses what no definition of a map may hold. The result is an exit status. */
int effects_find(struct elf_file *elf, const struct manifest *manifest, struct effects *effects,
		 struct failure *failure);

/* What has to be allowed for it. */
enum mf_permission effect_needs(const struct effect *effect);

/* Where something is pinned: a relative path is below /sys/fs/bpf. In the arena. */
const char *mf_pin_path(struct arena *arena, const char *pin);

#endif
