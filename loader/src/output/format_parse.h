/* What printf.c and its parser share. */
#ifndef BPFLOAD_FORMAT_PARSE_H
#define BPFLOAD_FORMAT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/manifest.h"

enum format_conversion {
	FORMAT_LITERAL,
	FORMAT_SIGNED,	 /* d i */
	FORMAT_UNSIGNED, /* u */
	FORMAT_HEX,	 /* x */
	FORMAT_HEX_UPPER,
	FORMAT_OCTAL,
	FORMAT_CHARACTER,
	FORMAT_POINTER,
	FORMAT_VALUE,	   /* s */
	FORMAT_BUFFER,	   /* r: printable bytes as they are */
	FORMAT_BUFFER_HEX, /* rx: \xNN */
	FORMAT_BUFFER_RAW, /* rh: pairs of digits, blanks between */
	FORMAT_GFP,	   /* gr */
};

struct format_piece {
	enum format_conversion conversion;
	/* Literals: points into the format. */
	const char *text;
	uint32_t length;
	/* Conversions. */
	bool left, plus, blank, alternate, zero;
	uint32_t width;
	/* Of numbers the digits at least, of texts the bytes at most; MF_NONE: none. */
	uint32_t precision;
	/* Bytes of the argument that count: 1, 2, 4 or 8. */
	uint32_t bytes;
	const struct mf_field *field;
};

/* Widths beyond this are cut, so that a format cannot ask for gigabytes. */
#define FORMAT_WIDTH_MAX 4096

enum format_match {
	/* Not a conversion: the `%` stands for itself. */
	FORMAT_NO_MATCH,
	FORMAT_MATCH,
	/* Known, but not supported (%f, %e, %*d ...). */
	FORMAT_UNSUPPORTED,
};

/*
 * Reads the conversion that begins at `text` (a `%` that no second one follows), and sets *end
 * behind it where there is one.
 */
enum format_match format_parse(const char *text, struct format_piece *piece, const char **end);

#endif
