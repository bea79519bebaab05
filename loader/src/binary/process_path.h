/*
 * Paths through the links that the kernel makes for a process: `/proc/PID/root/...`,
 * `/proc/PID/exe`,
 * `/proc/self/fd/3`, ... They lead to the file itself, which need not have the name that readlink
 * gives (proc_pid_link_inode_operations, fs/proc/base.c): it may be deleted, or be seen through
 * other mounts.
 */
#ifndef BPFLOAD_PROCESS_PATH_H
#define BPFLOAD_PROCESS_PATH_H

#include <stdbool.h>

#include "base/arena.h"

/* Whether a path is one of ours wherever else paths are looked for. */
bool process_path_is(const char *path);

/* The `/proc/PID/root` that a path leads through; "" where there is none. */
const char *process_path_root(struct arena *arena, const char *path);

/*
 * A name (O_PATH) for what a path leads to, below `root` ("": ours) unless it is one of processes.
 * In
 * `/proc/PID/root/...` links mean paths of that process. -1 with errno.
 */
int process_path_find(struct arena *arena, const char *root, const char *path);

#endif
