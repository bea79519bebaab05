/* Records of the ring and marks of those that found it full: in which order they count, what ends a
 * turn, and what is told of losses. The ring is a file that looks like the kernel's. */
#include "run/events.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "fixture.h"
#include "kernel_ring.h"
#include "output/renderer.h"
#include "says.h"

static uint32_t next(struct ring *ring, size_t *size)
{
	const void *record = ring_next(ring, size);
	uint32_t number = UINT32_MAX;

	if (record)
		memcpy(&number, record, sizeof(number));
	return number;
}

static void test_ring(void)
{
	struct kernel_ring kernel;
	struct ring ring;
	size_t size;

	CHECK(ring_open(&ring, -1, RING_SIZE) == -1 && errno == EBADF);
	make_ring(&kernel);
	*kernel.consumer = *kernel.producer = 5 * RING_SIZE + 16;
	CHECK(ring_open(&ring, kernel.fd, RING_SIZE) == 0 && ring.position == 5 * RING_SIZE + 16);
	CHECK(ring_is_empty(&ring) && next(&ring, &size) == UINT32_MAX);
	put(&kernel, 1, 4, 0);
	put(&kernel, 2, 9, 0);
	put(&kernel, 3, 16, BPF_RINGBUF_DISCARD_BIT);
	put(&kernel, 4, 8, 0);
	put(&kernel, 5, 8, BPF_RINGBUF_BUSY_BIT);
	CHECK(next(&ring, &size) == 1 && size == 4);
	CHECK(next(&ring, &size) == 2 && size == 9);
	CHECK(next(&ring, &size) == 4 && size == 8);
	/* One that is still written is not read, and what comes behind it has to wait. */
	CHECK(next(&ring, &size) == UINT32_MAX && !ring_is_empty(&ring));
	CHECK(ring_end(&ring) == *kernel.producer);
	CHECK(*kernel.consumer == 5 * RING_SIZE + 16);
	ring_release(&ring);
	CHECK(*kernel.consumer == *kernel.producer - 16);
	ring_close(&ring);
	ring_close(&ring);
	drop_ring(&kernel);
	close(kernel.fd);
}

/* Records go round many times, over the end and larger than what is mapped at a time. */
static void test_wrapping(void)
{
	struct kernel_ring kernel;
	struct ring ring;
	size_t size;

	make_ring(&kernel);
	CHECK(ring_open(&ring, kernel.fd, RING_SIZE) == 0);
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t length = 4 + i * 613 % 9000;

		put(&kernel, i, length, 0);
		CHECK(next(&ring, &size) == i && size == length);
		ring_release(&ring);
		CHECK(*kernel.consumer == *kernel.producer && ring_is_empty(&ring));
	}
	for (uint32_t i = 0; i < 9; i++)
		put(&kernel, i, 100, i % 2 ? BPF_RINGBUF_DISCARD_BIT : 0);
	ring_discard(&ring);
	CHECK(*kernel.consumer == *kernel.producer);
	ring_close(&ring);
	drop_ring(&kernel);
	close(kernel.fd);
}

enum { PRINT, EXIT, CLEAR, WARNING, PROCESS, SHOW, EVENTS };

static const struct mf_type byte = {.kind = MF_INT, .size = 1};
static const struct mf_field exit_code[] = {{.offset = 8, .type = &byte}};
static const struct mf_type uint32 = {.kind = MF_INT, .size = 4};
static const struct mf_field process_id[] = {{.offset = 4, .type = &uint32}};
static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};

static struct mf_store store = {.kind = MF_STORE_GLOBAL, .present = 16, .offset = 24};
static struct mf_map map = {.name = "@n",
			    .value = &int64,
			    .stores = &store,
			    .store_count = 1,
			    .generation = MF_NONE,
			    .buckets = MF_NONE};

/* Control words of exit, clear and print are in .bss. */
static const struct mf_event kinds[EVENTS] = {
	[PRINT] = {.kind = MF_EVENT_PRINTF,
		   .index = PRINT,
		   .size = 8,
		   .format = "printed\n",
		   .control = MF_NONE},
	[EXIT] = {.kind = MF_EVENT_EXIT,
		  .index = EXIT,
		  .size = 9,
		  .fields = exit_code,
		  .field_count = 1,
		  .control = 40},
	[CLEAR] = {.kind = MF_EVENT_CLEAR, .index = CLEAR, .size = 8, .map = &map, .control = 48},
	[WARNING] = {.kind = MF_EVENT_WARNING,
		     .index = WARNING,
		     .size = 8,
		     .message = "it is odd",
		     .control = MF_NONE},
	[PROCESS] = {.kind = MF_EVENT_PROCESS,
		     .index = PROCESS,
		     .size = 8,
		     .fields = process_id,
		     .field_count = 1,
		     .control = MF_NONE},
	[SHOW] = {.kind = MF_EVENT_PRINT_MAP, .index = SHOW, .size = 8, .map = &map, .control = 56},
};

struct tester {
	struct fixture fixture;
	struct kernel_ring ring;
	struct events events;
	struct output *output;
	struct failure failure;
	char path[64];
	int lost;
};

static void setup(struct tester *tester)
{
	int fd;

	*tester = (struct tester){.path = "/tmp/bpfload-events-XXXXXX"};
	fixture_init(&tester->fixture);
	tester->fixture.manifest.events = kinds;
	tester->fixture.manifest.event_count = EVENTS - 1;
	tester->fixture.manifest.maps = &map;
	tester->fixture.manifest.map_count = 1;
	tester->fixture.manifest.globals.sleeping = 64;
	tester->fixture.manifest.event_count = EVENTS;
	memcpy(tester->fixture.bss + 16, &(uint64_t){1}, 8);
	memcpy(tester->fixture.bss + 24, &(uint64_t){77}, 8);
	make_ring(&tester->ring);
	tester->fixture.maps[0].name = "events";
	tester->fixture.maps[0].fd = tester->ring.fd;
	tester->fixture.maps[0].max_entries = RING_SIZE;
	tester->fixture.map_count = 1;
	tester->lost =
		fixture_map(&tester->fixture, "lost", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, EVENTS);
	CHECK(tester->lost >= 0);
	fd = mkstemp(tester->path);
	close(fd);
	tester->fixture.options.output = tester->path;
	if (!CHECK(output_open(&tester->output, &tester->fixture.session, &tester->failure) == 0)) {
		fprintf(stderr, "%s\n", tester->failure.text);
		exit(1);
	}
	CHECK(events_open(&tester->events, &tester->fixture.session, tester->output,
			  &tester->failure) == STATUS_OK);
}

static void teardown(struct tester *tester, const char *printed)
{
	struct strbuf text = {0};
	FILE *file;
	int letter;

	events_close(&tester->events);
	output_close(tester->output);
	file = fopen(tester->path, "r");
	while (file && (letter = fgetc(file)) != EOF)
		strbuf_char(&text, (char)letter);
	if (CHECK(file))
		fclose(file);
	CHECK_TEXT(&text, printed);
	strbuf_free(&text);
	unlink(tester->path);
	drop_ring(&tester->ring);
	fixture_free(&tester->fixture);
}

static void mark(struct tester *tester, uint32_t event, uint64_t value)
{
	memcpy(tester->fixture.bss + kinds[event].control, &value, sizeof(value));
}

static uint64_t mark_of(const struct tester *tester, uint32_t event)
{
	uint64_t value;

	memcpy(&value, tester->fixture.bss + kinds[event].control, sizeof(value));
	return value;
}

static void test_records(void)
{
	struct tester tester;

	setup(&tester);
	CHECK(events_drain(&tester.events) == DRAIN_EMPTY);
	put(&tester.ring, PRINT, 8, 0);
	/* Too short for its kind, or of none: nothing that a program of ours writes. */
	put(&tester.ring, EXIT, 8, 0);
	put(&tester.ring, EVENTS, 8, 0);
	put(&tester.ring, PRINT, 4, 0);
	put(&tester.ring, PROCESS, 8, 0);
	put(&tester.ring, PRINT, 16, 0);
	CHECK(events_drain(&tester.events) == DRAIN_SOME && !tester.events.exited);
	CHECK(tester.events.handled == 2);
	CHECK(*tester.ring.consumer == *tester.ring.producer);
	/* What comes behind exit() is not looked at, until the end programs go on. */
	put(&tester.ring, EXIT, 16, 0);
	tester.ring.bytes[(*tester.ring.producer - 8) % RING_SIZE] = 5;
	put(&tester.ring, PRINT, 8, 0);
	CHECK(events_drain(&tester.events) == DRAIN_SOME);
	CHECK(tester.events.exited && tester.events.exit_code == 5 && tester.events.handled == 3);
	CHECK(events_drain(&tester.events) == DRAIN_EMPTY && tester.events.handled == 3);
	events_resume(&tester.events);
	CHECK(tester.events.exit_code == 5);
	CHECK(events_drain(&tester.events) == DRAIN_SOME && tester.events.handled == 4);
	teardown(&tester, "printed\nprinted\nprinted\n");
}

static void test_wanted(void)
{
	struct tester tester;

	setup(&tester);
	tester.events.wanted = 2;
	for (int i = 0; i < 4; i++)
		put(&tester.ring, i == 0 ? CLEAR : PRINT, 8, 0);
	CHECK(events_drain(&tester.events) == DRAIN_SOME);
	CHECK(tester.events.exited && tester.events.exit_code == 0);
	CHECK(tester.events.handled == 3);
	teardown(&tester, "printed\nprinted\n");
}

/* A turn ends, so that signals are seen, and the next one goes on. */
static void test_turns(void)
{
	enum { TURN = 16384, MORE = 10 };
	struct tester tester;
	uint32_t turns = 1;

	setup(&tester);
	for (uint32_t i = 0; i < TURN + MORE; i++)
		put(&tester.ring, CLEAR, 8, 0);
	while (events_drain(&tester.events) == DRAIN_MORE)
		turns++;
	CHECK(turns > 1 && tester.events.handled == TURN + MORE);
	CHECK(*tester.ring.consumer == *tester.ring.producer);
	/* As many as a turn has are one and nothing more. */
	for (uint32_t i = 0; i < TURN; i++)
		put(&tester.ring, CLEAR, 8, 0);
	while (events_drain(&tester.events) == DRAIN_MORE)
		CHECK(tester.events.handled <= 2 * TURN + MORE);
	CHECK(tester.events.handled == 2 * TURN + MORE);
	teardown(&tester, "");
}

/* Marks count behind what was in the ring when they were seen, and once. */
static void test_marks(void)
{
	struct tester tester;

	setup(&tester);
	put(&tester.ring, PRINT, 8, 0);
	put(&tester.ring, PRINT, 8, BPF_RINGBUF_BUSY_BIT);
	mark(&tester, SHOW, 3);
	CHECK(events_drain(&tester.events) == DRAIN_SOME);
	/* The record that is still written comes before it. */
	CHECK(mark_of(&tester, SHOW) == 3 && tester.events.mark_seen);
	CHECK(events_drain(&tester.events) == DRAIN_EMPTY);
	((uint32_t *)(void *)tester.ring.bytes)[4] = 8;
	put(&tester.ring, PRINT, 8, 0);
	CHECK(events_drain(&tester.events) == DRAIN_SOME);
	CHECK(mark_of(&tester, SHOW) == 0 && !tester.events.mark_seen);
	/* Three prints shared one mark: two of them are lost. */
	CHECK(tester.events.counts[SHOW].merged == 2);
	events_check_lost(&tester.events);
	events_check_lost(&tester.events);
	CHECK(tester.events.counts[SHOW].lost == 2);
	/* Clearing twice is clearing. */
	mark(&tester, CLEAR, 4);
	CHECK(events_drain(&tester.events) == DRAIN_SOME);
	CHECK(tester.events.counts[CLEAR].merged == 0 && mark_of(&tester, CLEAR) == 0);
	mark(&tester, EXIT, 1 + 200);
	CHECK(events_drain(&tester.events) == DRAIN_SOME);
	CHECK(tester.events.exited && tester.events.exit_code == 200);
	teardown(&tester, "printed\nprinted\nprinted\n@n: 77\n");
}

static void count_lost(struct tester *tester, uint32_t event, uint64_t first)
{
	uint64_t *counts = calloc(tester->fixture.session.cpus, sizeof(*counts));

	for (uint32_t i = 0; i < tester->fixture.session.cpus; i++)
		counts[i] = i == 0 ? first : 0;
	CHECK(bpf_map_update_elem(tester->lost, &event, counts, BPF_ANY) == 0);
	free(counts);
}

/* Losses are told as they come, and once more at the end; each once. */
static void test_losses(void)
{
	struct loss losses[EVENTS];
	struct tester tester;

	setup(&tester);
	CHECK(events_losses(&tester.events, losses) == 4);
	CHECK(losses[0].count == 0 && losses[3].event == &kinds[SHOW]);
	count_lost(&tester, PRINT, 5);
	/* Of warnings the map counts all; those of processes are nobody's; marks have their own. */
	count_lost(&tester, WARNING, 9);
	count_lost(&tester, PROCESS, 3);
	count_lost(&tester, CLEAR, 4);
	events_check_lost(&tester.events);
	events_check_lost(&tester.events);
	CHECK(tester.events.counts[PRINT].lost == 5 && tester.events.counts[WARNING].lost == 0 &&
	      tester.events.counts[PROCESS].lost == 0 && tester.events.counts[CLEAR].lost == 0);
	count_lost(&tester, PRINT, 7);
	events_check_lost(&tester.events);
	CHECK(events_losses(&tester.events, losses) == 4 && losses[0].count == 7 &&
	      losses[0].event == &kinds[PRINT]);
	CHECK(losses[1].event == &kinds[CLEAR] && losses[1].count == 0);
	CHECK(losses[2].event == &kinds[WARNING] && losses[2].count == 9);
	put(&tester.ring, WARNING, 8, 0);
	events_drain(&tester.events);
	CHECK(tester.events.counts[WARNING].told == 1);
	events_tell_totals(&tester.events);
	teardown(&tester, "");
}

static void test_discard(void)
{
	struct tester tester;

	setup(&tester);
	put(&tester.ring, PRINT, 8, 0);
	mark(&tester, SHOW, 1);
	mark(&tester, EXIT, 1);
	events_discard(&tester.events);
	CHECK(mark_of(&tester, SHOW) == 0 && mark_of(&tester, EXIT) == 0);
	CHECK(*tester.ring.consumer == *tester.ring.producer);
	CHECK(events_drain(&tester.events) == DRAIN_EMPTY && !tester.events.exited);
	/* Programs are asked for a wake-up, once. */
	CHECK(!events_waiting_for_wakeup(&tester.events));
	events_ask_for_wakeup(&tester.events);
	CHECK(events_waiting_for_wakeup(&tester.events) && tester.fixture.bss[64] == 1);
	tester.fixture.bss[64] = 0;
	CHECK(!events_waiting_for_wakeup(&tester.events));
	tester.fixture.manifest.globals.sleeping = MF_NONE;
	events_ask_for_wakeup(&tester.events);
	CHECK(events_waiting_for_wakeup(&tester.events));
	teardown(&tester, "");
}

/* Without a ring nothing comes; a ring that cannot be mapped is an error. */
static void test_no_ring(void)
{
	struct tester tester;
	struct events events;

	setup(&tester);
	tester.fixture.maps[0].name = "none";
	CHECK(events_open(&events, &tester.fixture.session, tester.output, &tester.failure) ==
	      STATUS_OK);
	CHECK(!events.has_ring && events_drain(&events) == DRAIN_EMPTY);
	events_discard(&events);
	events_close(&events);
	tester.fixture.maps[0].name = "events";
	tester.fixture.maps[0].fd = -1;
	CHECK(events_open(&events, &tester.fixture.session, tester.output, &tester.failure) ==
	      STATUS_OK);
	events_close(&events);
	tester.fixture.maps[0].fd = open("/dev/null", O_RDONLY);
	CHECK(events_open(&events, &tester.fixture.session, tester.output, &tester.failure) ==
	      STATUS_FAILED);
	CHECK(says(&tester.failure, STATUS_FAILED, "Cannot map the ring buffer: "));
	events_close(&events);
	close(tester.fixture.maps[0].fd);
	tester.fixture.maps[0].fd = tester.ring.fd;
	failure_clear(&tester.failure);
	teardown(&tester, "");
}

/* A ring whose records cannot be mapped any more ends it: nothing could be shown of what comes. */
static void test_lost_ring(void)
{
	struct tester tester;
	int fd;

	setup(&tester);
	fd = tester.events.ring.fd;
	put(&tester.ring, PRINT, 8, 0);
	tester.events.ring.fd = -1;
	CHECK(events_drain(&tester.events) == DRAIN_EMPTY && tester.events.broken);
	CHECK(tester.events.handled == 0);
	tester.events.ring.fd = fd;
	teardown(&tester, "");
	/* So does a large one of which only the head was mapped before. */
	setup(&tester);
	fd = tester.events.ring.fd;
	put(&tester.ring, PRINT, 8, 0);
	put(&tester.ring, PRINT, 300 << 10, 0);
	CHECK(events_drain(&tester.events) == DRAIN_SOME && tester.events.handled == 2);
	put(&tester.ring, PRINT, 8, 0);
	put(&tester.ring, PRINT, 180 << 10, 0);
	tester.events.ring.fd = -1;
	CHECK(events_drain(&tester.events) == DRAIN_SOME && tester.events.broken);
	CHECK(tester.events.handled == 3);
	tester.events.ring.fd = fd;
	teardown(&tester, "printed\nprinted\nprinted\n");
}

int main(void)
{
	test_ring();
	test_wrapping();
	test_records();
	test_wanted();
	test_turns();
	test_marks();
	test_losses();
	test_discard();
	test_no_ring();
	test_lost_ring();
	return check_result("events");
}
