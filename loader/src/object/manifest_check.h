/* Checks of a manifest against the object that it came with. */
#ifndef BPFLOAD_MANIFEST_CHECK_H
#define BPFLOAD_MANIFEST_CHECK_H

#include "object/elf_file.h"
#include "object/manifest.h"
#include "base/failure.h"

/* Every program, map, offset and size that the manifest names is there. The result is an exit
 * status. */
int manifest_check(const struct elf_file *elf, const struct manifest *manifest,
		   struct failure *failure);

#endif
