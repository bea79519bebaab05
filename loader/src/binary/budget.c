#include "binary/budget.h"

#include <unistd.h>

#define LEAST (64ull << 20)
#define MOST (1ull << 30)

/* Of all work on one file: some ten seconds. */
#define MOST_STEPS (1ull << 32)

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
	budget->spent -= budget->steps;
	budget->steps = steps < MOST_STEPS - budget->spent ? steps : MOST_STEPS - budget->spent;
	budget->spent += budget->steps;
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
