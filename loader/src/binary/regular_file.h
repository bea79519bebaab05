/* Opens files whose paths strangers choose: what is no regular file is not opened, so that no pipe
 * is waited for and no device is woken. */
#ifndef BPFLOAD_REGULAR_FILE_H
#define BPFLOAD_REGULAR_FILE_H

#include <stdint.h>

/* For reading; -1 with errno, ENOEXEC for what is no regular file, or is empty. */
int regular_file_open(const char *path);

/* The same below `root` ("": ours): links lead to paths below it, and nothing leads out of it. */
int regular_file_open_in(const char *root, const char *path);

/* The same of a file that may not be a link itself. */
int regular_file_open_unlinked(const char *root, const char *path);

/* Only a name for it (O_PATH), of any kind of file; -1 with errno. */
int regular_file_find(const char *root, const char *path);

/* The same of a path within a folder: links that lead out of it, as absolute ones do, fail. */
int regular_file_find_beneath(const char *folder, const char *path);

#endif
