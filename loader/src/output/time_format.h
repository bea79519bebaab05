/* Times as text: time() and strftime(). */
#ifndef BPFLOAD_TIME_FORMAT_H
#define BPFLOAD_TIME_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/strbuf.h"

struct facts;

/* Turns times of the boot clock, which programs read, into wall-clock time. */
struct wall_clock {
	/* Nanoseconds from boot-clock to wall-clock time. */
	uint64_t boot_offset;
	/* Where a recording is made or shown it is `boot` until it is moved, whatever the time. */
	bool stands;
	uint64_t boot;
	/* When the wall clock was last looked at. */
	uint64_t followed;
	/* Of local time; NULL: that of this host. */
	struct facts *facts;
	/* The last second that was broken down to local time. */
	bool second_known;
	int64_t second;
	struct tm local;
};

void wall_clock_init(struct wall_clock *clock);

/* Wall-clock time in ns of a boot-clock time. Follows the wall clock when it was set. */
uint64_t wall_clock_of_boot(struct wall_clock *clock, uint64_t boot_ns);

/* The present in ns, of either clock. */
uint64_t wall_clock_boot(const struct wall_clock *clock);
uint64_t wall_clock_now(const struct wall_clock *clock);

/* Sets a clock that stands to the present. True: the wall clock was set meanwhile. */
bool wall_clock_move(struct wall_clock *clock);

/* Breaks a second down to local time, `clock->local`. False: the year has too many digits, or a
 * recording does not say. */
bool wall_clock_local(struct wall_clock *clock, int64_t second);

/* Appends 2026-01-31T12:00:00.000000000Z. */
void wall_clock_text(struct strbuf *to, uint64_t wall_ns);

/*
 * Appends a time in the local time zone as strftime(3) does. With `fractions` also: %f microseconds
 * (6 digits), %k nanoseconds (9) and %l milliseconds (3), which hide the hours that libc has under
 * the last two. False, and nothing appended, when the text is empty or does not fit in `limit`
 * bytes with its NUL.
 */
bool time_text(struct strbuf *to, struct wall_clock *clock, const char *format, uint64_t wall_ns,
	       bool fractions, size_t limit);

#endif
