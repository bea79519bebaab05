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

struct binary_file {
	/* What the kernel is told: it leads to this very file, whatever has its name for others. */
	const char *path;
	/* What people are told: its path as the script has it, or as the process sees it. */
	const char *shown;
	uint64_t device, inode;
};

/*
 * The regular file at a path below `root` ("": ours), links followed as they are meant there. One
 * that has no path for us (deleted, replaced, of other mounts) is kept open. False: errno.
 */
bool binary_path_open(struct arena *arena, const char *root, const char *path,
		      struct binary_file *file);

/*
 * Absolute and relative paths are themselves; a bare name is looked up in PATH, then among shared
 * libraries (`libc` or `libc.so.6`). With a pid (of /proc) that has another root, absolute paths
 * and bare names are those of that process, but those of /proc/PID, which are ours. A file in a zip
 * archive is named `app.apk!/lib/x.so`. False when there is no such file.
 */
bool binary_path_find(struct arena *arena, const char *name, uint32_t pid,
		      struct binary_file *file);

/* `/proc/PID/root` of a process that sees other mounts than we do, or another root; else "". */
const char *binary_path_root(struct arena *arena, uint32_t pid);

/* An executable by its name or path as a shell finds it; NULL when there is none. */
const char *binary_path_of_command(struct arena *arena, const char *name);

#endif
