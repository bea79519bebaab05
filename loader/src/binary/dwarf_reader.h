/* Numbers and texts of DWARF, from bytes that may be damaged: what does not fit fails, and stays
 * failed. */
#ifndef BPFLOAD_DWARF_READER_H
#define BPFLOAD_DWARF_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names and paths are shorter: what a forged file makes longer is none, so that copies of it cost
 * little. */
#define DWARF_TEXT_MAX (64u << 10)

struct dwarf_reader {
	const uint8_t *at, *end;
	bool failed;
};

/* A reader of `size` bytes; NULL bytes: of none. */
struct dwarf_reader dwarf_reader_of(const uint8_t *bytes, uint64_t size);

/* Little-endian, of 1 to 8 bytes. 0 on failure. */
uint64_t dwarf_number(struct dwarf_reader *reader, uint32_t size);
uint64_t dwarf_uleb(struct dwarf_reader *reader);
int64_t dwarf_sleb(struct dwarf_reader *reader);

/* A NUL-terminated text; "" on failure. */
const char *dwarf_text(struct dwarf_reader *reader);

void dwarf_skip(struct dwarf_reader *reader, uint64_t size);

/* Cuts the next `size` bytes off as a reader of their own. */
struct dwarf_reader dwarf_part(struct dwarf_reader *reader, uint64_t size);

/* The length that a unit begins with, and whether its offsets have 4 or 8 bytes (7.4). */
uint64_t dwarf_unit_length(struct dwarf_reader *reader, uint8_t *offset_size);

/* A text that nobody has asked for yet: finding its end takes as long as it is. */
struct dwarf_text {
	/* One that stands among the numbers; NULL: it stands in a section of texts. */
	const char *text;
	const uint8_t *section;
	uint64_t size, offset;
};

/* "" where there is none. */
const char *dwarf_text_of(const struct dwarf_text *text);

/* The text at an offset of a section of texts; "" where there is none. */
const char *dwarf_text_at(const uint8_t *bytes, uint64_t size, uint64_t offset);

#endif
