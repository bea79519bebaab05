/* [FUN-057] What reading the files of traced programs may cost: memory, steps, and time. */
#include <sys/sysinfo.h>
#include <unistd.h>

#include "binary/budget.h"
#include "check.h"

#define MIB (1ull << 20)

/* As the kernel says it, which sysconf() is not asked for here. */
static void limits_of_the_machine(void)
{
	struct sysinfo info;
	uint64_t all;

	if (!CHECK(sysinfo(&info) == 0))
		return;
	all = (uint64_t)info.totalram * info.mem_unit / 8;
	if (all < 64 * MIB)
		all = 64 * MIB;
	if (all > 1024 * MIB)
		all = 1024 * MIB;
	CHECK(budget_of_file() == all / 2);
}

static void memory(void)
{
	struct budget one = {0}, other = {0};

	budget_limit(100, 160);
	CHECK(budget_of_file() == 100 && budget_held() == 0 && !budget_is_short());
	/* To the last byte of a file, and of all. */
	CHECK(budget_take(&one, 100) && one.bytes == 100 && budget_held() == 100);
	CHECK(!budget_was_exceeded());
	CHECK(!budget_take(&one, 1) && one.bytes == 100 && budget_held() == 100);
	CHECK(budget_was_exceeded() && !budget_was_exceeded());
	CHECK(!budget_take(&other, 61) && budget_was_exceeded());
	CHECK(budget_take(&other, 20) && budget_held() == 120 && !budget_is_short());
	CHECK(budget_take(&other, 1) && budget_is_short());
	CHECK(budget_take(&other, 39) && budget_held() == 160 && !budget_was_exceeded());
	/* A size that has no end is too much, and not little. */
	CHECK(!budget_take(&other, UINT64_MAX) && budget_was_exceeded());
	budget_give(&one, 100);
	CHECK(one.bytes == 0 && budget_held() == 60 && !budget_is_short());
	CHECK(budget_take(&one, 100) && !budget_was_exceeded());
	budget_give(&one, 100);
	budget_give(&other, 60);
	CHECK(budget_held() == 0);
}

/* Steps that are taken of `budget` until it says no; as many as `most` at the most. */
static uint64_t steps_of(struct budget *budget, uint64_t most)
{
	uint64_t steps = 0;

	while (steps < most && budget_step(budget))
		steps++;
	return steps;
}

/* How often the clock is looked at, with the steps between two looks passed over. */
static uint64_t looks_of(struct budget *budget, uint64_t most)
{
	uint64_t looks = 0;

	while (looks < most && budget_step_on(budget))
		looks++;
	budget->steps = 0;
	return looks;
}

static void steps(void)
{
	struct budget file = {0}, files[5] = {{0}};
	uint64_t looks = 0;

	CHECK(!budget_step(&file) && budget_was_exceeded());
	budget_begin(&file, 10);
	CHECK(steps_of(&file, 11) == 10 && budget_was_exceeded());
	budget_begin(&file, 3);
	CHECK(steps_of(&file, 11) == 3 && budget_was_exceeded());
	/* What is left of one work is not added to the next, and not spent: more works than there
	 * are steps for, each of which looks at the clock once. */
	for (int work = 0; work < 40000; work++) {
		budget_begin(&file, 2 * MIB);
		if (!budget_step(&file)) {
			CHECK(!"steps that were not used are not spent");
			break;
		}
	}
	CHECK(!budget_was_exceeded());
	budget_begin(&file, 3 * MIB);
	CHECK(looks_of(&file, 5) == 3 && budget_was_exceeded());
	budget_begin(&file, 0);
	CHECK(!budget_step(&file) && budget_was_exceeded());
	/* A file has 2^32 steps, whatever is asked for, and all files four times as many, of which
	 * a few are spent. */
	for (int i = 0; i < 4; i++) {
		budget_begin(&files[i], UINT64_MAX / 4);
		looks += looks_of(&files[i], 5000);
		CHECK(budget_was_exceeded());
	}
	CHECK(looks >= 4 * 4096 - 8 && looks <= 4 * 4096);
	budget_begin(&files[0], 1);
	CHECK(!budget_step(&files[0]));
	budget_begin(&files[4], UINT64_MAX / 4);
	CHECK(looks_of(&files[4], 5000) <= 2 && budget_was_exceeded());
}

static void time_that_is_left(void)
{
	int stop[2];

	budget_stop_by(-1);
	CHECK(!budget_is_late());
	if (!CHECK(pipe(stop) == 0))
		return;
	budget_stop_by(stop[0]);
	CHECK(!budget_is_late());
	CHECK(write(stop[1], "", 1) == 1);
	/* Less than a second of the processor from the first look on, however many follow. */
	CHECK(!budget_is_late());
	while (!budget_is_late())
		;
	budget_hurry();
	CHECK(budget_is_late());
	budget_stop_by(-1);
	CHECK(!budget_is_late());
	close(stop[0]);
	close(stop[1]);
}

int main(void)
{
	limits_of_the_machine();
	memory();
	time_that_is_left();
	steps();
	return check_result("budget");
}
