#include "binary/dwarf_reader.h"

#include <string.h>

struct dwarf_reader dwarf_reader_of(const uint8_t *bytes, uint64_t size)
{
	static const uint8_t nothing[1];

	if (!bytes)
		return (struct dwarf_reader){.at = nothing, .end = nothing};
	return (struct dwarf_reader){.at = bytes, .end = bytes + size};
}

static bool has(struct dwarf_reader *reader, uint64_t size)
{
	if (!reader->failed && (uint64_t)(reader->end - reader->at) >= size)
		return true;
	reader->failed = true;
	reader->at = reader->end;
	return false;
}

uint64_t dwarf_number(struct dwarf_reader *reader, uint32_t size)
{
	uint64_t value = 0;

	if (size > sizeof(value) || !has(reader, size)) {
		reader->failed = true;
		return 0;
	}
	for (uint32_t i = 0; i < size; i++)
		value |= (uint64_t)reader->at[i] << 8 * i;
	reader->at += size;
	return value;
}

uint64_t dwarf_uleb(struct dwarf_reader *reader)
{
	uint64_t value = 0;
	uint32_t shift = 0;

	for (;;) {
		uint8_t byte;

		if (!has(reader, 1))
			return 0;
		byte = *reader->at++;
		/* Bits beyond 64 are dropped. */
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
		if (shift < 64)
			shift += 7;
	}
}

int64_t dwarf_sleb(struct dwarf_reader *reader)
{
	uint64_t value = 0;
	uint32_t shift = 0;

	for (;;) {
		uint8_t byte;

		if (!has(reader, 1))
			return 0;
		byte = *reader->at++;
		if (shift < 64) {
			value |= (uint64_t)(byte & 0x7f) << shift;
			shift += 7;
		}
		if (byte & 0x80)
			continue;
		if (shift < 64 && byte & 0x40)
			value |= UINT64_MAX << shift;
		return (int64_t)value;
	}
}

const char *dwarf_text(struct dwarf_reader *reader)
{
	const uint8_t *start = reader->at, *end;

	if (!has(reader, 1))
		return "";
	end = memchr(start, 0, (size_t)(reader->end - start));
	if (!end || end - start > DWARF_TEXT_MAX) {
		reader->failed = true;
		reader->at = reader->end;
		return "";
	}
	reader->at = end + 1;
	return (const char *)start;
}

void dwarf_skip(struct dwarf_reader *reader, uint64_t size)
{
	if (has(reader, size))
		reader->at += size;
}

struct dwarf_reader dwarf_part(struct dwarf_reader *reader, uint64_t size)
{
	struct dwarf_reader part = *reader;

	if (!has(reader, size)) {
		part.at = part.end;
		part.failed = true;
		return part;
	}
	part.end = reader->at + size;
	reader->at = part.end;
	return part;
}

uint64_t dwarf_unit_length(struct dwarf_reader *reader, uint8_t *offset_size)
{
	uint64_t length = dwarf_number(reader, 4);

	*offset_size = 4;
	if (length < 0xfffffff0)
		return length;
	if (length != UINT32_MAX) {
		reader->failed = true;
		return 0;
	}
	*offset_size = 8;
	return dwarf_number(reader, 8);
}

const char *dwarf_text_at(const uint8_t *bytes, uint64_t size, uint64_t offset)
{
	uint64_t room = bytes && offset < size ? size - offset : 0;

	if (room > DWARF_TEXT_MAX)
		room = DWARF_TEXT_MAX;
	if (!room || !memchr(bytes + offset, 0, room))
		return "";
	return (const char *)bytes + offset;
}

const char *dwarf_text_of(const struct dwarf_text *text)
{
	return text->text ? text->text : dwarf_text_at(text->section, text->size, text->offset);
}
