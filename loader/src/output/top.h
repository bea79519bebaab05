/*
 * --top: the maps of a script as a screen that is drawn again and again. Maps are read when that is
 * asked for, and stay as they are.
 */
#ifndef BPFLOAD_TOP_H
#define BPFLOAD_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/last_lines.h"
#include "base/strbuf.h"
#include "output/top_rows.h"

struct output;
struct top;

/* How it is to look. */
struct top_view {
	/* Cells of the screen. */
	size_t width, height;
	/* It shows more than ASCII. */
	bool utf8;
	enum top_order order;
	bool reversed, paused, help;
	/* 0: all tables; n: the n-th alone, counted round. */
	size_t alone;
	/* From one reading to the next. */
	uint64_t interval_ns;
};

/* What stands above the maps. */
struct top_figures {
	uint64_t uptime_ns;
	uint64_t events, lost;
};

/* `output` stays. */
struct top *top_new(struct output *output);
void top_free(struct top *top);

/* Reads all maps; `now`: monotonic time, ns. */
void top_read(struct top *top, uint64_t now);

/* How many tables it drew last. */
size_t top_tables(const struct top *top);

/* Appends what makes a terminal show the screen, from its first cell on; `lines` is what else was
 * printed. */
void top_draw(struct top *top, const struct top_view *view, const struct top_figures *figures,
	      const struct last_lines *lines, struct strbuf *to);

#endif
