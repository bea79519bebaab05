/* What section `.maps` says of an object's maps, in BTF (docs/object-format.md). */
#ifndef BPFLOAD_MAP_DEFINITIONS_H
#define BPFLOAD_MAP_DEFINITIONS_H

#include "object/elf_file.h"

/*
 * Refuses what a map definition holds beyond libbpf's convention, in a checked file. *pinned is
 * the names (in the file's arena) of maps that libbpf would take from, or pin in, /sys/fs/bpf
 * (LIBBPF_PIN_BY_NAME). The result is an exit status.
 */
int map_definitions_check(struct elf_file *elf, const char *const **pinned, uint32_t *pinned_count,
			  struct failure *failure);

#endif
