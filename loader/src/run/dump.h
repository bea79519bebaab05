/* --dump: what the kernel made of the object, for `bpfscript explore --loaded`
 * (docs/dump.schema.json). */
#ifndef BPFLOAD_DUMP_H
#define BPFLOAD_DUMP_H

#include "object/object_file.h"
#include "session/session.h"

/* Whether options' file could be written: an exit status, with the failure. Nothing where none is
 * named. */
int dump_try(const struct options *options, struct failure *failure);

/* Of the programs that are loaded; nothing where no file is named. The result is an exit status,
 * with the failure. */
int dump_write(const struct session *session, const struct object_file *object,
	       struct failure *failure);

#endif
