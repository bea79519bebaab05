/*
 * The terminal as a screen of ours: its second page (the alternate screen), keys without echo.
 * Whatever ends the process but SIGKILL, it is left as it was.
 */
#ifndef BPFLOAD_TERMINAL_H
#define BPFLOAD_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "base/strbuf.h"

struct failure;

struct terminal {
	/* Where keys come from; -1: nowhere. */
	int keys;
	/* `keys` was opened by us. */
	bool owns_keys;
	bool utf8;
	/* The page is ours now; and `before` are its modes. */
	bool is_held, has_modes;
	struct termios before;
	/* Our process group: that of the terminal's foreground may be another. */
	pid_t group;
	/* Within an escape sequence, such as an arrow key sends. */
	enum { KEY_PLAIN, KEY_ESCAPE, KEY_SEQUENCE } state;
};

/* Standard output has to be a terminal that knows how to move its cursor. The result is an exit
 * status. */
int terminal_open(struct terminal *terminal, struct failure *failure);
void terminal_close(struct terminal *terminal);

/* Takes the screen, or gives it back. False: we are in the background, and leave it alone. */
bool terminal_hold(struct terminal *terminal);
void terminal_leave(struct terminal *terminal);

/* Its width and height, within bounds. */
void terminal_size(size_t *width, size_t *height);

/* The keys that were hit, and how many: plain characters, without those that send sequences. False:
 * nothing came. */
bool terminal_keys(struct terminal *terminal, char *keys, size_t room, size_t *count);

/* Stops the process as Ctrl-Z does anywhere else, and comes back when it goes on. */
void terminal_stop_here(void);

#endif
