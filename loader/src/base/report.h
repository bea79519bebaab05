/*
 * What is said to the user on stderr. Parsers do not print: they set a report, and main prints it,
 * so that a file can be checked without output and its error tested.
 */
#ifndef BPFLOAD_REPORT_H
#define BPFLOAD_REPORT_H

#include <stdbool.h>

struct report {
	/* An exit status (exit_status.h). */
	int status;
	char text[1024];
};

/* Sets the report, unless an earlier error already did, and gives `status`. */
int report_set(struct report *report, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* `ERROR: text` on stderr. Control characters in the text (names come from files) are shown as `?`.
 */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `WARNING: text`. Callers heed --no-warnings. */
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line without a prefix (`Attached 1 probe`, -v). */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
