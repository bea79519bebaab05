/* Values as text: what print(), %s and maps show. */
#ifndef BPFLOAD_VALUE_H
#define BPFLOAD_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "object/manifest.h"
#include "base/strbuf.h"
#include "output/time_format.h"

struct facts;
struct session;
struct symbols;

/* What values need besides their bytes. */
struct value_context {
	const struct session *session;
	const struct manifest *manifest;
	struct facts *facts;
	struct wall_clock *clock;
	/* Texts go to a terminal: values must not steer it. */
	bool to_terminal;
	/* Shown behind a string that was cut. */
	const char *trailer;
	size_t trailer_length;
	/* Map of stack frames; -1: the object has none. Room for one stack, of `stack_room` bytes.
	 */
	int stacks;
	uint32_t stack_room;
	uint64_t *frames;
};

/* Sets the context up for a session. */
void value_context_init(struct value_context *context, const struct session *session,
			struct symbols *symbols, struct wall_clock *clock);
void value_context_free(struct value_context *context);

/* Makes the text of values behind `start` harmless where it goes to a terminal. */
void value_for_terminal(struct strbuf *to, const struct value_context *context, size_t start);

/* Appends the text of a value that stands at `data`, in the machine's byte order, aligned or not.
 */
void value_text(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		const uint8_t *data);

/*
 * The same for a map's key: where the text stands in parentheses (tuples, but also some strings),
 * they are dropped.
 */
void value_key_text(struct strbuf *to, const struct value_context *context,
		    const struct mf_type *type, const uint8_t *data);

/* The latter: what stands behind `start` is the key. */
void value_key_end(struct strbuf *to, const struct mf_type *type, size_t start);

/* Appends the text of a stats value; `div` (at least 1) divides the average. */
void value_stats_text(struct strbuf *to, const struct mf_type *type, const uint8_t *data,
		      uint32_t div);

/* Appends a string's bytes up to its NUL, or all of them and the trailer. */
void value_string_text(struct strbuf *to, const struct value_context *context, const uint8_t *data,
		       uint32_t capacity);

/* Where the value of a record's field stands; the bits of a bit field are taken out and put to
 * `room` as a whole value of the type. */
const uint8_t *value_of_field(const struct mf_field *field, const uint8_t *record, uint8_t room[8]);

/* A little piece of memory as a number: 1, 2, 4 or 8 bytes, zero- or sign-extended. */
uint64_t value_load(const uint8_t *data, uint32_t size, bool is_signed);

/* Types that hold a number (ints, pointers, addresses, enums, aggregates but stats and histograms).
 */
bool value_is_number(const struct mf_type *type);

/* The number in a value of such a type, extended to 64 bits. */
uint64_t value_number(const struct mf_type *type, const uint8_t *data);

/* Whether value_number is to be read as a signed number. */
bool value_is_signed(const struct mf_type *type);

/* average: total / count of an avg or stats value, 0 for none. */
uint64_t value_average(const struct mf_type *type, const uint8_t *data);

#endif
