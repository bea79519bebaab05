/* Reads a recording part by part. Nothing in it is believed. */
#ifndef BPFLOAD_READER_H
#define BPFLOAD_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording/encoding.h"
#include "recording/recording.h"

struct reader {
	int fd;
	/* What was read, from `start` to `end`; `room` bytes. */
	uint8_t *bytes;
	size_t start, end, room;
	/* Bytes before `bytes`, and before the last part. */
	uint64_t passed, place;
	/* The file has no more. */
	bool at_end;
	/* An error number of read(2). */
	int error;
};

enum reader_result {
	READER_PART,
	/* Behind the last part; or within one. */
	READER_END,
	READER_CUT,
	/* `error` says why; or it is no part. */
	READER_FAILED,
	READER_DAMAGED,
};

/* Takes the descriptor over. */
void reader_open(struct reader *reader, int fd);
void reader_close(struct reader *reader);

/* Reads the first bytes, which say what it is. The result is an exit status. */
int reader_begin(struct reader *reader, struct failure *failure);

/* The next part: its bytes live until the next call. */
enum reader_result reader_next(struct reader *reader, enum part_kind *kind,
			       struct decoder *payload);

#endif
