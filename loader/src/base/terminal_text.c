#include "base/terminal_text.h"

#include "base/utf8.h"

size_t terminal_character(const uint8_t *at, size_t room, bool *harmful)
{
	size_t length = utf8_length(at, room);

	/* Terminals obey 0x80 to 0x9f, or U+0080 to U+009F, as they do ESC and a letter (ECMA-48,
	 * 5.3). */
	if (!length)
		*harmful = at[0] < 0xa0;
	else if (length == 2)
		*harmful = at[0] == 0xc2 && at[1] < 0xa0;
	else
		*harmful = (at[0] < 0x20 && at[0] != '\n' && at[0] != '\t') || at[0] == 0x7f;
	return length ? length : 1;
}

static size_t count_harmful(const uint8_t *bytes, size_t length)
{
	size_t count = 0, step;
	bool harmful;

	for (size_t i = 0; i < length; i += step) {
		step = terminal_character(bytes + i, length - i, &harmful);
		count += harmful ? step : 0;
	}
	return count;
}

void terminal_text(struct strbuf *text, size_t start)
{
	size_t length = text->length - start, step, more;
	bool harmful;
	const uint8_t *from;
	char *to;

	more = length ? 3 * count_harmful((const uint8_t *)text->data + start, length) : 0;
	if (!more)
		return;
	strbuf_reserve(text, more);
	/* The old form moves to the end of its new room, and is written from there. */
	to = text->data + start;
	memmove(to + more, to, length);
	from = (const uint8_t *)to + more;
	for (size_t i = 0; i < length; i += step) {
		step = terminal_character(from + i, length - i, &harmful);
		for (size_t j = i; j < i + step; j++) {
			uint8_t byte = from[j];

			if (!harmful) {
				*to++ = (char)byte;
				continue;
			}
			*to++ = '\\';
			*to++ = 'x';
			*to++ = "0123456789abcdef"[byte >> 4];
			*to++ = "0123456789abcdef"[byte & 15];
		}
	}
	text->length += more;
}

void terminal_write(FILE *file, struct strbuf *text)
{
	terminal_text(text, 0);
	fwrite(text->data, 1, text->length, file);
	strbuf_free(text);
}
