/*
 * A recording: an object, and all that it sent and the host answered, in the order in which it
 * came. docs/recording.md has its form.
 */
#ifndef BPFLOAD_RECORDING_H
#define BPFLOAD_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sink.h"
#include "base/strbuf.h"
#include "recording/answers.h"

/* The first bytes; the last two show what a transfer as text has made of it. */
#define RECORDING_MAGIC "bpfrec\r\n"
#define RECORDING_MAGIC_SIZE 8
/* In the byte order of the machine. */
#define RECORDING_ORDER 0x01020304u
#define RECORDING_VERSION 1u

/* What a part is. Answers, rows and texts stand before what they are for. */
enum part_kind {
	/* Facts of the session; the object; then an enum each, and a parameter each. */
	PART_SESSION = 's',
	PART_OBJECT = 'o',
	PART_ENUM = 'e',
	PART_PARAMETER = 'p',
	/* Question and answer; all that were given so far are forgotten. */
	PART_ANSWER = 'a',
	PART_FORGET = 'f',
	/* From here on, the wall clock is so far from the boot clock. */
	PART_CLOCK = 'c',
	/* Rows of a map; what a command or a file said. */
	PART_ROWS = 'R',
	PART_TEXT = 'T',
	/* The following begin with a moment. A record; an event whose record was lost. */
	PART_EVENT = 'E',
	PART_LOST_CONTROL = 'C',
	/* A map is printed without being asked for. */
	PART_MAP = 'M',
	PART_ATTACHED = 'A',
	PART_LOST = 'L',
	PART_LOST_TOTAL = 'l',
	/* Events that the kernel did not give to probes. */
	PART_MISSED = 'm',
	PART_REPEATED = 'w',
	PART_COST = '$',
	PART_END_OF_RUN = 'Z',
	/* The last part: how many events there were. */
	PART_END = 'X',
};

struct recording {
	struct sink sink;
	/* What waits to be written. */
	struct strbuf text;
	/* The part that is being made; the answer of which it consists. */
	struct strbuf part, answer;
	struct answers answers;
	/* The last moment that was written, boot clock in ns. */
	uint64_t moment;
	uint64_t events;
};

/* Opens the file and begins it. The result is an exit status; `failure` is kept until
 * recording_close. */
int recording_open(struct recording *recording, const char *path, struct failure *failure);

/* Begins a part with a moment of the boot clock, or without one. What follows goes to
 * `recording->part`. */
void recording_moment(struct recording *recording, uint64_t boot);
void recording_begin(struct recording *recording);

/* Ends it; what much waits is written. 0, or -1 as a sink. */
int recording_end(struct recording *recording, enum part_kind kind);

/* Writes an answer, unless it is what was written for the question before. The answer is
 * `recording->answer`, which becomes empty. */
void recording_answer(struct recording *recording, const uint8_t *question, size_t size);

/* Between events: answers that take too much memory are forgotten. True: they were. */
bool recording_forget(struct recording *recording);

int recording_flush(struct recording *recording);

/* Flushes and closes. 0, or -1. */
int recording_close(struct recording *recording);

#endif
