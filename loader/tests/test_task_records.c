/* What the kernel tells of processes: buffers of three processors, one of which is off. */
#include "host/task_records.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"

#define PAGE 4096
#define SIZE (32 * PAGE)
#define CPUS 3
/* Within nobody's patience. */
#define FUTURE (UINT64_C(1) << 62)

static int files[CPUS] = {-1, -1, -1};
static struct perf_event_mmap_page *pages[CPUS];
static uint8_t *buffers[CPUS];
/* The processor that refuses, and why. */
static int refusing = -1, refusal;
static int watched;
/* Nothing can be waited for. */
static bool refuses_to_watch;

/* What sysconf(3) is called in the C library: sanitizers ask for more, and early. */
long __sysconf(int name);

long sysconf(int name)
{
	return name == _SC_NPROCESSORS_CONF ? CPUS : name == _SC_PAGESIZE ? PAGE : __sysconf(name);
}

/* Memory of ours in place of the kernel's. */
int perf_event_open(struct perf_event_attr *attributes, int pid, int cpu)
{
	CHECK(pid == 77 && cpu >= 0 && cpu < CPUS);
	CHECK(attributes->type == PERF_TYPE_SOFTWARE && attributes->inherit);
	CHECK(attributes->config == PERF_COUNT_SW_DUMMY && attributes->exclude_kernel);
	CHECK(attributes->mmap2 && attributes->comm_exec && attributes->task);
	CHECK(attributes->sample_id_all && attributes->clockid == CLOCK_MONOTONIC &&
	      attributes->use_clockid);
	CHECK(attributes->sample_type == (PERF_SAMPLE_TID | PERF_SAMPLE_TIME));
	CHECK(attributes->watermark && attributes->wakeup_watermark < SIZE);
	if (cpu == refusing) {
		errno = refusal;
		return -1;
	}
	files[cpu] = memfd_create("buffer", MFD_CLOEXEC);
	CHECK(ftruncate(files[cpu], PAGE + SIZE) == 0);
	pages[cpu] = mmap(NULL, PAGE + SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, files[cpu], 0);
	buffers[cpu] = (uint8_t *)pages[cpu] + PAGE;
	return files[cpu];
}

/* A file of memory cannot be waited for. */
int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	(void)epoll;
	CHECK(operation == EPOLL_CTL_ADD && fd >= 0 && event->events == EPOLLIN);
	watched++;
	errno = ENOSPC;
	return refuses_to_watch ? -1 : 0;
}

static struct task_records *open_all(void)
{
	watched = 0;
	return task_records_open(77);
}

/* Whether a buffer is in memory still, but for our own. */
static bool has_mapping(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	bool found = false;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		found = found || strstr(line, "memfd:buffer");
	CHECK(maps && fclose(maps) == 0);
	return found;
}

static void close_all(struct task_records *records)
{
	task_records_close(records);
	for (int cpu = 0; cpu < CPUS; cpu++) {
		/* The descriptor has been closed. */
		CHECK(files[cpu] < 0 || lseek(files[cpu], 0, SEEK_CUR) == -1);
		if (pages[cpu])
			munmap(pages[cpu], PAGE + SIZE);
		pages[cpu] = NULL;
		files[cpu] = -1;
	}
	CHECK(!has_mapping());
}

/* As the kernel puts bytes: over the end at the begin. */
static void put(int cpu, const void *data, size_t size)
{
	const uint8_t *from = data;

	for (size_t i = 0; i < size; i++)
		buffers[cpu][pages[cpu]->data_head++ % SIZE] = from[i];
}

static void put_record(int cpu, uint32_t type, uint16_t misc, const void *body, size_t size,
		       uint64_t time)
{
	const struct {
		uint32_t pid, tid;
		uint64_t time;
	} end = {1, 1, time};
	const struct perf_event_header header = {type, misc,
						 (uint16_t)(sizeof(header) + size + sizeof(end))};

	put(cpu, &header, sizeof(header));
	put(cpu, body, size);
	put(cpu, &end, sizeof(end));
}

static void put_fork(int cpu, uint32_t pid, uint32_t parent, uint64_t time)
{
	const uint32_t body[] = {pid, parent, pid, parent, 0, 0};

	put_record(cpu, PERF_RECORD_FORK, 0, body, sizeof(body), time);
}

struct map {
	uint32_t pid, tid;
	uint64_t start, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
	char path[16];
};

static void put_map(int cpu, uint32_t protection, const char *path, uint64_t time)
{
	struct map map = {5, 6, 0x1000, 0x2000, 0x3000, 8, 9, 10, 11, protection, 0, ""};

	memcpy(map.path, path, strnlen(path, sizeof(map.path)));
	put_record(cpu, PERF_RECORD_MMAP2, 0, &map, sizeof(map), time);
}

static struct strbuf told;

static void tell(void *context, const struct task_record *record)
{
	static const char *const kinds[] = {[TASK_MAPS] = "maps",
					    [TASK_FORKS] = "forks",
					    [TASK_EXECUTES] = "executes",
					    [TASK_LOSES] = "loses"};
	char text[96];

	CHECK(context == &told);
	snprintf(text, sizeof(text), "%s %u", kinds[record->kind], record->pid);
	strbuf_text(&told, text);
	if (record->kind == TASK_FORKS)
		snprintf(text, sizeof(text), " of %u", record->parent);
	if (record->kind == TASK_MAPS) {
		snprintf(text, sizeof(text), " %s", record->path);
		CHECK(record->start == 0x1000 && record->length == 0x2000 &&
		      record->offset == 0x3000);
		CHECK(record->major == 8 && record->minor == 9 && record->inode == 10);
	}
	if (record->kind == TASK_FORKS || record->kind == TASK_MAPS)
		strbuf_text(&told, text);
	if (record->kind != TASK_LOSES || record->time < 1000) {
		snprintf(text, sizeof(text), " at %u", (unsigned)record->time);
		strbuf_text(&told, text);
	}
	strbuf_char(&told, '\n');
}

static void expect(struct task_records *records, const char *expected)
{
	task_records_read(records, tell, &told);
	CHECK_TEXT(&told, expected);
	for (int cpu = 0; cpu < CPUS; cpu++)
		CHECK(!pages[cpu] || pages[cpu]->data_tail == pages[cpu]->data_head);
}

static void all_in_their_order(void)
{
	struct task_records *records;

	refusing = 1;
	refusal = ENODEV;
	records = open_all();
	if (!CHECK(records != NULL))
		return;
	CHECK(watched == 2 && task_records_fd(records) >= 0);
	expect(records, "");
	put_fork(2, 20, 10, 7);
	put_fork(0, 30, 20, 9);
	put_fork(0, 31, 20, 8);
	put_map(2, PROT_EXEC | PROT_READ, "/bin/tool", 10);
	/* Two of one time are told as they came. */
	put_fork(0, 32, 20, 10);
	expect(records, "forks 20 of 10 at 7\nforks 31 of 20 at 8\nforks 30 of 20 at 9\n"
			"forks 32 of 20 at 10\nmaps 5 /bin/tool at 10\n");
	expect(records, "");
	close_all(records);
}

static void of_what_is_asked_for_alone(void)
{
	const uint32_t comm[] = {44, 44, 0, 0}, fork[] = {70, 71, 70, 71};
	const uint64_t lost[] = {1, 2};
	struct task_records *records;

	refusing = -1;
	records = open_all();
	CHECK(watched == 3);
	put_map(0, PROT_READ, "/lib/data", 1);
	put_map(0, PROT_EXEC, "/path/without/end", 2);
	/* A thread, and a name that a process gave itself. */
	put_fork(0, 50, 50, 3);
	put_record(1, PERF_RECORD_COMM, 0, comm, sizeof(comm), 4);
	put_record(1, PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, comm, sizeof(comm), 5);
	put_record(1, PERF_RECORD_EXIT, 0, comm, sizeof(comm), 6);
	put_record(1, PERF_RECORD_LOST, 0, lost, sizeof(lost), 7);
	/* Shorter than they can be. */
	put_record(1, PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, comm, 4, 8);
	put_record(1, PERF_RECORD_FORK, 0, fork, 12, 9);
	put_record(1, PERF_RECORD_MMAP2, 0, &(struct map){.protection = PROT_EXEC},
		   offsetof(struct map, path), 10);
	put_record(1, PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, comm, 8, 11);
	put_record(2, PERF_RECORD_FORK, 0, fork, 16, 12);
	expect(records,
	       "executes 44 at 5\nloses 0 at 7\nexecutes 44 at 11\nforks 70 of 71 at 12\n");
	close_all(records);
}

static void sizes_that_cannot_be(void)
{
	const struct perf_event_header header = {PERF_RECORD_FORK, 0, sizeof(header)};
	struct task_records *records = open_all();

	put_fork(0, 1, 2, 3);
	put(0, &header, sizeof(header));
	put_fork(0, 4, 5, 6);
	expect(records, "forks 1 of 2 at 3\n");
	put_fork(0, 7, 8, 9);
	put(0, &(struct perf_event_header){PERF_RECORD_FORK, 0, 0xffff}, sizeof(header));
	expect(records, "forks 7 of 8 at 9\n");
	close_all(records);
}

/* What another processor may have told earlier waits for the next look. */
static void what_came_meanwhile_waits(void)
{
	struct task_records *records = open_all();
	uint64_t soon;

	put_fork(0, 1, 2, 3);
	put_fork(1, 5, 6, FUTURE);
	expect(records, "forks 1 of 2 at 3\n");
	soon = clock_ns(CLOCK_MONOTONIC) + 20000000;
	put_fork(0, 9, 9 + 1, soon);
	task_records_read(records, tell, &told);
	while (clock_ns(CLOCK_MONOTONIC) <= soon)
		;
	task_records_read(records, tell, &told);
	CHECK(told.length > 0 && strncmp(told.data, "forks 9 of 10", 13) == 0);
	strbuf_clear(&told);
	expect(records, "");
	close_all(records);
}

static void buffers_that_wrap_and_are_full(void)
{
	const uint8_t filling[PAGE - 24] = {0};
	struct task_records *records = open_all();

	/* A record that goes on at the begin of the buffer. */
	pages[0]->data_head = pages[0]->data_tail = SIZE - 20 + 4ull * SIZE;
	put_fork(0, 1, 2, 3);
	expect(records, "forks 1 of 2 at 3\n");
	/* Room for one more of the longest: nothing was lost. */
	for (int i = 0; i < 30; i++)
		put_record(0, PERF_RECORD_EXIT, 0, filling, sizeof(filling), 1);
	put_record(0, PERF_RECORD_EXIT, 0, filling, PAGE - 256 - 24, 1);
	expect(records, "");
	for (int i = 0; i < 31; i++)
		put_record(0, PERF_RECORD_EXIT, 0, filling, sizeof(filling), 1);
	expect(records, "loses 0\n");
	put_fork(0, 1, 2, 3);
	expect(records, "forks 1 of 2 at 3\n");
	close_all(records);
}

static void refusals(void)
{
	refusing = 2;
	refusal = EACCES;
	errno = 0;
	CHECK(!open_all() && errno == EACCES && watched == 2);
	close_all(NULL);
	refusing = -1;
	refuses_to_watch = true;
	CHECK(!open_all() && errno == ENOSPC && watched == 1);
	close_all(NULL);
	refuses_to_watch = false;
}

int main(void)
{
	all_in_their_order();
	of_what_is_asked_for_alone();
	sizes_that_cannot_be();
	what_came_meanwhile_waits();
	buffers_that_wrap_and_are_full();
	refusals();
	strbuf_free(&told);
	return check_result("task_records");
}
