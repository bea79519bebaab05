/*
 * Puts names into what was printed where there were none: a line of text, of JSON or of folded
 * stacks becomes the same line with names. What has none stays as it is.
 */
#ifndef BPFLOAD_SYMBOLIZE_H
#define BPFLOAD_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct saved_symbols;

struct symbolizer {
	struct saved_symbols *symbols;
	/* The last line was a frame of a stack, or what a stack begins behind. */
	bool in_stack, before_stack;
};

/*
 * Appends a line, which has no line feed, as it is with names:
 * - an address or a place (BUILD-ID 0xOFFSET) that fills it becomes frames as bpfload prints them;
 * - of a line of -f json it is what fills a line of a string, of -f json2 the frames without names;
 * - of folded stacks it is a part, of mode perf an `[unknown]`;
 * - what stands between other text keeps its place and gets ` <NAME+OFFSET @FILE:LINE>` behind it.
 */
void symbolize_line(struct symbolizer *symbolizer, const char *line, size_t length,
		    struct strbuf *to);

#endif
