/*
 * Reads the BPF ring buffer through its mapping. libbpf's reader calls back for each record until
 * the ring is empty; here the caller decides after each one whether to go on, to flush, or to throw
 * the rest away.
 */
#ifndef BPFLOAD_RING_H
#define BPFLOAD_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd;
	uint32_t size;
	size_t page;
	/* Mapped pages of the reader's and the programs' positions. */
	uint64_t *consumer;
	const uint64_t *producer;
	/* Part of the records that is mapped now, and where that part begins and ends, as positions
	 * (multiples of a page). The kernel has the pages twice in a row, so records never wrap. */
	const uint8_t *window;
	uint64_t window_start, window_end;
	uint64_t position;
	/* The window could not be moved: an error number. Nothing more is read then. */
	int error;
};

/* Maps the positions of the ring of `size` bytes; of its records what is read. 0, or -1 with errno.
 */
int ring_open(struct ring *ring, int fd, uint32_t size);
void ring_close(struct ring *ring);

/*
 * The next record, or NULL when there is none that is complete. It stays where it is until the next
 * ring_next.
 */
const void *ring_next(struct ring *ring, size_t *size);

/* Gives the room of the records read so far back to the programs. */
void ring_release(struct ring *ring);

/* Whether every record that was reserved has been read. A record that is still written counts as
 * not read. */
bool ring_is_empty(const struct ring *ring);

/* Where the records that are in the ring now end. */
uint64_t ring_end(const struct ring *ring);

/* Throws away everything that stands in the ring. */
void ring_discard(struct ring *ring);

#endif
