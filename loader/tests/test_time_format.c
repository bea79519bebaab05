/* The wall clock that is followed, and times as text. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "output/time_format.h"

#define SECOND 1000000000u

/* In place of libc's: what each clock says. */
static uint64_t boot_time = 1000ull * SECOND, wall_time = 1709251198ull * SECOND;

int clock_gettime(clockid_t clock, struct timespec *time)
{
	uint64_t ns = clock == CLOCK_REALTIME ? wall_time : boot_time;

	*time = (struct timespec){.tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND)};
	return 0;
}

static void a_clock_that_was_set_is_followed(void)
{
	static const int64_t steps[] = {3600ll * SECOND, -7200ll * SECOND, 1000001, -1000001};
	struct wall_clock clock;

	wall_clock_init(&clock);
	CHECK(clock.boot_offset == wall_time - boot_time);
	CHECK(wall_clock_of_boot(&clock, 5) == wall_time - boot_time + 5);
	clock.stands = true;
	CHECK(!wall_clock_move(&clock) && clock.boot == boot_time);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		boot_time += SECOND;
		wall_time += SECOND + (uint64_t)steps[i];
		/* It stands until it is moved. */
		CHECK(wall_clock_boot(&clock) == boot_time - SECOND);
		CHECK(wall_clock_of_boot(&clock, 0) != wall_time - boot_time);
		CHECK(wall_clock_move(&clock) && clock.boot == boot_time);
		CHECK(wall_clock_now(&clock) == wall_time);
		CHECK(!wall_clock_move(&clock));
	}
	/* What is less comes of looking at one clock behind the other. */
	boot_time += SECOND;
	wall_time += SECOND + 1000000;
	CHECK(!wall_clock_move(&clock) && wall_clock_now(&clock) == wall_time - 1000000);
	boot_time += SECOND;
	wall_time += SECOND - 2000000;
	CHECK(!wall_clock_move(&clock) && wall_clock_now(&clock) == wall_time + 1000000);
}

static void times_are_as_strftime_has_them(void)
{
	struct wall_clock clock = {.stands = true};
	struct strbuf text = {0};
	const uint64_t leap = 1709251198123456789;

	setenv("TZ", "CET-1", 1);
	wall_clock_text(&text, leap);
	CHECK_TEXT(&text, "2024-02-29T23:59:58.123456789Z");
	CHECK(time_text(&text, &clock, "%F %T.%f %k %l %z", leap, true, 100));
	CHECK_TEXT(&text, "2024-03-01 00:59:58.123456 123456789 123 +0100");
	CHECK(time_text(&text, &clock, "%%f %H", leap + 3600ull * SECOND, true, 100));
	CHECK_TEXT(&text, "%f 01");
	/* With its NUL it fits, or not at all. */
	CHECK(time_text(&text, &clock, "%F", leap, false, 11));
	CHECK_TEXT(&text, "2024-03-01");
	CHECK(!time_text(&text, &clock, "%F", leap, false, 10) && text.length == 0);
	CHECK(!time_text(&text, &clock, "", leap, false, 10) && text.length == 0);
	strbuf_free(&text);
	unsetenv("TZ");
}

int main(void)
{
	a_clock_that_was_set_is_followed();
	times_are_as_strftime_has_them();
	return check_result("time_format");
}
