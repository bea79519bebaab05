/*
 * A file that others read while it is written: it is made under another name in its folder, and
 * takes the place of the one before at once (rename(2)).
 */
#ifndef BPFLOAD_REPLACE_FILE_H
#define BPFLOAD_REPLACE_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* 0, or -1 with errno: then the file is as it was. A new one has `mode`, less the umask. */
int replace_file(const char *path, mode_t mode, const char *text, size_t length);

/* Whether one could be written there: 0, or -1 with errno. */
int replace_file_try(const char *path);

#endif
