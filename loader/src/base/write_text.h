/* Writes to pipes and terminals, whose reader may be slow or stuck: signals are seen meanwhile. */
#ifndef BPFLOAD_WRITE_TEXT_H
#define BPFLOAD_WRITE_TEXT_H

#include <stddef.h>

enum write_result {
	WRITE_DONE,
	/* `stop` was readable and the descriptor could take no more. */
	WRITE_STOPPED,
	/* With errno. */
	WRITE_FAILED,
};

/*
 * Writes `length` bytes; *written is how many went out, whatever the result. `stop`: a descriptor
 * that becomes readable when waiting has to end, or -1.
 */
enum write_result write_text(int fd, int stop, const char *bytes, size_t length, size_t *written);

#endif
