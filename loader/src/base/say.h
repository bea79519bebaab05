/* What is said to the user on stderr. An error that ends the run is a failure (failure.h). */
#ifndef BPFLOAD_SAY_H
#define BPFLOAD_SAY_H

#include <stddef.h>

/* `ERROR: text` on stderr. Control characters in the text (names come from files) are shown as `?`.
 */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A descriptor that becomes readable when nobody may wait for stderr any more, -1, or
 * WRITE_WITHOUT_WAITING: what finds no room then is not said. */
void say_stop_by(int stop);

/* Lines are given to `take` instead; NULL: they are written. */
void say_divert(void (*take)(void *context, const char *text, size_t length), void *context);

/* `WARNING: text`. Callers heed --no-warnings. */
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line without a prefix (`Attached 1 probe`, -v). */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
