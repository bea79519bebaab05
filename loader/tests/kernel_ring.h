/* A file that looks like the kernel's ring of events, for whoever maps it. */
#ifndef BPFLOAD_TESTS_KERNEL_RING_H
#define BPFLOAD_TESTS_KERNEL_RING_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#define RING_SIZE (512u << 10)
#define RING_PAGE 4096u
#define RING_HEADER 8

/* What the kernel has behind the descriptor: two positions, and the bytes twice. */
struct kernel_ring {
	int fd;
	uint64_t *consumer, *producer;
	uint8_t *bytes;
};

static inline void make_ring(struct kernel_ring *ring)
{
	uint8_t *mapped;

	ring->fd = memfd_create("ring", 0);
	CHECK(ftruncate(ring->fd, 2 * RING_PAGE + 2 * RING_SIZE) == 0);
	mapped = mmap(NULL, 2 * RING_PAGE + 2 * RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      ring->fd, 0);
	CHECK(mapped != MAP_FAILED);
	ring->consumer = (uint64_t *)(void *)mapped;
	ring->producer = (uint64_t *)(void *)(mapped + RING_PAGE);
	ring->bytes = mapped + 2 * RING_PAGE;
}

static inline void drop_ring(struct kernel_ring *ring)
{
	munmap(ring->consumer, 2 * RING_PAGE + 2 * RING_SIZE);
}

/* Writes a record of `length` bytes, which begins with a number, with flags of its header. */
static inline void put(struct kernel_ring *ring, uint32_t number, uint32_t length, uint32_t flags)
{
	uint64_t at = *ring->producer % RING_SIZE;
	const uint32_t header[] = {length | flags, 0, number};
	size_t size = length >= 4 ? 12 : RING_HEADER;

	memcpy(ring->bytes + at, header, size);
	/* Bytes behind the end are those of the start. */
	memcpy(ring->bytes + (at + RING_SIZE) % (2 * RING_SIZE), header, size);
	*ring->producer += (length + RING_HEADER + 7) & ~7ull;
}

#endif
