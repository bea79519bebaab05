#include "output/value_json.h"

#include <stdbool.h>

#include "output/elements.h"
#include "output/hist.h"
#include "output/series.h"
#include "base/utf8.h"

/* Digits that a double's mantissa has (IEEE 754). */
#define DOUBLE_BITS 53

/* Puts the form of the character at `at` to `out` (6 bytes of room), and its length to *used. The
 * result is how many bytes of the text it stands for. */
static size_t escape(char out[6], size_t *used, const uint8_t *at, size_t room)
{
	static const char hex[] = "0123456789abcdef";
	size_t length = utf8_length(at, room);
	char letter = 0;

	if (!length) {
		memcpy(out, "\\ufffd", 6);
		*used = 6;
		return 1;
	}
	switch (at[0]) {
	case '"':
	case '\\':
		letter = (char)at[0];
		break;
	case '\n':
		letter = 'n';
		break;
	case '\r':
		letter = 'r';
		break;
	case '\t':
		letter = 't';
		break;
	default:
		break;
	}
	if (letter) {
		out[0] = '\\';
		out[1] = letter;
		*used = 2;
	} else if (at[0] < 0x20) {
		memcpy(out, "\\u00", 4);
		out[4] = hex[at[0] >> 4];
		out[5] = hex[at[0] & 15];
		*used = 6;
	} else if (length == 2 && at[0] == 0xc2 && at[1] < 0xa0) {
		/* U+0080 to U+009F, which terminals obey, too. */
		memcpy(out, "\\u00", 4);
		out[4] = hex[at[1] >> 4];
		out[5] = hex[at[1] & 15];
		*used = 6;
	} else {
		memcpy(out, at, length);
		*used = length;
	}
	return length;
}

void json_quote(struct strbuf *to, size_t start)
{
	size_t length = to->length - start, quoted = 2, used;
	char form[6], *out;
	const uint8_t *text;

	text = length ? (const uint8_t *)to->data + start : NULL;
	for (size_t i = 0; i < length; quoted += used)
		i += escape(form, &used, text + i, length - i);
	/* The new form is written behind the old one, and moved into its place. */
	strbuf_reserve(to, quoted);
	text = (const uint8_t *)to->data + start;
	out = to->data + to->length;
	*out++ = '"';
	for (size_t i = 0; i < length; out += used) {
		i += escape(form, &used, text + i, length - i);
		memcpy(out, form, used);
	}
	*out = '"';
	memmove(to->data + start, to->data + to->length, quoted);
	to->length = start + quoted;
}

void json_string(struct strbuf *to, const char *text)
{
	size_t start = to->length;

	strbuf_text(to, text);
	json_quote(to, start);
}

static bool is_exact(uint64_t magnitude)
{
	return !magnitude || magnitude >> __builtin_ctzll(magnitude) < 1ull << DOUBLE_BITS;
}

void json_u64(struct strbuf *to, uint64_t value)
{
	const char *quote = is_exact(value) ? "" : "\"";

	strbuf_text(to, quote);
	strbuf_u64(to, value);
	strbuf_text(to, quote);
}

void json_i64(struct strbuf *to, int64_t value)
{
	const char *quote = is_exact(value < 0 ? 0 - (uint64_t)value : (uint64_t)value) ? "" : "\"";

	strbuf_text(to, quote);
	strbuf_i64(to, value);
	strbuf_text(to, quote);
}

static void put_number(struct strbuf *to, const struct mf_type *type, uint64_t value, uint32_t div)
{
	if (value_is_signed(type))
		json_i64(to, (int64_t)value / div);
	else
		json_u64(to, value / div);
}

static void put_stats(struct strbuf *to, const struct mf_type *type, const uint8_t *data,
		      uint32_t div)
{
	strbuf_text(to, "{\"count\": ");
	json_u64(to, value_load(data + 8, 8, false));
	strbuf_text(to, ", \"average\": ");
	put_number(to, type, value_average(type, data), div);
	strbuf_text(to, ", \"total\": ");
	put_number(to, type, value_load(data, 8, false), 1);
	strbuf_char(to, '}');
}

static void put_buckets(struct strbuf *to, const struct mf_type *type, const uint8_t *data,
			uint32_t div)
{
	/* Map values stand aligned (map_rows). */
	const uint64_t *counts = (const uint64_t *)(const void *)data;
	struct hist_range range = hist_range(counts, type->buckets);

	strbuf_char(to, '[');
	for (uint32_t i = range.first; i < range.end; i++) {
		struct hist_bounds bounds =
			type->kind == MF_HIST ? hist_bounds(i, type->bits)
					      : lhist_bounds(i, type->min, type->max, type->step);

		strbuf_text(to, i > range.first ? ",{" : "{");
		if (bounds.has_low) {
			strbuf_text(to, "\"min\": ");
			json_i64(to, bounds.low);
			strbuf_text(to, ", ");
		}
		if (bounds.has_high) {
			strbuf_text(to, "\"max\": ");
			json_i64(to, bounds.high);
			strbuf_text(to, ", ");
		}
		strbuf_text(to, "\"count\": ");
		json_u64(to, counts[i] / (type->kind == MF_HIST ? div : 1));
		strbuf_char(to, '}');
	}
	strbuf_char(to, ']');
}

static void put_buffer(struct strbuf *to, const struct mf_type *type, const uint8_t *data)
{
	uint64_t length = value_load(data, 4, false);

	if (length > type->capacity)
		length = type->capacity;
	strbuf_char(to, '[');
	for (uint64_t i = 0; i < length; i++) {
		if (i)
			strbuf_char(to, ',');
		strbuf_u64(to, data[4 + i]);
	}
	strbuf_char(to, ']');
}

static void put_member_name(struct strbuf *to, const char *name)
{
	json_string(to, name);
	strbuf_text(to, ": ");
}

static const struct elements_form list_form = {"[", ",", "]", NULL};
const struct elements_form json_record_form = {"{", ", ", "}", put_member_name};

static void put_quoted(struct strbuf *to, const struct value_context *context,
		       const struct mf_type *type, const uint8_t *data)
{
	size_t start = to->length;

	value_text(to, context, type, data);
	json_quote(to, start);
}

void json_map_value(struct strbuf *to, const struct value_context *context,
		    const struct mf_type *type, const uint8_t *data, uint32_t div)
{
	switch (type->kind) {
	case MF_INT:
	case MF_COUNT:
	case MF_SUM:
	case MF_MIN:
	case MF_MAX:
	case MF_AVG:
		put_number(to, type, value_number(type, data), div);
		break;
	case MF_STATS:
		put_stats(to, type, data, div);
		break;
	case MF_HIST:
	case MF_LHIST:
		put_buckets(to, type, data, div);
		break;
	case MF_TSERIES:
		series_json(to, context->clock, type, data, div);
		break;
	default:
		json_value(to, context, type, data);
		break;
	}
}

void json_value(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		const uint8_t *data)
{
	switch (type->kind) {
	case MF_VOID:
	case MF_BOOL:
		value_text(to, context, type, data);
		break;
	case MF_POINTER:
	case MF_ENUM:
		put_number(to, type, value_number(type, data), 1);
		break;
	case MF_BUFFER:
		put_buffer(to, type, data);
		break;
	case MF_ARRAY:
	case MF_TUPLE:
		elements_put(to, context, type, data, &list_form, json_value);
		break;
	case MF_RECORD:
		elements_put(to, context, type, data, &json_record_form, json_value);
		break;
	case MF_INT:
	case MF_COUNT:
	case MF_SUM:
	case MF_MIN:
	case MF_MAX:
	case MF_AVG:
	case MF_STATS:
	case MF_HIST:
	case MF_LHIST:
	case MF_TSERIES:
		json_map_value(to, context, type, data, 1);
		break;
	default:
		/* Strings, and what is shown by a name: symbols, probes, times, stacks. */
		put_quoted(to, context, type, data);
		break;
	}
}

/* Drops the blanks at the beginning of the lines from `start` on: a stack's indentation. */
static void drop_indentation(struct strbuf *to, size_t start)
{
	size_t kept = start;
	bool at_start = true;

	for (size_t i = start; i < to->length; i++) {
		char byte = to->data[i];

		if (at_start && byte == ' ')
			continue;
		at_start = byte == '\n';
		to->data[kept++] = byte;
	}
	to->length = kept;
}

static void put_key_name(struct strbuf *to, const char *name)
{
	strbuf_char(to, '.');
	strbuf_text(to, name);
	strbuf_char(to, '=');
}

static const struct elements_form outer_key_form = {"", ",", "", NULL};
static const struct elements_form tuple_key_form = {"(", ",", ")", NULL};
static const struct elements_form record_key_form = {"{", ",", "}", put_key_name};

/* Of a key, or of an element of one. */
static void put_key(struct strbuf *to, const struct value_context *context,
		    const struct mf_type *type, const uint8_t *data)
{
	size_t start = to->length;

	switch (type->kind) {
	case MF_ARRAY:
		elements_put(to, context, type, data, &list_form, put_key);
		break;
	case MF_TUPLE:
		elements_put(to, context, type, data, &tuple_key_form, put_key);
		break;
	case MF_RECORD:
		elements_put(to, context, type, data, &record_key_form, put_key);
		break;
	case MF_STACK:
		value_text(to, context, type, data);
		drop_indentation(to, start);
		break;
	default:
		value_text(to, context, type, data);
		break;
	}
}

void json_key(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
	      const uint8_t *data)
{
	size_t start = to->length;

	if (type->kind == MF_TUPLE)
		elements_put(to, context, type, data, &outer_key_form, put_key);
	else
		put_key(to, context, type, data);
	json_quote(to, start);
}
