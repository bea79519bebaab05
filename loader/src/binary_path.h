/* Finds the file that a uprobe names. */
#ifndef BPFLOAD_BINARY_PATH_H
#define BPFLOAD_BINARY_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

/*
 * Absolute and relative paths are themselves; a bare name is looked up in PATH, then among shared
 * libraries
 * (`libc` or `libc.so.6`). With a pid in another mount namespace, absolute paths are that
 * process's. NULL when there is no such file.
 */
const char *binary_path_find(struct arena *arena, const char *name, uint32_t pid);

/* An executable by its name or path as a shell finds it; NULL when there is none. */
const char *binary_path_of_command(struct arena *arena, const char *name);

#endif
