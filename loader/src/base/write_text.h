/* Writes to pipes and terminals, whose reader may be slow or stuck: signals are seen meanwhile. */
#ifndef BPFLOAD_WRITE_TEXT_H
#define BPFLOAD_WRITE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum write_result {
	WRITE_DONE,
	/* `stop` was readable and the descriptor could take no more. */
	WRITE_STOPPED,
	/* With errno. */
	WRITE_FAILED,
};

/* In place of a descriptor that ends waiting: there is none. */
#define WRITE_WITHOUT_WAITING (-2)

/* Waits until something can be read, or the other end is closed; false when `stop` (as below) was
 * readable, and nothing else. */
bool wait_to_read(int fd, int stop);

/*
 * Writes `length` bytes; *written is how many went out, whatever the result. `stop`: a descriptor
 * that becomes readable when waiting has to end, -1, or WRITE_WITHOUT_WAITING.
 */
enum write_result write_text(int fd, int stop, const char *bytes, size_t length, size_t *written);

#endif
