#include "run/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Records start with {u32 length and flags, u32 page offset} and are rounded to 8 bytes
 * (kernel/bpf/ringbuf.c). */
#define RECORD_HEADER BPF_RINGBUF_HDR_SZ
#define LENGTH_MASK (~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

/* What is mapped at a time: pages of the whole ring would all count as memory of the loader. */
#define WINDOW (256u << 10)

int ring_open(struct ring *ring, int fd, uint32_t size)
{
	long page = sysconf(_SC_PAGESIZE);
	void *consumer, *producer;

	memset(ring, 0, sizeof(*ring));
	ring->fd = fd;
	ring->size = size;
	ring->page = (size_t)page;
	consumer = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		return -1;
	producer = mmap(NULL, ring->page, PROT_READ, MAP_SHARED, fd, page);
	if (producer == MAP_FAILED) {
		munmap(consumer, ring->page);
		return -1;
	}
	ring->consumer = consumer;
	ring->producer = producer;
	ring->position = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

static void unmap_window(struct ring *ring)
{
	if (ring->window)
		munmap((void *)ring->window, (size_t)(ring->window_end - ring->window_start));
	ring->window = NULL;
	ring->window_start = ring->window_end = 0;
}

void ring_close(struct ring *ring)
{
	if (!ring->consumer)
		return;
	unmap_window(ring);
	munmap(ring->consumer, ring->page);
	munmap((void *)ring->producer, ring->page);
	memset(ring, 0, sizeof(*ring));
}

/*
 * Maps what begins at a position and has `length` bytes, which is at most the ring, and more behind
 * it. The kernel maps parts of a ring, too (ringbuf_map_mmap_kern, kernel/bpf/ringbuf.c).
 */
static bool move_window(struct ring *ring, uint64_t position, uint64_t length)
{
	uint64_t start = position & ~(uint64_t)(ring->page - 1);
	uint64_t room = position + length - start;
	void *window;

	if (room < WINDOW)
		room = WINDOW;
	/* As far as the pages that are there twice. */
	if (room > 2 * (uint64_t)ring->size - (start & (ring->size - 1)))
		room = 2 * (uint64_t)ring->size - (start & (ring->size - 1));
	room = (room + ring->page - 1) & ~(uint64_t)(ring->page - 1);
	unmap_window(ring);
	/* Behind the pages of both positions. */
	window = mmap(NULL, (size_t)room, PROT_READ, MAP_SHARED, ring->fd,
		      (off_t)(2 * ring->page + (start & (ring->size - 1))));
	if (window == MAP_FAILED) {
		ring->error = errno;
		return false;
	}
	ring->window = window;
	ring->window_start = start;
	ring->window_end = start + room;
	return true;
}

/* What stands at a position; NULL: it cannot be mapped. */
static const uint8_t *record_at(struct ring *ring, uint64_t position, uint64_t length)
{
	if ((position < ring->window_start || position + length > ring->window_end) &&
	    !move_window(ring, position, length))
		return NULL;
	return ring->window + (position - ring->window_start);
}

const void *ring_next(struct ring *ring, size_t *size)
{
	while (ring->position < __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE)) {
		const uint8_t *record = record_at(ring, ring->position, RECORD_HEADER);
		uint32_t header, length;

		if (!record)
			return NULL;
		header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		length = header & LENGTH_MASK;
		if (header & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		record = record_at(ring, ring->position, (uint64_t)length + RECORD_HEADER);
		if (!record)
			return NULL;
		ring->position += (length + RECORD_HEADER + 7) & ~7ull;
		if (header & BPF_RINGBUF_DISCARD_BIT)
			continue;
		*size = length;
		return record + RECORD_HEADER;
	}
	return NULL;
}

void ring_release(struct ring *ring)
{
	__atomic_store_n(ring->consumer, ring->position, __ATOMIC_RELEASE);
}

uint64_t ring_end(const struct ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_SEQ_CST);
}

bool ring_is_empty(const struct ring *ring)
{
	return ring->position >= ring_end(ring);
}

void ring_discard(struct ring *ring)
{
	size_t size;

	/* Record by record, because a position within one would be read as a header. */
	while (ring_next(ring, &size))
		;
	ring_release(ring);
}
