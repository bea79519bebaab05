/*
 * The one way to fail. A function that can fail takes a `struct failure *` last, sets it by fail(),
 * and gives its status (or NULL, or false) to its caller, who hands it up unseen; main tells it
 * once. Nothing below prints an error that ends the run, so that all of it can be called without
 * output and its messages tested.
 *
 * A function that only asks the kernel, or looks for something that may not be there, gives errno
 * or "none" as the C library does: the sentence is its caller's, who knows what it was asked for.
 *
 * Not for memory, whose end is the process's (memory.h), and not for what the run goes on after:
 * such a thing is said when it happens (say.h).
 */
#ifndef BPFLOAD_FAILURE_H
#define BPFLOAD_FAILURE_H

#include <stdint.h>

#include "base/exit_status.h"

struct failure {
	/* An exit status; STATUS_OK while nothing has failed. */
	int status;
	/* Where: with `line` (and perhaps `column`, from 1) a place of the script, without one a
	 * file that is at fault as a whole. Empty: nowhere. */
	char file[1024];
	uint32_t line, column;
	/* A whole sentence. */
	char text[1024];
	/* What can be done about it, or empty. */
	char hint[1024];
	/* Lines that show more, such as the end of a log; NULL: none. */
	char *details;
};

/* Sets status and text, unless an earlier failure is there, and gives the failure's status. */
int fail(struct failure *failure, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, but that behind an earlier failure the text becomes another line of its text. */
int fail_also(struct failure *failure, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds what can be done about it, and gives the failure's status. */
int fail_hint(struct failure *failure, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds a line that shows more. */
void fail_detail(struct failure *failure, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds where it happened, unless that is known already, and gives the failure's status. */
int fail_at(struct failure *failure, const char *file, uint32_t line);

/* The same with a column: what stands there is marked below its line, the `text`. */
int fail_at_column(struct failure *failure, const char *file, uint32_t line, uint32_t column,
		   const char *text);

/* The same of what stands from `column` up to before `end`. */
int fail_at_columns(struct failure *failure, const char *file, uint32_t line, uint32_t column,
		    uint32_t end, const char *text);

/* Forgets it: somebody has dealt with it, or it has been told. */
void failure_clear(struct failure *failure);

/*
 * Tells it: `script.bt:7: ERROR: text` or `script.bt:7:3: ERROR: text` (a place), `ERROR: file:
 * text` (a file), or `ERROR: text`; details and hint stand on lines of their own. Nothing if
 * nothing failed.
 */
void failure_tell(const struct failure *failure);

/* The same as a warning, for what the run goes on without. Callers heed --no-warnings. */
void failure_warn(const struct failure *failure);

#endif
