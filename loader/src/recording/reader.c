#include "recording/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/memory.h"

/* Read at once, at least. */
#define CHUNK (256u << 10)
/* The longest part: rows of a map that take all memory are longer, and are refused. */
#define PART_MOST (1u << 30)
#define LENGTH_MOST 10

void reader_open(struct reader *reader, int fd)
{
	*reader = (struct reader){.fd = fd};
}

void reader_close(struct reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader->bytes);
	*reader = (struct reader){.fd = -1};
}

/* Makes room behind what was read, where it moves to the front. What the file really holds decides
 * how much. */
static bool make_room(struct reader *reader)
{
	size_t rest = reader->end - reader->start;
	uint8_t *bytes;

	if (reader->start) {
		memmove(reader->bytes, reader->bytes + reader->start, rest);
		reader->passed += reader->start;
		reader->start = 0;
		reader->end = rest;
	}
	if (reader->room - reader->end >= CHUNK)
		return true;
	bytes = memory_try_resize(reader->bytes, 2 * reader->room + CHUNK, 1);
	if (!bytes)
		return false;
	reader->bytes = bytes;
	reader->room = 2 * reader->room + CHUNK;
	return true;
}

/* Whether `size` bytes are there. */
static bool fill(struct reader *reader, size_t size)
{
	while (reader->end - reader->start < size && !reader->at_end) {
		ssize_t got;

		if (reader->room - reader->end < CHUNK && !make_room(reader)) {
			reader->error = ENOMEM;
			return false;
		}
		got = read(reader->fd, reader->bytes + reader->end, reader->room - reader->end);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			reader->error = errno;
			return false;
		}
		reader->end += (size_t)got;
		reader->at_end = got == 0;
	}
	return reader->end - reader->start >= size;
}

int reader_begin(struct reader *reader, struct failure *failure)
{
	uint32_t order, version;

	if (!fill(reader, RECORDING_MAGIC_SIZE + 8)) {
		if (reader->error)
			return fail(failure, STATUS_FAILED, "cannot read it: %s",
				    strerror(reader->error));
		return fail(failure, STATUS_OBJECT, "it is no recording of bpfload");
	}
	if (memcmp(reader->bytes, RECORDING_MAGIC, RECORDING_MAGIC_SIZE) != 0)
		return fail(failure, STATUS_OBJECT, "it is no recording of bpfload");
	memcpy(&order, reader->bytes + RECORDING_MAGIC_SIZE, sizeof(order));
	memcpy(&version, reader->bytes + RECORDING_MAGIC_SIZE + 4, sizeof(version));
	if (order == __builtin_bswap32(RECORDING_ORDER))
		return fail(failure, STATUS_OBJECT,
			    "it was recorded on a machine of the other byte order");
	if (order != RECORDING_ORDER)
		return fail(failure, STATUS_OBJECT, "it is no recording of bpfload");
	if (version != RECORDING_VERSION) {
		fail(failure, STATUS_OBJECT,
		     "it is of version %u, and this bpfload reads version %u", version,
		     RECORDING_VERSION);
		return fail_hint(failure, "Use the bpfload that recorded it.");
	}
	reader->start += RECORDING_MAGIC_SIZE + 8;
	return STATUS_OK;
}

enum reader_result reader_next(struct reader *reader, enum part_kind *kind, struct decoder *payload)
{
	struct decoder head;
	uint64_t length;
	size_t used;

	reader->place = reader->passed + reader->start;
	if (!fill(reader, LENGTH_MOST + 1) && reader->error)
		return READER_FAILED;
	if (reader->start == reader->end)
		return READER_END;
	head = (struct decoder){.at = reader->bytes + reader->start,
				.end = reader->bytes + reader->end};
	length = decode_number(&head);
	if (head.failed || head.at == head.end)
		return reader->at_end ? READER_CUT : READER_DAMAGED;
	if (length > PART_MOST)
		return READER_DAMAGED;
	*kind = (enum part_kind) * head.at++;
	used = (size_t)(head.at - (reader->bytes + reader->start));
	if (!fill(reader, used + (size_t)length))
		return reader->error ? READER_FAILED : READER_CUT;
	*payload = (struct decoder){.at = reader->bytes + reader->start + used,
				    .end = reader->bytes + reader->start + used + length};
	reader->start += used + (size_t)length;
	return READER_PART;
}
