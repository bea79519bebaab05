#include "output/printf.h"

#include <stdio.h>
#include <string.h>

#include "output/format_parse.h"
#include "host/gfp_flags.h"

/* Digits of a number, a sign and a prefix. */
#define NUMBER_ROOM (STRBUF_NUMBER_MAX + 4)

static bool fits(enum format_conversion conversion, const struct mf_type *type)
{
	switch (conversion) {
	case FORMAT_LITERAL:
		return false;
	case FORMAT_VALUE:
		return type->kind != MF_HIST && type->kind != MF_LHIST && type->kind != MF_TSERIES;
	case FORMAT_BUFFER:
	case FORMAT_BUFFER_HEX:
	case FORMAT_BUFFER_RAW:
		return type->kind == MF_BUFFER;
	default:
		return value_is_number(type);
	}
}

/* Steps to where the next conversion (or `%%`) begins, or to the end. */
static const char *next_percent(const char *at)
{
	return at + strcspn(at, "%");
}

static void add_literal(struct format *format, const char *text, size_t length)
{
	struct format_piece *last = format->count ? &format->pieces[format->count - 1] : NULL;

	if (!length)
		return;
	if (last && last->conversion == FORMAT_LITERAL && last->text + last->length == text) {
		last->length += (uint32_t)length;
		return;
	}
	format->pieces[format->count++] = (struct format_piece){
		.conversion = FORMAT_LITERAL, .text = text, .length = (uint32_t)length};
}

bool format_compile(struct format *format, struct arena *arena, const char *text,
		    const struct mf_field *fields, uint32_t field_count, char *why, size_t room)
{
	size_t percents = 0;
	uint32_t used = 0;
	const char *at;

	for (at = next_percent(text); *at; at = next_percent(at + 1))
		percents++;
	/* Each `%` begins at most one piece, with a literal before and one behind. */
	format->count = 0;
	format->pieces = arena_array(arena, 2 * percents + 1, sizeof(*format->pieces));
	for (at = text; *at;) {
		const char *percent = next_percent(at), *end = percent + 1;
		struct format_piece piece;

		add_literal(format, at, (size_t)(percent - at));
		at = percent;
		if (!*at)
			break;
		if (at[1] == '%') {
			add_literal(format, at, 1);
			at += 2;
			continue;
		}
		switch (format_parse(at, &piece, &end)) {
		case FORMAT_NO_MATCH:
			add_literal(format, at, 1);
			at++;
			continue;
		case FORMAT_UNSUPPORTED:
			snprintf(why, room, "unsupported format specifier");
			return false;
		case FORMAT_MATCH:
			break;
		}
		if (used == field_count) {
			snprintf(why, room, "the format wants more than its %u arguments",
				 field_count);
			return false;
		}
		piece.field = &fields[used++];
		if (!fits(piece.conversion, piece.field->type)) {
			snprintf(why, room, "argument %u does not fit its conversion", used);
			return false;
		}
		format->pieces[format->count++] = piece;
		at = end;
	}
	if (used != field_count) {
		snprintf(why, room, "the format wants %u of its %u arguments", used, field_count);
		return false;
	}
	return true;
}

/* Pads what stands behind `start` to the width, on the left unless the piece says otherwise. */
static void pad(struct strbuf *to, const struct format_piece *piece, size_t start)
{
	size_t length = to->length - start, missing;

	if (length >= piece->width)
		return;
	missing = piece->width - length;
	strbuf_fill(to, ' ', missing);
	if (!piece->left && to->length - start == piece->width) {
		memmove(to->data + start + missing, to->data + start, length);
		memset(to->data + start, ' ', missing);
	}
}

static void put_number(struct strbuf *to, const struct format_piece *piece, const char *prefix,
		       size_t prefix_length, const char *digits, size_t length)
{
	bool has_precision = piece->precision != MF_NONE;
	/* Zeros go between the sign and the digits, as in C. */
	size_t zeros = has_precision && piece->precision > length ? piece->precision - length : 0;
	size_t missing;

	if (has_precision && !piece->precision && length == 1 && *digits == '0' &&
	    !(piece->alternate && piece->conversion == FORMAT_OCTAL))
		length = 0;
	missing = prefix_length + zeros + length;
	missing = missing < piece->width ? piece->width - missing : 0;
	if (missing && !piece->left && piece->zero && !has_precision) {
		zeros = missing;
		missing = 0;
	}
	if (!piece->left)
		strbuf_fill(to, ' ', missing);
	strbuf_put(to, prefix, prefix_length);
	strbuf_fill(to, '0', zeros);
	strbuf_put(to, digits, length);
	if (piece->left)
		strbuf_fill(to, ' ', missing);
}

static void put_signed(struct strbuf *to, const struct format_piece *piece, uint64_t raw)
{
	int64_t value = (int64_t)value_load((const uint8_t *)&raw, piece->bytes, true);
	char room[NUMBER_ROOM];
	char *end = room + sizeof(room);
	char *start = digits_decimal(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
	const char *sign = value < 0 ? "-" : piece->plus ? "+" : piece->blank ? " " : "";

	put_number(to, piece, sign, strlen(sign), start, (size_t)(end - start));
}

static void put_unsigned(struct strbuf *to, const struct format_piece *piece, uint64_t raw)
{
	uint64_t value = value_load((const uint8_t *)&raw, piece->bytes, false);
	char room[NUMBER_ROOM];
	char *end = room + sizeof(room);
	const char *prefix = "";
	char *start;

	switch (piece->conversion) {
	case FORMAT_HEX:
		start = digits_hex(end, value, false);
		prefix = piece->alternate && value ? "0x" : "";
		break;
	case FORMAT_HEX_UPPER:
		start = digits_hex(end, value, true);
		prefix = piece->alternate && value ? "0X" : "";
		break;
	case FORMAT_OCTAL:
		start = digits_octal(end, value);
		/* The zero in front is a digit, which a precision counts. */
		if (piece->alternate && value)
			*--start = '0';
		break;
	default:
		start = digits_decimal(end, value);
		break;
	}
	put_number(to, piece, prefix, strlen(prefix), start, (size_t)(end - start));
}

static void put_pointer(struct strbuf *to, const struct format_piece *piece, uint64_t value)
{
	char room[NUMBER_ROOM];
	char *end = room + sizeof(room);
	char *start = digits_hex(end, value, false);
	const char *prefix = value ? "0x" : "";

	put_number(to, piece, prefix, strlen(prefix), start, (size_t)(end - start));
}

static void put_buffer_hex(struct strbuf *to, const struct format_piece *piece, const uint8_t *data)
{
	uint64_t length = value_load(data, 4, false);
	bool escaped = piece->conversion == FORMAT_BUFFER_HEX;

	if (length > piece->field->type->capacity)
		length = piece->field->type->capacity;
	data += 4;
	for (uint64_t i = 0; i < length; i++) {
		if (escaped)
			strbuf_text(to, "\\x");
		else if (i)
			strbuf_char(to, ' ');
		strbuf_char(to, "0123456789abcdef"[data[i] >> 4]);
		strbuf_char(to, "0123456789abcdef"[data[i] & 15]);
	}
}

static void put_argument(struct strbuf *to, const struct value_context *context,
			 const struct format_piece *piece, const uint8_t *data)
{
	const struct mf_type *type = piece->field->type;
	size_t start = to->length;

	switch (piece->conversion) {
	case FORMAT_LITERAL:
		break;
	case FORMAT_SIGNED:
		put_signed(to, piece, value_number(type, data));
		return;
	case FORMAT_UNSIGNED:
	case FORMAT_HEX:
	case FORMAT_HEX_UPPER:
	case FORMAT_OCTAL:
		put_unsigned(to, piece, value_number(type, data));
		return;
	case FORMAT_POINTER:
		put_pointer(to, piece, value_number(type, data));
		return;
	case FORMAT_CHARACTER:
		strbuf_char(to, (char)value_number(type, data));
		break;
	case FORMAT_VALUE:
		if (type->kind == MF_STRING)
			value_string_text(to, context, data, type->capacity);
		else
			value_text(to, context, type, data);
		break;
	case FORMAT_BUFFER:
		value_text(to, context, type, data);
		break;
	case FORMAT_BUFFER_HEX:
	case FORMAT_BUFFER_RAW:
		put_buffer_hex(to, piece, data);
		break;
	case FORMAT_GFP:
		gfp_flags_text(to, value_number(type, data));
		break;
	}
	if (to->length - start > piece->precision)
		to->length = start + piece->precision;
	value_for_terminal(to, context, start);
	if (piece->width)
		pad(to, piece, start);
}

void format_text(struct strbuf *to, const struct value_context *context,
		 const struct format *format, const uint8_t *record)
{
	for (size_t i = 0; i < format->count; i++) {
		const struct format_piece *piece = &format->pieces[i];

		if (piece->conversion == FORMAT_LITERAL)
			strbuf_put(to, piece->text, piece->length);
		else
			put_argument(to, context, piece, record + piece->field->offset);
	}
}
