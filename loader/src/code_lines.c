#include "code_lines.h"

#include <stdlib.h>

#include "source_line.h"
#include "strbuf.h"

/* What one address stands for; the texts stand behind the frames, in the same memory. */
struct code_frames {
	size_t count;
	struct code_frame frames[];
};

static void open_debug(struct code_lines *lines, const void *bytes, size_t size, const char *path,
		       const char *folders)
{
	lines->opened = true;
	if (!elf_image_read(&lines->image, bytes, size) ||
	    !debug_file_open(&lines->debug, &lines->image, path, folders))
		return;
	lines->lines = source_lines_read(&lines->debug);
	if (!lines->lines)
		debug_file_close(&lines->debug);
}

static struct code_frames *look_up(const struct code_lines *lines, uint64_t address)
{
	struct strbuf text = {0};
	struct code_frames *frames = NULL;
	bool found = source_lines_find(lines->lines, address, &text);

	strbuf_char(&text, '\0');
	if (!text.failed)
		frames = calloc(1, sizeof(*frames) + sizeof(*frames->frames) + text.length);
	if (frames && found) {
		char *copy = (char *)(frames->frames + 1);

		memcpy(copy, text.data, text.length);
		frames->count = 1;
		frames->frames[0].line = copy;
	}
	strbuf_free(&text);
	return frames;
}

size_t code_lines_find(struct code_lines *lines, const void *bytes, size_t size, const char *path,
		       const char *folders, uint64_t address, const struct code_frame **frames)
{
	struct code_frames *known;

	if (!lines->opened)
		open_debug(lines, bytes, size, path, folders);
	if (!lines->lines)
		return 0;
	known = id_table_find(&lines->frames, address);
	if (!known) {
		known = look_up(lines, address);
		if (!known || !id_table_add(&lines->frames, address, known)) {
			free(known);
			return 0;
		}
	}
	*frames = known->frames;
	return known->count;
}

void code_lines_free(struct code_lines *lines)
{
	id_table_free(&lines->frames, free);
	source_lines_free(lines->lines);
	if (lines->lines)
		debug_file_close(&lines->debug);
	*lines = (struct code_lines){0};
}
