/* JSON documents beside the script's output, each in a file of its own. */
#ifndef BPFLOAD_DOCUMENT_H
#define BPFLOAD_DOCUMENT_H

#include <sys/types.h>

#include "base/failure.h"
#include "base/strbuf.h"

/*
 * `what` names it in messages. A path that is NULL is of a document that nobody wants; `-` is
 * standard output. Results are exit statuses, with the failure.
 */

/* Whether it could be written: in place of a file, or where there is nothing yet. */
int document_try(const char *path, const char *what, struct failure *failure);

/* Writes it as a whole, in place of an earlier one; who may read it is `mode`, less the umask. */
int document_write(const char *path, const char *what, mode_t mode, const struct strbuf *text,
		   struct failure *failure);

#endif
