/* Lines of a screen: texts of strangers, as wide as there is room. */
#ifndef BPFLOAD_SCREEN_TEXT_H
#define BPFLOAD_SCREEN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* The greatest width and height that are drawn, whatever a terminal says. */
#define SCREEN_MOST_COLUMNS 1000
#define SCREEN_MOST_LINES 500

/*
 * Appends a text as part of one line, at most `width` cells of it; what is longer ends in `~`. The
 * result is how many cells it took, or more where a terminal joins characters. What a terminal
 * obeys, what turns the direction of a line and what is no UTF-8 is shown as `\n`, `\x1b` or
 * `\u202e`; without `utf8` all beyond ASCII.
 */
size_t screen_text(struct strbuf *to, const char *text, size_t length, size_t width, bool utf8);

/* The same, filled up with blanks to `width` cells, on the left or on the right. */
void screen_cell(struct strbuf *to, const char *text, size_t length, size_t width, bool right,
		 bool utf8);

/* The cells that screen_text would take of any width. */
size_t screen_width(const char *text, size_t length, bool utf8);

#endif
