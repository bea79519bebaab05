/* Packets that come through buffers of perf events, and the files that they go to. */
#include "output/packets.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"
#include "fixture.h"

static const struct mf_type number = {.kind = MF_INT, .size = 8};
/* Clock, bytes in the record, bytes in front of the packet, and the packet's length. */
static const struct mf_field fields[] = {{.offset = 8, .type = &number},
					 {.offset = 16, .type = &number},
					 {.offset = 24, .type = &number},
					 {.offset = 32, .type = &number}};

struct record {
	uint32_t event, cpu;
	uint64_t clock, bytes, skip, length;
	char data[24];
};

#define HEAD ((uint32_t)offsetof(struct record, data))

static struct mf_event events[] = {
	{.kind = MF_EVENT_PRINTF},
	{.kind = MF_EVENT_PACKET, .index = 1, .size = HEAD, .fields = fields, .field_count = 4},
	{.kind = MF_EVENT_PACKET, .index = 2, .size = HEAD, .fields = fields, .field_count = 4},
	{.kind = MF_EVENT_PACKET, .index = 3, .size = HEAD, .fields = fields, .field_count = 4},
};

/* The buffers of these tests: what is given when they are read. */
static perf_buffer_sample_fn sample;
static void *sample_context;
static size_t pages;
static int refusal, freed;
static struct {
	struct record record;
	uint32_t size;
} waiting[8];
static uint32_t waiting_count;

struct perf_buffer *perf_buffer__new(int map, size_t page_count, perf_buffer_sample_fn on_sample,
				     perf_buffer_lost_fn on_lost, void *context,
				     const struct perf_buffer_opts *options)
{
	CHECK(map >= 0 && !on_lost && !options);
	sample = on_sample;
	sample_context = context;
	pages = page_count;
	errno = refusal;
	return refusal ? NULL : (struct perf_buffer *)&pages;
}

int perf_buffer__epoll_fd(const struct perf_buffer *buffer)
{
	CHECK(buffer == (const struct perf_buffer *)&pages);
	return 123;
}

int perf_buffer__consume(struct perf_buffer *buffer)
{
	CHECK(buffer == (struct perf_buffer *)&pages);
	if (refusal)
		return -refusal;
	for (uint32_t i = 0; i < waiting_count; i++)
		sample(sample_context, 0, &waiting[i].record, waiting[i].size);
	waiting_count = 0;
	return 0;
}

void perf_buffer__free(struct perf_buffer *buffer)
{
	freed += buffer != NULL;
}

int permission_open(const struct options *options, const char *path, struct failure *failure)
{
	(void)options;
	if (strcmp(path, "/refused") == 0)
		return fail(failure, STATUS_FAILED, "cannot write /refused"), -1;
	return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void send(uint32_t event, uint64_t bytes, uint64_t skip, uint64_t length, uint32_t data)
{
	struct record record = {event, 0, 1500000007, bytes, skip, length, "etherPACKET"};

	waiting[waiting_count].record = record;
	waiting[waiting_count++].size = HEAD + data;
}

struct tester {
	struct fixture fixture;
	struct packets packets;
	struct failure failure;
	char first[32], second[32];
};

static int setup(struct tester *tester)
{
	memset(tester, 0, sizeof(*tester));
	fixture_init(&tester->fixture);
	tester->fixture.manifest.events = events;
	tester->fixture.manifest.event_count = 4;
	CHECK(fixture_map(&tester->fixture, "packets", BPF_MAP_TYPE_ARRAY, 4, 4, 1) >= 0);
	strcpy(tester->first, "/tmp/bpfload-test-XXXXXX");
	strcpy(tester->second, "/tmp/bpfload-test-XXXXXX");
	close(mkstemp(tester->first));
	close(mkstemp(tester->second));
	events[1].format = tester->first;
	events[2].format = tester->second;
	/* Two events of one file. */
	events[3].format = tester->first;
	refusal = freed = 0;
	waiting_count = 0;
	return packets_open(&tester->packets, &tester->fixture.session, &tester->failure);
}

static void teardown(struct tester *tester)
{
	packets_close(&tester->packets);
	CHECK(!tester->packets.files && !tester->packets.by_event);
	unlink(tester->first);
	unlink(tester->second);
	failure_clear(&tester->failure);
	fixture_free(&tester->fixture);
}

/* 32-bit numbers of a file, and how many there are. */
static size_t read_words(const char *path, uint32_t words[64])
{
	int fd = open(path, O_RDONLY);
	ssize_t got = read(fd, words, 64 * sizeof(*words));

	close(fd);
	return got < 0 ? 0 : (size_t)got;
}

#define MAGIC 0xa1b23c4du
#define FILE_HEAD 24

static void packets_of_two_files(void)
{
	struct tester tester;
	uint32_t words[64];

	CHECK(setup(&tester) == STATUS_OK && pages == 128);
	CHECK(packets_fd(&tester.packets) == 123);
	/* Each begins with what it is: version 2.4, 65,535 bytes at most, raw packets. */
	CHECK(read_words(tester.second, words) == FILE_HEAD);
	CHECK(words[0] == MAGIC && words[1] == (4u << 16 | 2) && words[4] == 65535 &&
	      words[5] == 101);
	CHECK(packets_drain(&tester.packets) == 0);
	/* Seconds and the rest of them, by a clock that is a second ahead of boot. */
	tester.packets.clock.stands = true;
	tester.packets.clock.boot_offset = 1000000000;
	send(1, 11, 5, 105, 11);
	send(3, 6, 0, 6, 6);
	CHECK(packets_drain(&tester.packets) == 1);
	/* It is in the file already. */
	CHECK(read_words(tester.first, words) == FILE_HEAD + 16 + 6 + 16 + 6);
	CHECK(words[6] == 2 && words[7] == 500000007);
	CHECK(words[8] == 6 && words[9] == 100);
	CHECK(memcmp(&words[10], "PACKET", 6) == 0);
	CHECK(read_words(tester.second, words) == FILE_HEAD);
	CHECK(packets_drain(&tester.packets) == 0);
	teardown(&tester);
	CHECK(freed == 1);
}

/* What the programs of a checked object do not send. */
static void records_that_are_not_believed(void)
{
	struct tester tester;
	uint32_t words[64];

	CHECK(setup(&tester) == STATUS_OK);
	/* More bytes than there are, nothing behind what is skipped, and more than the packet has.
	 */
	send(1, 12, 0, 100, 11);
	send(1, 5, 5, 100, 11);
	send(1, 11, 0, 10, 11);
	/* Events that are none of packets, or that there are not; records that are cut. */
	send(0, 11, 0, 100, 11);
	send(4, 11, 0, 100, 11);
	send(1, 0, 0, 0, 0);
	waiting[waiting_count - 1].size = HEAD - 1;
	send(1, 0, 0, 0, 0);
	waiting[waiting_count - 1].size = 3;
	CHECK(packets_drain(&tester.packets) == 1);
	CHECK(read_words(tester.first, words) == FILE_HEAD);
	/* Their neighbour is. */
	send(1, 11, 10, 11, 11);
	CHECK(packets_drain(&tester.packets) == 1);
	CHECK(read_words(tester.first, words) == FILE_HEAD + 16 + 1 && words[8] == 1 &&
	      words[9] == 1);
	teardown(&tester);
}

static void nothing_to_open(void)
{
	struct tester tester;

	fixture_init(&tester.fixture);
	tester.fixture.manifest.events = events;
	tester.fixture.manifest.event_count = 1;
	memset(&tester.failure, 0, sizeof(tester.failure));
	CHECK(packets_open(&tester.packets, &tester.fixture.session, &tester.failure) == STATUS_OK);
	CHECK(packets_fd(&tester.packets) == -1 && packets_drain(&tester.packets) == 0);
	packets_close(&tester.packets);
	/* Nor where nothing is run. */
	tester.fixture.manifest.event_count = 4;
	tester.fixture.options.dry_run = true;
	CHECK(packets_open(&tester.packets, &tester.fixture.session, &tester.failure) == STATUS_OK);
	CHECK(packets_fd(&tester.packets) == -1);
	packets_close(&tester.packets);
	tester.fixture.options.dry_run = false;
	CHECK(packets_open(&tester.packets, &tester.fixture.session, &tester.failure) ==
	      STATUS_OBJECT);
	packets_close(&tester.packets);
	failure_clear(&tester.failure);
	fixture_free(&tester.fixture);
}

static void what_goes_wrong(void)
{
	struct tester tester;

	CHECK(setup(&tester) == STATUS_OK);
	refusal = EIO;
	CHECK(packets_drain(&tester.packets) == -1);
	CHECK(strcmp(tester.failure.text, "Cannot read packets: Input/output error.") == 0);
	packets_close(&tester.packets);
	failure_clear(&tester.failure);
	/* The kernel gives no buffers. */
	tester.fixture.manifest.config.perf_rb_pages = 7;
	CHECK(packets_open(&tester.packets, &tester.fixture.session, &tester.failure) ==
	      STATUS_FAILED);
	CHECK(pages == 7 &&
	      strcmp(tester.failure.text,
		     "Cannot open the buffers for packets: Input/output error.") == 0);
	packets_close(&tester.packets);
	failure_clear(&tester.failure);
	refusal = 0;
	events[2].format = "/refused";
	CHECK(packets_open(&tester.packets, &tester.fixture.session, &tester.failure) ==
	      STATUS_FAILED);
	packets_close(&tester.packets);
	failure_clear(&tester.failure);
	/* A device that is full takes no more, and says so. */
	events[2].format = "/dev/full";
	CHECK(packets_open(&tester.packets, &tester.fixture.session, &tester.failure) ==
	      STATUS_FAILED);
	CHECK(strcmp(tester.failure.text, "cannot write /dev/full: No space left on device") == 0);
	teardown(&tester);
}

int main(void)
{
	packets_of_two_files();
	records_that_are_not_believed();
	nothing_to_open();
	what_goes_wrong();
	return check_result("packets");
}
