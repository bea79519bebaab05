/* Formats of printf, system and cat: parsed once at load, then run for each event. */
#ifndef BPFLOAD_PRINTF_H
#define BPFLOAD_PRINTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "object/manifest.h"
#include "base/strbuf.h"
#include "output/value.h"

/* The smallest part of a format: text as it stands, or one argument. */
struct format_piece;

struct format {
	struct format_piece *pieces;
	size_t count;
};

/*
 * Parses a format for these fields, which are its arguments in order. False when it does not fit
 * them: `why` then says what is wrong (a text of `room` bytes). Everything is allocated in `arena`.
 */
bool format_compile(struct format *format, struct arena *arena, const char *text,
		    const struct mf_field *fields, uint32_t field_count, char *why, size_t room);

/* Appends the format with the arguments of a record. */
void format_text(struct strbuf *to, const struct value_context *context,
		 const struct format *format, const uint8_t *record);

#endif
