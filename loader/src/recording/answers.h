/*
 * What the host said when it was asked for names, stacks and times, by what it was asked for. The
 * one who records keeps them to write each once; the one who replays, to find them.
 */
#ifndef BPFLOAD_ANSWERS_H
#define BPFLOAD_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id_table.h"

/* The first byte of a question. */
enum answer_kind {
	/* Address => symbol. */
	ANSWER_KERNEL = 1,
	/* Way of asking, process, address => symbol with source lines. */
	ANSWER_USER,
	/* Process, address => file. */
	ANSWER_PLACE,
	/* Number of a stack => its frames. */
	ANSWER_STACK,
	/* Space, number => text. */
	ANSWER_NAME,
	/* Number of a cgroup, filter => text. */
	ANSWER_CGROUP,
	/* Number of a probe => name. */
	ANSWER_PROBE,
	/* Quarter of an hour since the epoch => time zone. */
	ANSWER_ZONE,
};

/* Beyond this they are to be forgotten, between two events. */
#define ANSWERS_MANY (16u << 20)
/* What one event asks for may go beyond it, but not so far. */
#define ANSWERS_MOST (512u << 20)

struct answers {
	struct id_table by_hash;
	/* What makes hashes differ from one run to the next: those that make files cannot have many
	 * fall together. */
	uint64_t seed;
	/* Bytes that they take. */
	size_t size;
};

void answers_init(struct answers *answers);
void answers_forget(struct answers *answers);

/* False: it was known already. */
bool answers_put(struct answers *answers, const uint8_t *question, size_t question_size,
		 const uint8_t *answer, size_t answer_size);

/* False: it is not known. The bytes live until the answer changes or is forgotten. */
bool answers_find(const struct answers *answers, const uint8_t *question, size_t question_size,
		  const uint8_t **answer, size_t *answer_size);

#endif
