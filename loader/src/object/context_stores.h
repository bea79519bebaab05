/* Whether programs write to their context. */
#ifndef BPFLOAD_CONTEXT_STORES_H
#define BPFLOAD_CONTEXT_STORES_H

#include "object/elf_file.h"
#include "object/manifest.h"

/*
 * Finds an instruction that may store to the context of a program of kprobe's type, which uprobes
 * and USDT points have too: since Linux 6.18 that changes the registers of the traced process
 * (kprobe_prog_is_valid_access, kernel/trace/bpf_trace.c). Verifiers refuse it in all other kinds
 * of programs that are run. Sets where it is; false: there is none. linker/context-stores.ts looks
 * for the same.
 */
bool context_stores_find(const struct elf_file *elf, const struct manifest *manifest,
			 struct arena *arena, uint32_t *section, uint64_t *offset);

#endif
