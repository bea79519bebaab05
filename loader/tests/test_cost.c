/* What probes cost: which programs stand behind a row, whose names it has, and what is summed up.
 * Programs, the kernel's counts and the clocks are the test's. */
#include "run/cost.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "says.h"
#include "session/session.h"

/* A program in the place of a probe. */
struct placed {
	uint32_t probe, id;
};

static const struct mf_probe probes[] = {
	{.index = 0, .name = "kprobe:a", .program = "a"},
	{.index = 1, .name = "kprobe:b", .program = "shared"},
	{.index = 2, .name = "kprobe:c", .program = "shared"},
	{.index = 3, .name = "kprobe:d", .program = "d"},
	{.index = 4, .name = "kprobe:e", .program = "shared"},
};

static struct {
	struct session session;
	struct attachments attachments;
	struct cost cost;
	struct failure failure;
	const struct placed *placed;
	uint32_t placed_count;
	/* What asking for programs fails with. */
	int refused;
	int descriptors[16];
	uint32_t descriptor_count;
	/* By id of the program: runs and ns of it; no runs: it cannot be read. */
	struct run_count counts[10];
	uint64_t monotonic, own;
	const char *asked_for;
	uint32_t closed;
} scene;

int attach_each_program(const struct attachments *attachments,
			void (*visit)(const struct mf_probe *probe, uint32_t id, int fd,
				      void *context),
			void *context)
{
	CHECK(attachments == &scene.attachments);
	errno = scene.refused;
	if (scene.refused)
		return -1;
	for (uint32_t i = 0; i < scene.placed_count; i++) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		scene.descriptors[scene.descriptor_count++] = fd;
		visit(&probes[scene.placed[i].probe], scene.placed[i].id, fd, context);
	}
	return 0;
}

int run_statistics_open(struct run_statistics *statistics, const char *option,
			struct failure *failure)
{
	scene.asked_for = option;
	statistics->enabled = 5;
	return scene.refused ? fail(failure, STATUS_PERMISSION, "Not for you.") : STATUS_OK;
}

void run_statistics_close(struct run_statistics *statistics)
{
	CHECK(statistics->enabled == 5);
	scene.closed++;
}

bool run_statistics_read(const struct run_statistics *statistics, int program,
			 struct run_count *count)
{
	CHECK(statistics == &scene.cost.statistics);
	for (uint32_t i = 0; i < scene.cost.program_count; i++)
		if (scene.cost.programs[i].fd == program)
			*count = scene.counts[scene.cost.programs[i].id];
	return count->runs > 0;
}

uint64_t clock_ns(clockid_t clock)
{
	return clock == CLOCK_MONOTONIC ? scene.monotonic : scene.own;
}

static void begin(const struct placed *placed, uint32_t count)
{
	memset(&scene, 0, sizeof(scene));
	scene.attachments.session = &scene.session;
	scene.placed = placed;
	scene.placed_count = count;
	scene.monotonic = 1000;
	scene.own = 300;
	CHECK(cost_begin(&scene.cost, "--cost", &scene.failure) == STATUS_OK);
	CHECK(strcmp(scene.asked_for, "--cost") == 0);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static uint32_t open_descriptors(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < scene.descriptor_count; i++)
		count += is_open(scene.descriptors[i]);
	return count;
}

static void end(void)
{
	cost_free(&scene.cost);
	CHECK(scene.closed == 1 && open_descriptors() == 0);
	CHECK(scene.cost.statistics.enabled == -1 && !scene.cost.table.rows &&
	      scene.cost.program_count == 0);
	arena_free(&scene.session.arena);
	failure_clear(&scene.failure);
}

static bool is_row(uint32_t row, const char *probe, uint64_t events, uint64_t ns)
{
	const struct cost_row *of = &scene.cost.table.rows[row];

	if (strcmp(of->probe, probe) == 0 && of->events == events && of->ns == ns && !of->detached)
		return true;
	fprintf(stderr, "%s %llu %llu\n", of->probe, (unsigned long long)of->events,
		(unsigned long long)of->ns);
	return false;
}

static void test_rows(void)
{
	/* A probe with two programs, three with one, the first of which comes last. */
	static const struct placed placed[] = {{3, 1}, {2, 2}, {0, 3}, {3, 4},
					       {4, 2}, {1, 2}, {0, 3}};

	begin(placed, 7);
	CHECK(cost_find(&scene.cost, &scene.attachments, &scene.failure) == STATUS_OK);
	/* A program is held once. */
	CHECK(scene.cost.table.count == 3 && scene.cost.program_count == 4 &&
	      open_descriptors() == 4);
	scene.counts[1] = (struct run_count){10, 1000};
	scene.counts[2] = (struct run_count){7, 70};
	scene.counts[3] = (struct run_count){0, 0};
	scene.counts[4] = (struct run_count){5, 50};
	scene.monotonic = 5000;
	scene.own = 450;
	cost_read(&scene.cost);
	CHECK(is_row(0, "kprobe:d", 15, 1050));
	CHECK(is_row(1, "kprobe:b and 2 more", 7, 70));
	/* One that is gone counts nothing. */
	CHECK(is_row(2, "kprobe:a", 0, 0));
	CHECK(scene.cost.table.elapsed == 4000 && scene.cost.table.loader == 150);
	/* Each time from the beginning. */
	scene.counts[4] = (struct run_count){6, 80};
	scene.counts[3] = (struct run_count){2, 9};
	scene.monotonic = 5001;
	cost_read(&scene.cost);
	CHECK(is_row(0, "kprobe:d", 16, 1080) && is_row(1, "kprobe:b and 2 more", 7, 70) &&
	      is_row(2, "kprobe:a", 2, 9));
	CHECK(scene.cost.table.elapsed == 4001);
	end();
}

static void test_none(void)
{
	begin(NULL, 0);
	CHECK(cost_find(&scene.cost, &scene.attachments, &scene.failure) == STATUS_OK);
	cost_read(&scene.cost);
	CHECK(scene.cost.table.count == 0 && scene.cost.table.elapsed == 0);
	end();
}

static void test_refused(void)
{
	begin(NULL, 0);
	scene.refused = EPERM;
	CHECK(cost_find(&scene.cost, &scene.attachments, &scene.failure) == STATUS_PERMISSION);
	CHECK(says(&scene.failure, STATUS_PERMISSION,
		   "Cannot find the programs of the probes, to measure them: Operation not "
		   "permitted."));
	failure_clear(&scene.failure);
	scene.refused = EMFILE;
	CHECK(cost_find(&scene.cost, &scene.attachments, &scene.failure) == STATUS_FAILED);
	failure_clear(&scene.failure);
	CHECK(cost_begin(&scene.cost, "--max-overhead", &scene.failure) == STATUS_PERMISSION);
	CHECK(strcmp(scene.asked_for, "--max-overhead") == 0 &&
	      says(&scene.failure, STATUS_PERMISSION, "Not for you."));
	end();
}

int main(void)
{
	test_rows();
	test_none();
	test_refused();
	return check_result("cost");
}
