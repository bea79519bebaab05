#include "run/ring.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Records start with {u32 length and flags, u32 page offset} and are rounded to 8 bytes
 * (kernel/bpf/ringbuf.c). */
#define RECORD_HEADER BPF_RINGBUF_HDR_SZ
#define LENGTH_MASK (~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

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
	producer = mmap(NULL, ring->page + 2 * (size_t)size, PROT_READ, MAP_SHARED, fd, page);
	if (producer == MAP_FAILED) {
		munmap(consumer, ring->page);
		return -1;
	}
	ring->consumer = consumer;
	ring->producer = producer;
	ring->data = (const uint8_t *)producer + ring->page;
	ring->position = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring->consumer)
		return;
	munmap(ring->consumer, ring->page);
	munmap((void *)ring->producer, ring->page + 2 * (size_t)ring->size);
	memset(ring, 0, sizeof(*ring));
}

const void *ring_next(struct ring *ring, size_t *size)
{
	while (ring->position < __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE)) {
		const uint8_t *record = ring->data + (ring->position & (ring->size - 1));
		uint32_t header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		uint32_t length = header & LENGTH_MASK;

		if (header & BPF_RINGBUF_BUSY_BIT)
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
