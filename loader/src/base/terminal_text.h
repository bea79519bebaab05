/* Text of strangers on its way to a terminal. */
#ifndef BPFLOAD_TERMINAL_TEXT_H
#define BPFLOAD_TERMINAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/strbuf.h"

/* Bytes of the character at `at` (`room` bytes, at least one); *harmful: terminals obey it, or it
 * ends what they were told before. */
size_t terminal_character(const uint8_t *at, size_t room, bool *harmful);

/*
 * Makes what stands behind `start` harmless to a terminal: control characters are shown as `\x1b`,
 * those of 8 bits too. Line feeds and tabs stay.
 */
void terminal_text(struct strbuf *text, size_t start);

/* Writes a text of which parts are a stranger's, made harmless like this, and frees it. */
void terminal_write(FILE *file, struct strbuf *text);

#endif
