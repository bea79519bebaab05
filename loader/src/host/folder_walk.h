/* The folders below one, as files and memory allow: who made them chose how many there are. */
#ifndef BPFLOAD_FOLDER_WALK_H
#define BPFLOAD_FOLDER_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So deep, so many bytes of a path below the first folder, and so many entries, files among them,
 * are looked at. */
#define WALK_DEPTH_MOST 64
#define WALK_PATH_MOST 4096
#define WALK_ENTRIES_MOST (8u << 20)

/*
 * Calls `visit` for the folder and each one below it on the same file system, an outer one before
 * those in it, with its path from the first one ("" or "/a/b") and its inode's number; until that
 * gives false, or `most` folders came. They are read entry by entry: what is behind the bounds is
 * never read. Links are not followed.
 */
void folder_walk(const char *root, size_t most,
		 bool (*visit)(const char *path, uint64_t inode, void *context), void *context);

#endif
