/* Events that the kernel left out: told at the end. */
#ifndef BPFLOAD_MISSES_H
#define BPFLOAD_MISSES_H

#include "attach/attach.h"
#include "output/output.h"

/*
 * When nothing is attached any more. Nothing is said of scripts whose programs could run inside of
 * each other: nobody can tell what was left out for that
 * (docs/decisions/programs-inside-of-programs.md).
 */
void misses_tell(const struct attachments *attachments, struct output *output);

#endif
