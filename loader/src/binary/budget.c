#include "binary/budget.h"
#include "base/clock.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#define LEAST (64ull << 20)
#define MOST (1ull << 30)

/* Of all work on one file: some ten seconds. */
#define MOST_STEPS (1ull << 32)
/* Of all work on all files. */
#define MOST_STEPS_IN_ALL (1ull << 34)
/* Between two looks at the clock: some milliseconds. */
#define SLICE (1ull << 20)
#define HURRY_NS 700000000

static uint64_t steps_in_all;
static int stop_by = -1;
/* 0: there is none. */
static uint64_t deadline;

static uint64_t file_limit, all_limit, held;
static bool exceeded;

static void ensure_limits(void)
{
	uint64_t memory;

	if (all_limit)
		return;
	memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGE_SIZE);
	all_limit = memory / 8;
	if (all_limit < LEAST)
		all_limit = LEAST;
	if (all_limit > MOST)
		all_limit = MOST;
	file_limit = all_limit / 2;
}

void budget_limit(uint64_t file, uint64_t all)
{
	file_limit = file;
	all_limit = all;
}

bool budget_take(struct budget *budget, uint64_t bytes)
{
	ensure_limits();
	if (budget->bytes > file_limit || bytes > file_limit - budget->bytes || held > all_limit ||
	    bytes > all_limit - held) {
		exceeded = true;
		return false;
	}
	budget->bytes += bytes;
	held += bytes;
	return true;
}

void budget_give(struct budget *budget, uint64_t bytes)
{
	budget->bytes -= bytes;
	held -= bytes;
}

void budget_begin(struct budget *budget, uint64_t steps)
{
	/* What was not used of the work before is not spent. */
	steps_in_all -= budget->steps;
	budget->spent -= budget->steps + budget->reserve;
	budget->steps = 0;
	budget->reserve = steps < MOST_STEPS - budget->spent ? steps : MOST_STEPS - budget->spent;
	budget->spent += budget->reserve;
}

/* Ours, and not what others take of the machine. */
#define OWN_TIME CLOCK_PROCESS_CPUTIME_ID

void budget_stop_by(int fd)
{
	stop_by = fd;
	if (fd < 0)
		deadline = 0;
}

void budget_hurry(void)
{
	if (!deadline)
		deadline = clock_ns(OWN_TIME) + HURRY_NS;
}

bool budget_is_late(void)
{
	struct pollfd stop = {.fd = stop_by, .events = POLLIN};

	if (!deadline && stop_by >= 0 && poll(&stop, 1, 0) > 0)
		budget_hurry();
	return deadline && clock_ns(OWN_TIME) > deadline;
}

bool budget_step_on(struct budget *budget)
{
	uint64_t slice = budget->reserve < SLICE ? budget->reserve : SLICE;

	if (!slice || steps_in_all > MOST_STEPS_IN_ALL || budget_is_late()) {
		budget_exceed();
		return false;
	}
	steps_in_all += slice;
	budget->reserve -= slice;
	/* One of them is this. */
	budget->steps = slice - 1;
	return true;
}

void budget_exceed(void)
{
	exceeded = true;
}

bool budget_was_exceeded(void)
{
	bool was = exceeded;

	exceeded = false;
	return was;
}

uint64_t budget_of_file(void)
{
	ensure_limits();
	return file_limit;
}

bool budget_is_short(void)
{
	ensure_limits();
	return held > all_limit / 4 * 3;
}

uint64_t budget_held(void)
{
	return held;
}
