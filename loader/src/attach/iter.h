/* The iterator of a script, which the run reads or leaves to others. */
#ifndef BPFLOAD_ATTACH_ITER_H
#define BPFLOAD_ATTACH_ITER_H

#include "attach/attach.h"

/* Descriptor of its link; 0: none is attached. */
int attach_iterator(const struct attachments *attachments);

/* Where it is pinned, so that others read it; NULL: nowhere. */
const char *attach_iterator_pin(const struct attachments *attachments);

#endif
