/* What an object takes capabilities for: linker/inspect/capabilities.ts finds the same. */
#ifndef BPFLOAD_CAPABILITY_USES_H
#define BPFLOAD_CAPABILITY_USES_H

#include "object/effects.h"

/* Whether an object has each use (linker/contract/capabilities.ts). */
struct capability_uses {
	bool has[MF_USE_COUNT];
};

struct capability_uses capability_uses_find(const struct manifest *manifest,
					    const struct effects *effects);

#endif
