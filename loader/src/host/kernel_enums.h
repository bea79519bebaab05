/* Enums of a kernel or module, by what they and their enumerators are called. */
#ifndef BPFLOAD_KERNEL_ENUMS_H
#define BPFLOAD_KERNEL_ENUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "object/manifest.h"

struct btf;

/*
 * Whether an enum has negative values, as its flag says; clang before 15 and pahole before 1.24
 * never set it. The compiler judges in the same way, and says why (isSignedEnum,
 * linker/btf/read.ts).
 */
bool kernel_enum_is_signed(const struct btf *btf, uint32_t id);

/*
 * The enum that goes by the known one's name, or has none if that has none: of several the one that
 * shares most names of enumerators with it, and at least one. Values are signed where the known
 * enum has negative ones: old kernels do not say it. False where there is none. Of a module only
 * its own.
 */
bool kernel_enum_like(struct arena *arena, const struct btf *btf, const struct mf_enum *known,
		      struct mf_enum *found);

/* The value of an enumerator of an enum of that name (NULL: of one without a name). */
bool kernel_enumerator(const struct btf *btf, const char *enumeration, const char *name,
		       uint64_t *value);

/* Whether any enum has an enumerator of that name. */
bool kernel_has_enumerator(const struct btf *btf, const char *name);

#endif
