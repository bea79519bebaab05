/* Files that a uprobe's pattern, or the memory of a process, stand for. */
#ifndef BPFLOAD_BINARY_FILES_H
#define BPFLOAD_BINARY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "binary/path.h"

struct binary_files {
	struct arena *arena;
	struct binary_file *files;
	size_t count, room;
};

/*
 * Adds the regular files whose paths match, each once. `*` does not match a slash. A pattern
 * without a slash is looked for where programs and libraries are. With a pid that has another root,
 * absolute paths are that process's.
 */
void binary_files_match(struct binary_files *found, const char *pattern, uint32_t pid);

/*
 * Adds the files that the process has mapped as code, each once, also those that were deleted or
 * replaced since. False: errno.
 */
bool binary_files_mapped(struct binary_files *found, uint32_t pid);

#endif
