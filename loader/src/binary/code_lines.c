#include "binary/code_lines.h"

#include <stdlib.h>

#include "base/memory.h"
#include "binary/demangle.h"
#include "binary/dwarf_line.h"
#include "binary/inline_calls.h"
#include "binary/source_line.h"
#include "base/strbuf.h"

/* For finding the line of one address, and for each call that was inlined there. */
#define LINE_STEPS (16u << 20)

/* What one address stands for; the texts stand behind the frames, in the same memory. */
struct code_frames {
	size_t count;
	struct code_frame frames[];
};

static bool find_debug(struct code_lines *lines, const struct code_source *source)
{
	if (!lines->sought) {
		lines->sought = true;
		lines->found = debug_file_find(&lines->debug, source->image, source->path,
					       source->folders);
	}
	return lines->found;
}

static void read_debug(struct code_lines *lines, const struct code_source *source)
{
	lines->read = true;
	if (!find_debug(lines, source) || !debug_file_read_lines(&lines->debug, source->image))
		return;
	lines->lines = source_lines_read(&lines->debug);
	if (!lines->lines)
		return;
	debug_file_read_info(&lines->debug, source->image);
	lines->calls = inline_calls_read(&lines->debug);
}

/* Texts of frames while they are gathered: each ends with a NUL. */
struct texts {
	struct strbuf bytes;
	/* Where function and line of each begin; SIZE_MAX: it has none. */
	size_t functions[INLINE_CALLS_MAX + 1], lines[INLINE_CALLS_MAX + 1];
};

static size_t put_name(struct strbuf *to, const char *name, bool readable)
{
	size_t start = to->length;

	if (!*name)
		return SIZE_MAX;
	if (!readable || !demangle(to, name, DEMANGLE_FULL))
		strbuf_text(to, name);
	strbuf_char(to, '\0');
	return start;
}

/* Puts the folder before the path that begins at `start`, if that is relative: tables up to DWARF 4
 * leave out the one of the compilation. */
static void complete_path(struct strbuf *to, size_t start, const char *folder)
{
	size_t length = to->length - start, more = strlen(folder);

	if (!more || !length || to->data[start] == '/')
		return;
	strbuf_reserve(to, more + 1);
	memmove(to->data + start + more + 1, to->data + start, length);
	memcpy(to->data + start, folder, more);
	to->data[start + more] = '/';
	to->length += more + 1;
}

static size_t put_call(struct strbuf *to, const struct code_lines *lines,
		       const struct inline_call *call, const char *folder)
{
	size_t start = to->length;
	struct dwarf_line_unit unit;
	uint64_t next;

	if (!call->line || !dwarf_line_unit_at(&unit, &lines->debug, call->lines, &next))
		return SIZE_MAX;
	dwarf_line_path(to, &unit, call->file);
	strbuf_char(to, ':');
	strbuf_u64(to, call->line);
	complete_path(to, start, folder);
	strbuf_char(to, '\0');
	return start;
}

/* The innermost is at the line of the address, each other at that of the call in it. */
static size_t gather(struct texts *texts, const struct code_lines *lines, uint64_t address,
		     bool readable)
{
	struct inline_call calls[INLINE_CALLS_MAX];
	size_t count = lines->calls ? inline_calls_find(lines->calls, address, calls) : 0;
	const char *folder = lines->calls ? inline_calls_folder(lines->calls, address) : "";
	struct strbuf *to = &texts->bytes;

	texts->lines[0] = 0;
	budget_begin(lines->debug.budget, LINE_STEPS);
	if (source_lines_find(lines->lines, address, to)) {
		complete_path(to, 0, folder);
		strbuf_char(to, '\0');
	} else if (count) {
		texts->lines[0] = SIZE_MAX;
	} else {
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		const struct inline_call *call = &calls[count - 1 - i];

		texts->functions[i] = put_name(to, call->name, readable);
		texts->lines[i + 1] = put_call(to, lines, call, folder);
	}
	texts->functions[count] = SIZE_MAX;
	return count + 1;
}

static struct code_frames *look_up(const struct code_lines *lines, uint64_t address, bool readable)
{
	struct texts texts = {0};
	size_t count = gather(&texts, lines, address, readable);
	struct code_frames *frames = memory_try_array(
		1, sizeof(*frames) + count * sizeof(*frames->frames) + texts.bytes.length);

	if (frames && count) {
		char *copy = (char *)(frames->frames + count);

		frames->count = count;
		if (texts.bytes.length)
			memcpy(copy, texts.bytes.data, texts.bytes.length);
		for (size_t i = 0; i < count; i++)
			frames->frames[i] = (struct code_frame){
				texts.functions[i] == SIZE_MAX ? NULL : copy + texts.functions[i],
				texts.lines[i] == SIZE_MAX ? NULL : copy + texts.lines[i],
			};
	}
	strbuf_free(&texts.bytes);
	return frames;
}

size_t code_lines_find(struct code_lines *lines, const struct code_source *source, uint64_t address,
		       const struct code_frame **frames)
{
	struct code_frames *known;

	if (!lines->read)
		read_debug(lines, source);
	if (!lines->lines)
		return 0;
	known = id_table_find(&lines->frames, address);
	if (!known) {
		known = look_up(lines, address, source->readable);
		if (!known)
			return 0;
		id_table_add(&lines->frames, address, known);
	}
	*frames = known->frames;
	return known->count;
}

const struct elf_image *code_lines_debug_image(struct code_lines *lines,
					       const struct code_source *source)
{
	return find_debug(lines, source) && lines->debug.image.view ? &lines->debug.image : NULL;
}

void code_lines_free(struct code_lines *lines)
{
	id_table_free(&lines->frames, free);
	inline_calls_free(lines->calls);
	source_lines_free(lines->lines);
	if (lines->found)
		debug_file_close(&lines->debug);
	*lines = (struct code_lines){0};
}
