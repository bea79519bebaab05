/* Instructions whose numbers are other ones when they run. */
#ifndef BPFLOAD_PATCHED_H
#define BPFLOAD_PATCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "object/elf_file.h"
#include "object/manifest.h"

/*
 * By section, by instruction, whether the host changes it: by CO-RE records, of which libbpf
 * changes offsets, immediates and widths (bpf_core_patch_insn, tools/lib/bpf/relo_core.c), and by
 * fixups of the manifest. NULL: no code. The object has been checked.
 */
const bool *const *patched_find(const struct elf_file *elf, const struct manifest *manifest,
				struct arena *arena);

#endif
