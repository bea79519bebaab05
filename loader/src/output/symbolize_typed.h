/* Names for the frames of -f json2 that have none. */
#ifndef BPFLOAD_SYMBOLIZE_TYPED_H
#define BPFLOAD_SYMBOLIZE_TYPED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct saved_symbols;

/* Whether a line of JSON is one of json2: it has the clock behind its type. */
bool symbolize_is_typed(const char *line, size_t length);

/* Appends the line with names in its frames; what is no frame, or not as we write it, is copied. */
void symbolize_typed(struct saved_symbols *symbols, const char *line, size_t length,
		     struct strbuf *to);

#endif
