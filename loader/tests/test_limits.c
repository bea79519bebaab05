/* --max-overhead and --max-memory: what is above, what is said of it, and what is done. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/say.h"
#include "check.h"
#include "host/memory_use.h"
#include "run/limits.h"

#define SECOND 1000000000ull

static struct strbuf said;
static uint32_t detached, left;
static uint64_t memory_of_loader, memory_of_map, cpu_time_of_process;

#define TRACED 77
#define CLOCK_OF_TRACED ((clockid_t)1000)

/* The tests write the table themselves; what is asked of the kernel is theirs, too. */
void cost_read(struct cost *cost)
{
	(void)cost;
}

uint32_t attach_detach(struct attachments *attachments, uint32_t probe)
{
	(void)attachments;
	detached = probe;
	return left;
}

int clock_getcpuclockid(pid_t pid, clockid_t *clock)
{
	*clock = CLOCK_OF_TRACED;
	return pid == TRACED ? 0 : ESRCH;
}

uint64_t clock_ns(clockid_t clock)
{
	return clock == CLOCK_OF_TRACED ? cpu_time_of_process : 0;
}

uint64_t memory_of_process(void)
{
	return memory_of_loader;
}

uint64_t memory_of_descriptor(int descriptor)
{
	return descriptor == 7 ? memory_of_map : 0;
}

struct bpf_map *bpf_object__next_map(const struct bpf_object *object, const struct bpf_map *map)
{
	return map ? NULL : (struct bpf_map *)object;
}

struct bpf_program *bpf_object__next_program(const struct bpf_object *object,
					     struct bpf_program *program)
{
	(void)object;
	(void)program;
	return NULL;
}

int bpf_map__fd(const struct bpf_map *map)
{
	(void)map;
	return 7;
}

const char *bpf_map__name(const struct bpf_map *map)
{
	(void)map;
	return "AT_reads";
}

static void take(void *context, const char *text, size_t length)
{
	strbuf_put(context, text, length);
}

struct scene {
	struct options options;
	struct session session;
	struct manifest manifest;
	struct mf_map map;
	struct mf_store store;
	struct mf_probe probes[3];
	struct cost cost;
	struct cost_row rows[3];
	struct cost_probe cost_probes[3];
	struct limits limits;
};

static void begin(struct scene *scene, struct options options)
{
	static const char *const names[] = {"kprobe:a", "kprobe:b", "kprobe:c"};

	*scene = (struct scene){.options = options};
	scene->store.map = "AT_reads";
	scene->map = (struct mf_map){.name = "@reads", .stores = &scene->store, .store_count = 1};
	scene->manifest = (struct manifest){.maps = &scene->map, .map_count = 1};
	scene->session = (struct session){.options = &scene->options,
					  .manifest = &scene->manifest,
					  .object = (struct bpf_object *)&scene->map};
	for (uint32_t i = 0; i < 3; i++) {
		scene->probes[i].index = i + 10;
		scene->rows[i].probe = names[i];
		scene->cost_probes[i].first = &scene->probes[i];
	}
	scene->cost.table = (struct cost_table){.rows = scene->rows, .count = 3};
	scene->cost.probes = scene->cost_probes;
	scene->limits = (struct limits){.options = &scene->options,
					.session = &scene->session,
					.cost = options.max_overhead > 0 ? &scene->cost : NULL};
	detached = 0;
	left = 2;
	limits_begin(&scene->limits);
}

/* A second in which the rows took so many ms for so many events each. */
static bool look(struct scene *scene, const uint64_t ms[3], uint64_t events)
{
	for (size_t i = 0; i < 3; i++) {
		scene->rows[i].ns += ms[i] * 1000000;
		scene->rows[i].events += ms[i] ? events : 0;
	}
	scene->cost.table.elapsed += SECOND;
	scene->cost.table.loader += 10000000;
	return limits_look(&scene->limits);
}

static const uint64_t QUIET[] = {10, 20, 10}, BUSY[] = {10, 60, 10};

#define ABOVE                                                                                      \
	"Tracing takes 9.00 % of one CPU, more than --max-overhead 5; most of it takes kprobe:b: " \
	"6.00 %, 1000 events of 60000 ns each in a second"

static void test_overhead(void)
{
	struct scene scene;

	begin(&scene, (struct options){.max_overhead = 5});
	/* As much as it may. */
	CHECK(!look(&scene, QUIET, 1000));
	CHECK_TEXT(&said, "");
	CHECK(!look(&scene, BUSY, 1000));
	CHECK_TEXT(&said, "WARNING: " ABOVE ".\n");
	CHECK(!look(&scene, QUIET, 1000));
	/* Once more: that was another time. */
	CHECK(!look(&scene, BUSY, 1000));
	CHECK_TEXT(&said, "WARNING: " ABOVE ".\n");
	CHECK(detached == 0 && !look(&scene, BUSY, 1000));
	CHECK_TEXT(&said, "WARNING: " ABOVE ". It is detached.\n");
	CHECK(detached == 11 && scene.rows[1].detached);
	/* The next one is warned of first; the one that is gone is none of those. */
	CHECK(!look(&scene, (const uint64_t[]){30, 60, 40}, 500));
	CHECK_TEXT(&said, "WARNING: Tracing takes 14.00 % of one CPU, more than --max-overhead 5; "
			  "most of it takes kprobe:c: 4.00 %, 500 events of 80000 ns each in a "
			  "second.\n");
	left = 0;
	CHECK(look(&scene, (const uint64_t[]){30, 60, 40}, 500));
	CHECK(detached == 12 && strstr(strbuf_c_text(&said), "ERROR: "));
	CHECK(strstr(strbuf_c_text(&said),
		     " It is detached, and no probe is left: tracing ends.\n"));
	strbuf_clear(&said);
	limits_free(&scene.limits);
}

static void test_what_is_done(void)
{
	struct scene scene;

	begin(&scene, (struct options){.max_overhead = 5, .on_overhead = ON_OVERHEAD_END});
	CHECK(!look(&scene, BUSY, 1000));
	CHECK_TEXT(&said, "WARNING: " ABOVE ".\n");
	CHECK(look(&scene, BUSY, 1000) && !detached);
	CHECK_TEXT(&said, "ERROR: " ABOVE ". Tracing ends.\n");
	limits_free(&scene.limits);
	begin(&scene, (struct options){.max_overhead = 5, .on_overhead = ON_OVERHEAD_WARN});
	CHECK(!look(&scene, BUSY, 1000));
	CHECK_TEXT(&said, "WARNING: " ABOVE ".\n");
	/* Said once, as long as it lasts. */
	CHECK(!look(&scene, BUSY, 1000) && !look(&scene, BUSY, 1000) && !detached);
	CHECK_TEXT(&said, "");
	limits_free(&scene.limits);
	/* Of rows that took the same, the one with most events. */
	begin(&scene, (struct options){.max_overhead = 1});
	scene.rows[2].events = 5;
	CHECK(!look(&scene, (const uint64_t[]){30, 0, 30}, 100));
	CHECK(strstr(strbuf_c_text(&said), "kprobe:c: 3.00 %, 105 events of 285714 ns each"));
	strbuf_clear(&said);
	limits_free(&scene.limits);
	/* The loader itself is above; no probe took anything. */
	begin(&scene, (struct options){.max_overhead = 0.5});
	CHECK(!look(&scene, (const uint64_t[]){0, 0, 0}, 0));
	CHECK(strstr(strbuf_c_text(&said), "0.00 %, 0 events of 0 ns each"));
	strbuf_clear(&said);
	limits_free(&scene.limits);
}

/* A second in which the process took so many ns of CPU time, and the probes four times `ms`. */
static bool look_beside(struct scene *scene, uint64_t process_ns, uint64_t ms)
{
	cpu_time_of_process += process_ns;
	return look(scene, (const uint64_t[]){ms, 2 * ms, ms}, 10);
}

static void test_share_of_process(void)
{
	struct scene scene;

	cpu_time_of_process = 50;
	begin(&scene, (struct options){.max_overhead = 25, .pid = TRACED});
	/* As much as it may, of a process that did as little as counts: 2.5 of 10 ms are 25 %. */
	cpu_time_of_process += 10000000;
	for (size_t i = 0; i < 3; i++)
		scene.rows[i].ns += i == 1 ? 1500000 : 500000;
	scene.cost.table.elapsed += SECOND;
	CHECK(!limits_look(&scene.limits));
	CHECK_TEXT(&said, "");
	/* 40 of 100 ms; of the CPU it is 5 %. */
	CHECK(!look_beside(&scene, 100000000, 10));
	CHECK_TEXT(&said, "WARNING: Tracing takes 40.00 % of the traced process's time, more than "
			  "--max-overhead 25; most of it takes kprobe:b: 20.00 %, 10 events of "
			  "2000000 ns each in a second.\n");
	CHECK(!look_beside(&scene, 9999999, 0));
	CHECK(!look_beside(&scene, 10000000, 1) && said.length);
	strbuf_clear(&said);
	/* A process that did less is no measure, nor is one that has gone. */
	CHECK(!look_beside(&scene, 9999999, 10));
	cpu_time_of_process = 0;
	CHECK(!look_beside(&scene, 0, 10));
	CHECK(!look_beside(&scene, 100000000, 10) && said.length);
	strbuf_clear(&said);
	limits_free(&scene.limits);
	/* Of no process. */
	begin(&scene, (struct options){.max_overhead = 25});
	CHECK(!look_beside(&scene, 100000000, 10));
	CHECK_TEXT(&said, "");
	limits_free(&scene.limits);
	/* The command of -c. */
	begin(&scene, (struct options){.max_overhead = 25});
	scene.session.child_pid = TRACED;
	CHECK(!look_beside(&scene, 100000000, 10));
	CHECK(!look_beside(&scene, 100000000, 10) && said.length);
	strbuf_clear(&said);
	limits_free(&scene.limits);
}

static const struct options MEGABYTE = {.max_memory = 1 << 20, .max_memory_text = "1M"};

#define HELD                                                                                    \
	"Tracing holds 1.5 MiB of memory, more than --max-memory 1M; most of it takes @reads: " \
	"1.0 MiB"

static void test_memory(void)
{
	struct failure failure = {0};
	struct scene scene;

	begin(&scene, MEGABYTE);
	memory_of_loader = memory_of_map = 1 << 19;
	CHECK(!limits_look(&scene.limits));
	CHECK(limits_check_memory(&scene.session, &failure) == STATUS_OK);
	CHECK_TEXT(&said, "");
	memory_of_map = 1 << 20;
	CHECK(!limits_look(&scene.limits));
	CHECK_TEXT(&said, "WARNING: " HELD ".\n");
	CHECK(limits_look(&scene.limits));
	CHECK_TEXT(&said, "ERROR: " HELD ". Tracing ends.\n");
	CHECK(limits_check_memory(&scene.session, &failure) == STATUS_FAILED);
	CHECK(strcmp(failure.text, HELD ".") == 0 && strstr(failure.hint, "max_map_keys"));
	failure_clear(&failure);
	/* It was above, and is not any more. */
	begin(&scene, MEGABYTE);
	CHECK(!limits_look(&scene.limits));
	memory_of_map = 0;
	CHECK(!limits_look(&scene.limits));
	memory_of_map = 1 << 20;
	CHECK(!limits_look(&scene.limits));
	strbuf_clear(&said);
	/* Only said. */
	scene.options.on_overhead = ON_OVERHEAD_WARN;
	CHECK(!limits_look(&scene.limits) && !limits_look(&scene.limits));
	CHECK_TEXT(&said, "");
	/* Nothing is limited; and the loader takes most. */
	begin(&scene, (struct options){0});
	CHECK(!limits_look(&scene.limits));
	CHECK(limits_check_memory(&scene.session, &failure) == STATUS_OK);
	CHECK_TEXT(&said, "");
	begin(&scene, MEGABYTE);
	memory_of_loader = 1 << 21;
	CHECK(!limits_look(&scene.limits));
	CHECK(strstr(strbuf_c_text(&said), "most of it takes bpfload itself: 2.0 MiB"));
	strbuf_free(&said);
}

int main(void)
{
	say_divert(take, &said);
	test_overhead();
	test_what_is_done();
	test_share_of_process();
	test_memory();
	return check_result("limits");
}
