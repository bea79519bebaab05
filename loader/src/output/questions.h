/*
 * What a recording has to answer: everything that any form of output could ask the host about a
 * value. Nothing is made text.
 */
#ifndef BPFLOAD_QUESTIONS_H
#define BPFLOAD_QUESTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id_table.h"
#include "object/manifest.h"

struct value_context;

struct questions {
	const struct value_context *context;
	/* Stacks whose frames were all named: by stack, process and type, 1 + the generation of
	 * symbols.h at that time. */
	struct id_table stacks;
};

/* Whether values of the type ask for anything. */
bool questions_has(const struct mf_type *type);

/* Asks what a value has to ask; the answers are noted (facts.h). */
void questions_ask(struct questions *questions, const struct mf_type *type, const uint8_t *data);

/* What was answered has been forgotten, and is to be asked again. */
void questions_forget(struct questions *questions);

#endif
