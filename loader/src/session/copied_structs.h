/*
 * Structs of the kernel that the script copies whole, to print them or to keep them in maps. Their
 * members are read where the script's kernel had them, so that this kernel has to have them there.
 */
#ifndef BPFLOAD_COPIED_STRUCTS_H
#define BPFLOAD_COPIED_STRUCTS_H

#include <stdbool.h>

struct btf;
struct failure;
struct manifest;

bool copied_structs_are_there(const struct manifest *manifest);

/* STATUS_KERNEL, with struct and member, where one is laid out otherwise. */
int copied_structs_check(const struct manifest *manifest, const struct btf *host,
			 struct failure *failure);

#endif
