/*
 * A growable byte buffer for output. Nothing here goes through the printf family: formatting a line
 * must not cost more than copying it.
 */
#ifndef BPFLOAD_STRBUF_H
#define BPFLOAD_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct strbuf {
	char *data;
	size_t length;
	size_t room;
};

/* Longest text of a 64-bit number in any base from 8 up, with its sign. */
#define STRBUF_NUMBER_MAX 24

void strbuf_free(struct strbuf *buffer);

/* Grows the buffer. Use strbuf_reserve. */
void strbuf_grow(struct strbuf *buffer, size_t more);

/* Makes room for `more` bytes behind the content. */
static inline void strbuf_reserve(struct strbuf *buffer, size_t more)
{
	if (buffer->room - buffer->length < more)
		strbuf_grow(buffer, more);
}

static inline void strbuf_clear(struct strbuf *buffer)
{
	buffer->length = 0;
}

/* Removes the first `length` bytes. */
static inline void strbuf_drop(struct strbuf *buffer, size_t length)
{
	buffer->length -= length;
	if (buffer->length)
		memmove(buffer->data, buffer->data + length, buffer->length);
}

static inline void strbuf_char(struct strbuf *buffer, char byte)
{
	strbuf_reserve(buffer, 1);
	buffer->data[buffer->length++] = byte;
}

static inline void strbuf_put(struct strbuf *buffer, const void *bytes, size_t length)
{
	if (!length)
		return;
	strbuf_reserve(buffer, length);
	memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
}

static inline void strbuf_text(struct strbuf *buffer, const char *text)
{
	strbuf_put(buffer, text, strlen(text));
}

/* `count` times the same byte. */
void strbuf_fill(struct strbuf *buffer, char byte, size_t count);

/* Puts `length` bytes with blanks before them, up to `width`. */
void strbuf_right(struct strbuf *buffer, const char *bytes, size_t length, size_t width);

void strbuf_u64(struct strbuf *buffer, uint64_t value);
void strbuf_i64(struct strbuf *buffer, int64_t value);
/* Lower-case hexadecimal digits, without prefix. */
void strbuf_hex(struct strbuf *buffer, uint64_t value);

/* Makes a NUL stand behind the content, outside of `length`. */
const char *strbuf_c_text(struct strbuf *buffer);

/*
 * Digits of a number, written so that they end at `end`; the result is where they begin. At most
 * STRBUF_NUMBER_MAX bytes.
 */
char *digits_decimal(char *end, uint64_t value);
char *digits_hex(char *end, uint64_t value, bool upper);
char *digits_octal(char *end, uint64_t value);

#endif
