/* What a host of a test's own answers, as a recording has it: names, places and stacks that are
 * known without any host. */
#ifndef BPFLOAD_TESTS_KNOWN_ANSWERS_H
#define BPFLOAD_TESTS_KNOWN_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "binary/code_lines.h"
#include "recording/answers.h"
#include "recording/encoding.h"
#include "recording/recording.h"
#include "symbols/symbols.h"

/* How the symbol of an address was asked for (output/facts.c). */
enum known_way { KNOWN_NAME, KNOWN_SOURCE, KNOWN_CALL };

/* The answer is in `recording->answer`. */
static inline void known_answer(struct recording *recording, enum answer_kind kind, uint64_t first,
				uint64_t second)
{
	struct strbuf question = {0};

	strbuf_char(&question, (char)kind);
	encode_number(&question, first);
	encode_number(&question, second);
	recording_answer(recording, (const uint8_t *)question.data, question.length);
	strbuf_free(&question);
}

static inline void known_symbol(struct recording *recording, const struct symbol *symbol)
{
	struct strbuf *to = &recording->answer;

	encode_number(to, 1);
	encode_text(to, symbol->name);
	encode_number(to, symbol->offset);
	encode_text(to, symbol->module);
	encode_number(to, symbol->frame_count);
	for (size_t i = 0; i < symbol->frame_count; i++) {
		encode_text(to, symbol->frames[i].function);
		encode_text(to, symbol->frames[i].line);
	}
}

static inline void known_kernel(struct recording *recording, uint64_t address,
				const struct symbol *symbol)
{
	known_symbol(recording, symbol);
	known_answer(recording, ANSWER_KERNEL, address, 0);
}

static inline void known_user(struct recording *recording, enum known_way way, uint32_t pid,
			      uint64_t address, const struct symbol *symbol)
{
	known_symbol(recording, symbol);
	known_answer(recording, ANSWER_USER, (uint64_t)pid << 2 | way, address);
}

static inline void known_place(struct recording *recording, uint32_t pid, uint64_t address,
			       const struct symbol_place *place)
{
	struct strbuf *to = &recording->answer;

	encode_number(to, 1);
	encode_text(to, place->module);
	encode_number(to, place->offset);
	encode_number(to, place->has_address);
	encode_number(to, place->address);
	encode_number(to, place->build_id_size);
	strbuf_put(to, place->build_id, place->build_id_size);
	known_answer(recording, ANSWER_PLACE, pid, address);
}

static inline void known_stack(struct recording *recording, uint64_t id, const void *frames,
			       size_t size)
{
	strbuf_put(&recording->answer, frames, size);
	known_answer(recording, ANSWER_STACK, id, 0);
}

static inline void known_text(struct recording *recording, enum answer_kind kind, uint64_t first,
			      uint64_t second, const char *text)
{
	encode_text(&recording->answer, text);
	known_answer(recording, kind, first, second);
}

#endif
