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
struct session;

bool copied_structs_are_there(const struct manifest *manifest);

/*
 * STATUS_KERNEL, with struct and member, where one is laid out otherwise. `with_modules`: what the
 * kernel itself does not have is looked for in its modules.
 */
int copied_structs_check(struct session *session, const struct btf *host, bool with_modules,
			 struct failure *failure);

#endif
