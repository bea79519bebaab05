/* The few types of this kernel that an object's CO-RE records name, without libbpf's reading of all
 * of them. */
#ifndef BPFLOAD_KERNEL_SUBSET_H
#define BPFLOAD_KERNEL_SUBSET_H

#include <stdint.h>

struct btf;
struct elf_file;
struct type_view;

/*
 * They as BTF of *size bytes, for free(). NULL where the kernel itself has no type of some name: a
 * module may have it.
 */
void *kernel_subset(const struct elf_file *elf, const struct btf *local,
		    const struct type_view *kernel, uint32_t *size);

#endif
