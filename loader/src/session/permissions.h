/* What an object may do beyond tracing: --unsafe, --allow-run, --allow-write. */
#ifndef BPFLOAD_PERMISSIONS_H
#define BPFLOAD_PERMISSIONS_H

#include <stdbool.h>

#include "object/object_file.h"
#include "session/options.h"

/* Refuses an object that reaches outside further than the user allows, with all that it does. The
 * result is an exit status. */
int permissions_check(const struct object_file *object, const struct options *options,
		      struct failure *failure);

bool permission_to_run(const struct options *options);
bool permission_to_write(const struct options *options, const char *path);

/*
 * Opens a file for an object to write, without following a link that it does not own: neither at
 * its end nor, below a folder of --allow-write, on the way. A file that is there is emptied where
 * the user names it, or allows everything; below a folder only new ones are made. Gives -1 with the
 * failure set.
 */
int permission_open(const struct options *options, const char *path, struct failure *failure);

#endif
