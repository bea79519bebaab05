/* The last lines of a text that goes on: those before them are forgotten. */
#ifndef BPFLOAD_LAST_LINES_H
#define BPFLOAD_LAST_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Lines that are kept, and bytes of each. */
#define LAST_LINES 200
#define LAST_LINE_MAX 4096

struct last_lines {
	/* Line number n stands at n % LAST_LINES. */
	struct strbuf lines[LAST_LINES];
	/* How many there were. */
	uint64_t total;
	/* The last one goes on. */
	bool is_open;
};

void last_lines_put(struct last_lines *lines, const char *text, size_t length);

/* How many are kept; number `index` of them, the oldest first, without its line feed. */
size_t last_lines_count(const struct last_lines *lines);
const struct strbuf *last_lines_get(const struct last_lines *lines, size_t index);

void last_lines_free(struct last_lines *lines);

#endif
