#include "base/strbuf.h"

#include <stdlib.h>

#include "base/memory.h"

void strbuf_free(struct strbuf *buffer)
{
	free(buffer->data);
	*buffer = (struct strbuf){0};
}

void strbuf_grow(struct strbuf *buffer, size_t more)
{
	size_t room = buffer->room ? buffer->room : 256;

	if (more > SIZE_MAX / 2 - buffer->length)
		memory_exhausted();
	while (room - buffer->length < more)
		room *= 2;
	buffer->data = memory_resize(buffer->data, room, 1);
	buffer->room = room;
}

void strbuf_fill(struct strbuf *buffer, char byte, size_t count)
{
	if (!count)
		return;
	strbuf_reserve(buffer, count);
	memset(buffer->data + buffer->length, byte, count);
	buffer->length += count;
}

void strbuf_right(struct strbuf *buffer, const char *bytes, size_t length, size_t width)
{
	if (length < width)
		strbuf_fill(buffer, ' ', width - length);
	strbuf_put(buffer, bytes, length);
}

const char *strbuf_c_text(struct strbuf *buffer)
{
	strbuf_reserve(buffer, 1);
	buffer->data[buffer->length] = '\0';
	return buffer->data;
}

/* Two digits at a time halve the divisions, which are what formatting a number costs. */
static const char pairs[200] = "00010203040506070809101112131415161718192021222324"
			       "25262728293031323334353637383940414243444546474849"
			       "50515253545556575859606162636465666768697071727374"
			       "75767778798081828384858687888990919293949596979899";

char *digits_decimal(char *end, uint64_t value)
{
	while (value >= 100) {
		uint64_t rest = value / 100;

		end -= 2;
		memcpy(end, pairs + 2 * (value - rest * 100), 2);
		value = rest;
	}
	if (value >= 10) {
		end -= 2;
		memcpy(end, pairs + 2 * value, 2);
	} else {
		*--end = (char)('0' + value);
	}
	return end;
}

char *digits_hex(char *end, uint64_t value, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	do {
		*--end = digits[value & 15];
		value >>= 4;
	} while (value);
	return end;
}

char *digits_octal(char *end, uint64_t value)
{
	do {
		*--end = (char)('0' + (value & 7));
		value >>= 3;
	} while (value);
	return end;
}

void strbuf_u64(struct strbuf *buffer, uint64_t value)
{
	char room[STRBUF_NUMBER_MAX];
	char *end = room + sizeof(room);
	char *start = digits_decimal(end, value);

	strbuf_put(buffer, start, (size_t)(end - start));
}

void strbuf_i64(struct strbuf *buffer, int64_t value)
{
	char room[STRBUF_NUMBER_MAX];
	char *end = room + sizeof(room);
	char *start = digits_decimal(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);

	if (value < 0)
		*--start = '-';
	strbuf_put(buffer, start, (size_t)(end - start));
}

void strbuf_hex(struct strbuf *buffer, uint64_t value)
{
	char room[STRBUF_NUMBER_MAX];
	char *end = room + sizeof(room);
	char *start = digits_hex(end, value, false);

	strbuf_put(buffer, start, (size_t)(end - start));
}
