/* --top: when maps are read and drawn, what keys and signals do, and what becomes of texts that
 * would be printed meanwhile. */
#ifndef BPFLOAD_TOP_SCREEN_H
#define BPFLOAD_TOP_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/last_lines.h"
#include "output/top.h"
#include "run/child.h"
#include "run/events.h"
#include "run/loop.h"
#include "run/terminal.h"

struct top_screen {
	/* --top is given. */
	bool is_wanted;
	struct terminal terminal;
	/* NULL: it has not begun. */
	struct top *top;
	struct top_view view;
	struct last_lines lines;
	struct output *output;
	struct events *events;
	struct loop *loop;
	struct child *child;
	struct failure *failure;
	int timer;
	/* Keys are waited for. */
	bool hears_keys;
	/* Monotonic times, ns: the begin, the next reading, and the next drawing if it comes before
	 * that (0: it does not). */
	uint64_t begun, next_read, next_draw;
	/* What is drawn, as far as it is not yet written. */
	struct strbuf frame;
};

/* Whether there is a terminal, and something to show. The result is an exit status. */
int top_screen_open(struct top_screen *screen, const struct options *options,
		    const struct manifest *manifest, struct failure *failure);

/* Takes the terminal; from here on the loop draws. The others stay as long. */
int top_screen_begin(struct top_screen *screen, struct output *output, struct events *events,
		     struct loop *loop, struct child *child, struct failure *failure);

/* Gives the terminal back; what is printed waits. */
void top_screen_leave(struct top_screen *screen);

/* Once nothing more comes of the child: the last lines that were printed are printed again, where
 * they stay. */
void top_screen_end(struct top_screen *screen);

void top_screen_close(struct top_screen *screen);

#endif
