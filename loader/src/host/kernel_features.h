/* Kernel features that programs need: which one the running kernel lacks. */
#ifndef BPFLOAD_KERNEL_FEATURES_H
#define BPFLOAD_KERNEL_FEATURES_H

#include <stdbool.h>

#include "object/manifest.h"

struct failure;

struct btf_ext_place;

/* Finds where the script needs a feature, by its name and the helper that it is (enum bpf_func_id,
 * or 0). */
struct feature_place {
	bool (*find)(const char *feature, int helper, void *context, struct btf_ext_place *place);
	void *context;
};

/*
 * Looks for a feature of the manifest that this kernel does not have, and fails with the version
 * that brings it. Asked only after loading failed, because asking costs system calls. The result is
 * STATUS_KERNEL, or STATUS_OK when none is missing. `has_types`: the kernel's types are those of a
 * file, so that it matters nothing whether the kernel shows its own.
 */
int features_explain(const struct manifest *manifest, bool has_types,
		     const struct feature_place *places, struct failure *failure);

/*
 * Prints which of the features this kernel has: those that are helpers, or the others. What needs a
 * permission to ask is shown as unknown unless `may_ask`.
 */
void features_show(bool helpers, bool may_ask);

#endif
