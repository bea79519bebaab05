#include "base/screen_text.h"

#include <stdint.h>
#include <stdio.h>

#include "base/terminal_text.h"
#include "base/utf8.h"

/* What one character becomes. */
struct glyph {
	/* Its bytes in the text. */
	size_t taken;
	/* What is shown: that, or an escape of so many ASCII characters. */
	char escape[20];
	size_t cells;
	bool is_escaped;
};

struct range {
	uint32_t first, last;
};

static bool is_in(uint32_t point, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

/* Characters of two cells (East_Asian_Width W and F, in blocks: a block too many costs a cell). */
static bool is_wide(uint32_t point)
{
	static const struct range wide[] = {
		{0x1100, 0x115f},   {0x231a, 0x231b},	{0x23e9, 0x23f3},   {0x25fd, 0x25fe},
		{0x2614, 0x2615},   {0x2648, 0x2653},	{0x267f, 0x27bf},   {0x2b1b, 0x2b55},
		{0x2e80, 0xa4cf},   {0xa960, 0xa97f},	{0xac00, 0xd7a3},   {0xf900, 0xfaff},
		{0xfe10, 0xfe6f},   {0xff01, 0xff60},	{0xffe0, 0xffe6},   {0x16fe0, 0x18cff},
		{0x1aff0, 0x1b2ff}, {0x1f000, 0x1faff}, {0x20000, 0x3fffd},
	};

	return point >= 0x1100 && is_in(point, wide, sizeof(wide) / sizeof(*wide));
}

/* Characters without a form that change how others of the line are shown: marks of direction,
 * separators of lines, fillers, tags. */
static bool is_hidden(uint32_t point)
{
	static const struct range hidden[] = {
		{0xad, 0xad},	  {0x61c, 0x61c},     {0x115f, 0x1160}, {0x17b4, 0x17b5},
		{0x180b, 0x180f}, {0x200b, 0x200c},   {0x200e, 0x200f}, {0x2028, 0x202e},
		{0x2060, 0x206f}, {0x3164, 0x3164},   {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
		{0xfff0, 0xfffb}, {0xe0000, 0xe00ff},
	};

	return is_in(point, hidden, sizeof(hidden) / sizeof(*hidden));
}

static uint32_t code_point(const uint8_t *at, size_t length)
{
	static const uint8_t first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t point = at[0] & first[length];

	for (size_t i = 1; i < length; i++)
		point = point << 6 | (at[i] & 0x3f);
	return point;
}

static void escape(struct glyph *glyph, const uint8_t *at, uint32_t point)
{
	int length = 0;

	glyph->is_escaped = true;
	if (at[0] == '\n' || at[0] == '\t')
		length = snprintf(glyph->escape, sizeof(glyph->escape), "\\%c",
				  at[0] == '\n' ? 'n' : 't');
	else if (point > 0xff)
		length = snprintf(glyph->escape, sizeof(glyph->escape), "\\u%x", point);
	else
		for (size_t i = 0; i < glyph->taken; i++)
			length +=
				snprintf(glyph->escape + length,
					 sizeof(glyph->escape) - (size_t)length, "\\x%02x", at[i]);
	glyph->cells = (size_t)length;
}

static void read_glyph(struct glyph *glyph, const uint8_t *at, size_t room, bool utf8)
{
	size_t length = utf8_length(at, room);
	uint32_t point = length ? code_point(at, length) : 0;
	bool harmful;

	terminal_character(at, room, &harmful);
	glyph->taken = length ? length : 1;
	glyph->is_escaped = false;
	glyph->cells = length > 1 && is_wide(point) ? 2 : 1;
	if (!length || harmful || at[0] == '\n' || at[0] == '\t' || is_hidden(point) ||
	    (!utf8 && length > 1))
		escape(glyph, at, point);
}

size_t screen_text(struct strbuf *to, const char *text, size_t length, size_t width, bool utf8)
{
	const uint8_t *at = (const uint8_t *)text;
	/* Up to where there is room for a `~` behind. */
	size_t safe = to->length, safe_cells = 0, cells = 0;
	struct glyph glyph;

	if (!width)
		return 0;
	for (size_t i = 0; i < length; i += glyph.taken) {
		read_glyph(&glyph, at + i, length - i, utf8);
		if (cells + glyph.cells > width) {
			to->length = safe;
			strbuf_char(to, '~');
			return safe_cells + 1;
		}
		if (glyph.is_escaped)
			strbuf_put(to, glyph.escape, glyph.cells);
		else
			strbuf_put(to, at + i, glyph.taken);
		cells += glyph.cells;
		if (cells < width) {
			safe = to->length;
			safe_cells = cells;
		}
	}
	return cells;
}

size_t screen_width(const char *text, size_t length, bool utf8)
{
	const uint8_t *at = (const uint8_t *)text;
	struct glyph glyph;
	size_t cells = 0;

	for (size_t i = 0; i < length; i += glyph.taken) {
		read_glyph(&glyph, at + i, length - i, utf8);
		cells += glyph.cells;
	}
	return cells;
}

void screen_cell(struct strbuf *to, const char *text, size_t length, size_t width, bool right,
		 bool utf8)
{
	size_t cells = screen_width(text, length, utf8);

	if (right && cells < width)
		strbuf_fill(to, ' ', width - cells);
	cells = screen_text(to, text, length, width, utf8);
	if (!right && cells < width)
		strbuf_fill(to, ' ', width - cells);
}
