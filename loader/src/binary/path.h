/* Finds the file that a uprobe names. */
#ifndef BPFLOAD_BINARY_PATH_H
#define BPFLOAD_BINARY_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* Folders of programs when PATH is not set, and of libraries; separated by colons. */
#define BINARY_PATH_PROGRAMS "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
#if defined(__x86_64__)
#define BINARY_PATH_ARCHITECTURE "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:"
#elif defined(__aarch64__)
#define BINARY_PATH_ARCHITECTURE "/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu:"
#else
#define BINARY_PATH_ARCHITECTURE
#endif
#define BINARY_PATH_LIBRARIES \
	BINARY_PATH_ARCHITECTURE "/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib"

/*
 * Absolute and relative paths are themselves; a bare name is looked up in PATH, then among shared
 * libraries
 * (`libc` or `libc.so.6`). With a pid (of /proc) in another mount namespace, absolute paths and
 * bare names are those of that process. A file in a zip archive is named `app.apk!/lib/x.so`. NULL
 * when there is no such file.
 */
const char *binary_path_find(struct arena *arena, const char *name, uint32_t pid);

/* Whether the process sees other mounts than we do. */
bool binary_path_other_mounts(uint32_t pid);

/* An executable by its name or path as a shell finds it; NULL when there is none. */
const char *binary_path_of_command(struct arena *arena, const char *name);

#endif
