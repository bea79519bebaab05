/* A line of a script, with a part of it marked in the line below, as the compiler shows them. */
#ifndef BPFLOAD_EXCERPT_H
#define BPFLOAD_EXCERPT_H

#include <stdint.h>

#include "base/strbuf.h"

/* Appends both lines; of a long one what stands around the mark. `column` is where the mark begins
 * and `end` the first behind it, from 1. */
void excerpt_put(struct strbuf *to, const char *text, uint32_t column, uint32_t end);

/*
 * The first column behind the expression that begins at `column`: a name with its members, indexes
 * and arguments, a number, a string, a word of the language with its condition, or else the signs
 * of an operator. `column` itself where the line has nothing there.
 */
uint32_t excerpt_end(const char *text, uint32_t column);

#endif
