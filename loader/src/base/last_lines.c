#include "base/last_lines.h"

#include <string.h>

static struct strbuf *open_line(struct last_lines *lines)
{
	struct strbuf *line;

	if (!lines->is_open) {
		strbuf_clear(&lines->lines[lines->total % LAST_LINES]);
		lines->total++;
		lines->is_open = true;
	}
	line = &lines->lines[(lines->total - 1) % LAST_LINES];
	return line;
}

void last_lines_put(struct last_lines *lines, const char *text, size_t length)
{
	while (length) {
		const char *end = memchr(text, '\n', length);
		size_t size = end ? (size_t)(end - text) : length;
		struct strbuf *line = open_line(lines);
		size_t room = LAST_LINE_MAX - line->length;

		strbuf_put(line, text, size < room ? size : room);
		lines->is_open = !end;
		size += end ? 1 : 0;
		text += size;
		length -= size;
	}
}

size_t last_lines_count(const struct last_lines *lines)
{
	return lines->total < LAST_LINES ? (size_t)lines->total : LAST_LINES;
}

const struct strbuf *last_lines_get(const struct last_lines *lines, size_t index)
{
	return &lines->lines[(lines->total - last_lines_count(lines) + index) % LAST_LINES];
}

void last_lines_free(struct last_lines *lines)
{
	for (size_t i = 0; i < LAST_LINES; i++)
		strbuf_free(&lines->lines[i]);
	*lines = (struct last_lines){0};
}
