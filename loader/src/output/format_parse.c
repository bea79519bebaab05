#include "output/format_parse.h"

#include <string.h>

static const char *parse_flags(const char *at, struct format_piece *piece)
{
	for (;; at++) {
		switch (*at) {
		case '-':
			piece->left = true;
			break;
		case '+':
			piece->plus = true;
			break;
		case ' ':
			piece->blank = true;
			break;
		case '#':
			piece->alternate = true;
			break;
		case '0':
			piece->zero = true;
			break;
		default:
			return at;
		}
	}
}

static const char *parse_number(const char *at, uint32_t *number)
{
	for (; *at >= '0' && *at <= '9'; at++) {
		if (*number <= FORMAT_WIDTH_MAX)
			*number = *number * 10 + (uint32_t)(*at - '0');
	}
	if (*number > FORMAT_WIDTH_MAX)
		*number = FORMAT_WIDTH_MAX;
	return at;
}

/* Without a modifier an argument counts as int, whatever its own size. */
static const char *parse_length(const char *at, uint32_t *bytes)
{
	*bytes = 4;
	switch (*at) {
	case 'h':
		*bytes = at[1] == 'h' ? 1 : 2;
		return at + (at[1] == 'h' ? 2 : 1);
	case 'l':
		*bytes = 8;
		return at + (at[1] == 'l' ? 2 : 1);
	case 'L':
	case 'j':
	case 'z':
	case 't':
		*bytes = 8;
		return at + 1;
	default:
		return at;
	}
}

enum format_match format_parse(const char *text, struct format_piece *piece, const char **end)
{
	bool starred = false;
	const char *at;

	*piece = (struct format_piece){.precision = MF_NONE};
	at = parse_flags(text + 1, piece);
	if (*at == '*') {
		starred = true;
		at++;
	} else {
		at = parse_number(at, &piece->width);
	}
	if (*at == '.') {
		at++;
		if (*at == '*') {
			starred = true;
			at++;
		} else {
			piece->precision = 0;
			at = parse_number(at, &piece->precision);
		}
	}
	at = parse_length(at, &piece->bytes);
	switch (*at) {
	case 'd':
	case 'i':
		piece->conversion = FORMAT_SIGNED;
		break;
	case 'u':
		piece->conversion = FORMAT_UNSIGNED;
		break;
	case 'x':
		piece->conversion = FORMAT_HEX;
		break;
	case 'X':
		piece->conversion = FORMAT_HEX_UPPER;
		break;
	case 'o':
		piece->conversion = FORMAT_OCTAL;
		break;
	case 'c':
		piece->conversion = FORMAT_CHARACTER;
		break;
	case 'p':
		piece->conversion = FORMAT_POINTER;
		break;
	case 's':
		piece->conversion = FORMAT_VALUE;
		break;
	case 'r':
		piece->conversion = at[1] == 'x'   ? FORMAT_BUFFER_HEX
				    : at[1] == 'h' ? FORMAT_BUFFER_RAW
						   : FORMAT_BUFFER;
		at += piece->conversion != FORMAT_BUFFER;
		break;
	case 'g':
		if (at[1] == 'r') {
			piece->conversion = FORMAT_GFP;
			at++;
			break;
		}
		return FORMAT_UNSUPPORTED;
	default:
		return *at && strchr("aAeEfFGn", *at) ? FORMAT_UNSUPPORTED : FORMAT_NO_MATCH;
	}
	*end = at + 1;
	return starred ? FORMAT_UNSUPPORTED : FORMAT_MATCH;
}
