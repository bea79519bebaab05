#include "host/task_records.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "host/perf_event.h"

/* Pages of one processor's buffer; the kernel wants a power of two. */
#define PAGES 32
/* No record takes more. */
#define LARGEST (PATH_MAX + 256)

struct cpu_buffer {
	int fd;
	struct perf_event_mmap_page *page;
	const uint8_t *data;
};

struct task_records {
	struct cpu_buffer *buffers;
	uint32_t count;
	int epoll;
	size_t size;
	/* Records that were taken out of the buffers, one behind the other, and wait for their
	 * turn.
	 */
	struct strbuf waiting;
};

/* What stands at the end of each record: PERF_SAMPLE_TID and PERF_SAMPLE_TIME. */
struct sample_end {
	uint32_t pid, tid;
	uint64_t time;
};

/* kernel/events/core.c, perf_event_mmap_output, perf_event_task_output, perf_event_comm_output. */
struct mmap2_body {
	uint32_t pid, tid;
	uint64_t start, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
};

struct fork_body {
	uint32_t pid, parent, tid, parent_tid;
};

struct comm_body {
	uint32_t pid, tid;
};

static int open_event(uint32_t pid, int cpu, size_t size)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.inherit = 1,
		.exclude_kernel = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.sample_id_all = 1,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(size / 4),
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	return perf_event_open(&attributes, (int)pid, cpu);
}

static bool open_buffer(struct task_records *records, uint32_t pid, int cpu)
{
	struct cpu_buffer *buffer = &records->buffers[records->count];
	struct epoll_event event = {.events = EPOLLIN};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	buffer->fd = open_event(pid, cpu, records->size);
	/* A processor that is off. */
	if (buffer->fd < 0 && errno == ENODEV)
		return true;
	if (buffer->fd < 0)
		return false;
	memory =
		mmap(NULL, page + records->size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer->fd, 0);
	if (memory == MAP_FAILED || epoll_ctl(records->epoll, EPOLL_CTL_ADD, buffer->fd, &event)) {
		if (memory != MAP_FAILED)
			munmap(memory, page + records->size);
		close(buffer->fd);
		return false;
	}
	buffer->page = memory;
	buffer->data = (const uint8_t *)memory + page;
	records->count++;
	return true;
}

struct task_records *task_records_open(uint32_t pid)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct task_records *records = memory_zeroed(sizeof(*records));
	int error;

	records->size = PAGES * (size_t)sysconf(_SC_PAGESIZE);
	records->buffers = memory_array((size_t)cpus + 1, sizeof(*records->buffers));
	records->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int cpu = 0; cpu < cpus; cpu++)
		if (records->epoll < 0 || !open_buffer(records, pid, cpu)) {
			error = errno;
			task_records_close(records);
			errno = error;
			return NULL;
		}
	return records;
}

void task_records_close(struct task_records *records)
{
	if (!records)
		return;
	for (uint32_t i = 0; i < records->count; i++) {
		munmap(records->buffers[i].page, (size_t)sysconf(_SC_PAGESIZE) + records->size);
		close(records->buffers[i].fd);
	}
	if (records->epoll >= 0)
		close(records->epoll);
	free(records->buffers);
	strbuf_free(&records->waiting);
	free(records);
}

int task_records_fd(const struct task_records *records)
{
	return records->epoll;
}

/* Moves what is in a buffer, whose records may go on at its begin, behind the others that wait.
 * False: it was so full that others may have had no room. */
static bool take_buffer(struct task_records *records, const struct cpu_buffer *buffer)
{
	uint64_t head = __atomic_load_n(&buffer->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = buffer->page->data_tail;
	size_t size = records->size;
	bool had_room = size - (size_t)(head - tail) >= LARGEST;

	while (tail < head) {
		size_t at = (size_t)(tail % size);
		size_t length = (size_t)(head - tail);

		if (length > size - at)
			length = size - at;
		strbuf_put(&records->waiting, buffer->data + at, length);
		tail += length;
	}
	__atomic_store_n(&buffer->page->data_tail, head, __ATOMIC_RELEASE);
	return had_room;
}

/* A record that waits. */
struct waiting {
	uint64_t time;
	size_t at, size;
};

static bool by_time(const struct waiting *a, const struct waiting *b)
{
	return a->time != b->time ? a->time < b->time : a->at < b->at;
}

static int compare(const void *left, const void *right)
{
	return by_time(left, right) ? -1 : 1;
}

/* The kernel wrote them; a size that cannot be ends the list. */
static struct waiting *list_waiting(const struct strbuf *text, size_t *count)
{
	struct perf_event_header header;
	struct waiting *list = NULL;
	size_t room = 0;

	*count = 0;
	for (size_t at = 0; text->length - at >= sizeof(header); at += header.size) {
		struct sample_end end;

		memcpy(&header, text->data + at, sizeof(header));
		if (header.size < sizeof(header) + sizeof(end) || header.size > text->length - at)
			break;
		memcpy(&end, text->data + at + header.size - sizeof(end), sizeof(end));
		memory_grow(list, *count, room);
		list[(*count)++] = (struct waiting){end.time, at, header.size};
	}
	if (*count)
		qsort(list, *count, sizeof(*list), compare);
	return list;
}

/* False: the record is none that anybody asked for. */
static bool read_record(struct task_record *record, const uint8_t *at, size_t size)
{
	struct perf_event_header header;
	const uint8_t *body = at + sizeof(header);
	size_t length = size - sizeof(header) - sizeof(struct sample_end);
	struct mmap2_body map;
	struct fork_body fork;
	struct comm_body comm;

	memcpy(&header, at, sizeof(header));
	*record = (struct task_record){0};
	switch (header.type) {
	case PERF_RECORD_MMAP2:
		if (length <= sizeof(map) || !memchr(body + sizeof(map), 0, length - sizeof(map)))
			return false;
		memcpy(&map, body, sizeof(map));
		*record = (struct task_record){
			.kind = TASK_MAPS,
			.pid = map.pid,
			.start = map.start,
			.length = map.length,
			.offset = map.offset,
			.inode = map.inode,
			.major = map.major,
			.minor = map.minor,
			.path = (const char *)body + sizeof(map),
		};
		return (map.protection & PROT_EXEC) != 0;
	case PERF_RECORD_FORK:
		if (length < sizeof(fork))
			return false;
		memcpy(&fork, body, sizeof(fork));
		*record = (struct task_record){
			.kind = TASK_FORKS, .pid = fork.pid, .parent = fork.parent};
		/* A thread is none. */
		return fork.pid != fork.parent;
	case PERF_RECORD_COMM:
		if (length < sizeof(comm))
			return false;
		memcpy(&comm, body, sizeof(comm));
		*record = (struct task_record){.kind = TASK_EXECUTES, .pid = comm.pid};
		return (header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
	/* It stands in front of the next record that found room (kernel/events/ring_buffer.c,
	 * __perf_output_begin). */
	case PERF_RECORD_LOST:
		record->kind = TASK_LOSES;
		return true;
	default:
		return false;
	}
}

/*
 * What was told before the buffers were looked at is in them, so it is complete. Of what came
 * meanwhile, one processor may have told what another, whose buffer was looked at before, told
 * earlier: that waits for the next time.
 */
void task_records_read(struct task_records *records,
		       void (*take)(void *context, const struct task_record *record), void *context)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	const struct task_record losing = {.kind = TASK_LOSES, .time = now};
	struct strbuf rest = {0};
	struct waiting *list;
	bool is_whole = true;
	size_t count;

	for (uint32_t i = 0; i < records->count; i++)
		is_whole &= take_buffer(records, &records->buffers[i]);
	list = list_waiting(&records->waiting, &count);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = (const uint8_t *)records->waiting.data + list[i].at;
		struct task_record record;

		if (list[i].time > now)
			strbuf_put(&rest, at, list[i].size);
		else if (read_record(&record, at, list[i].size)) {
			record.time = list[i].time;
			take(context, &record);
		}
	}
	/* The kernel tells of a loss in front of the next record, which may be long in coming. */
	if (!is_whole)
		take(context, &losing);
	free(list);
	strbuf_free(&records->waiting);
	records->waiting = rest;
}
