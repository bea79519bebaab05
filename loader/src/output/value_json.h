/* Values, keys and histograms of JSON output. */
#ifndef BPFLOAD_VALUE_JSON_H
#define BPFLOAD_VALUE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "object/manifest.h"
#include "base/strbuf.h"
#include "output/elements.h"
#include "output/value.h"

/*
 * Makes a JSON string of the bytes from `start` to the buffer's end. What is not UTF-8 becomes
 * U+FFFD, since a line that is not UTF-8 would not be JSON.
 */
void json_quote(struct strbuf *to, size_t start);

/* Appends a text as a JSON string. */
void json_string(struct strbuf *to, const char *text);

/*
 * Appends a number; one that a double cannot hold exactly as a string, because that is what most
 * readers of JSON keep numbers in.
 */
void json_u64(struct strbuf *to, uint64_t value);
void json_i64(struct strbuf *to, int64_t value);

/* Records are objects. */
extern const struct elements_form json_record_form;

/* Appends a value of any type. */
void json_value(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		const uint8_t *data);

/* The same for a value of a map whose numbers are divided by `div` (at least 1): of statistics the
 * average, of linear histograms nothing. */
void json_map_value(struct strbuf *to, const struct value_context *context,
		    const struct mf_type *type, const uint8_t *data, uint32_t div);

/* Appends a map's key as the name of an object's member: its text without the blanks (and the outer
 * parentheses) that tuples and records have around their elements. */
void json_key(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
	      const uint8_t *data);

#endif
