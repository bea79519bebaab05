/* Functions of the kernel that fentry and fexit can be attached to. */
#ifndef BPFLOAD_TYPED_FUNCTIONS_H
#define BPFLOAD_TYPED_FUNCTIONS_H

#include <stdint.h>

#include "base/arena.h"
#include "host/kernel_btf.h"

/*
 * Those of the kernel (NULL), or of a module, that have a type in its BTF, match the pattern, and
 * stand in the list of what the kernel traces: in a file in the format of
 * available_filter_functions (NULL: the kernel's own; where that is hidden, all that have a type).
 * Sorted by name, each name once; the result is their number.
 */
int64_t typed_functions_match(struct arena *arena, const struct btf *btf, const char *module,
			      const char *pattern, const char *list,
			      struct kernel_function **functions);

#endif
