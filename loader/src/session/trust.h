/* Whose objects run: signatures, and the keys that count. */
#ifndef BPFLOAD_TRUST_H
#define BPFLOAD_TRUST_H

#include <stdbool.h>

#include "object/object_file.h"

/*
 * Whether the object at `path` is signed with one of the keys in `keys`, a file or a folder of
 * files
 * `*.pub`; a signature in PATH.sig counts where the object has none. `of_root`: the keys have to
 * belong to root. The result is an exit status.
 */
int trust_check(const struct object_file *object, const char *path, const char *keys, bool of_root,
		struct failure *failure);

/*
 * Opens a file that root alone may have written, and reads it; a folder's name leads to it without
 * symbolic links. NULL with a failure, or, with errno ENOENT, where there is none, without.
 */
char *trust_read_file(const char *path, struct failure *failure);

#endif
