#include "output/symbolize_typed.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "output/frames.h"
#include "output/place_text.h"
#include "binary/code_lines.h"
#include "symbols/saved_symbols.h"
#include "symbols/symbols.h"

/* Arrays in one another; in deeper ones all frames are taken for the first of their stack. */
#define DEPTH_MOST 64
/* A frame that is longer has been made by nobody. */
#define FRAME_MOST 65536

/* How many bytes a text takes at the place, 0: it does not stand there. */
static size_t reads(const char *text, size_t length, const char *wanted)
{
	size_t size = strlen(wanted);

	return length >= size && memcmp(text, wanted, size) == 0 ? size : 0;
}

bool symbolize_is_typed(const char *line, size_t length)
{
	size_t at = reads(line, length, "{\"type\": \"");
	const char *quote = at ? memchr(line + at, '"', length - at) : NULL;

	return quote && reads(quote, length - (size_t)(quote - line), "\", \"boot\": ");
}

/* Behind the string that begins at `at`. */
static size_t string_end(const char *line, size_t length, size_t at)
{
	for (at++; at < length && line[at] != '"'; at++)
		at += line[at] == '\\';
	return at < length ? at + 1 : length;
}

/* Behind the object without others in it that begins at `at`; 0: there is none. */
static size_t object_end(const char *line, size_t length, size_t at)
{
	size_t most = length - at > FRAME_MOST ? at + FRAME_MOST : length;

	for (at++; at < most && line[at] != '{' && line[at] != '[';) {
		if (line[at] == '}')
			return at + 1;
		at = line[at] == '"' ? string_end(line, length, at) : at + 1;
	}
	return 0;
}

static bool number_of(const struct json *frame, const char *name, uint64_t *number)
{
	const struct json *member = json_member(frame, name);
	struct place_text place;

	if (!member || member->kind != JSON_STRING ||
	    place_text_read(&place, member->text, member->length, false) != member->length ||
	    place.id_size)
		return false;
	*number = place.number;
	return true;
}

/* What a frame says of itself. */
struct frame {
	bool has_address, has_id;
	uint64_t address;
	/* Build id and offset in the file. */
	struct place_text place;
};

static bool place_of(const struct json *json, struct frame *frame)
{
	const struct json *id = json_member(json, "build_id");
	char text[2 * PLACE_ID_MOST + 4];

	*frame = (struct frame){0};
	frame->has_address = number_of(json, "address", &frame->address);
	if (id && id->kind == JSON_STRING && id->length <= 2 * PLACE_ID_MOST) {
		uint64_t offset = 0;

		memcpy(text, id->text, id->length);
		memcpy(text + id->length, "+0x0", 4);
		frame->has_id = number_of(json, "file_offset", &offset) &&
				place_text_read(&frame->place, text, id->length + 4, false) ==
					id->length + 4 &&
				frame->place.id_size;
		frame->place.number = offset;
	}
	return frame->has_address || frame->has_id;
}

static bool find(struct saved_symbols *symbols, const struct frame *frame, bool is_return,
		 struct symbol *symbol)
{
	return frame->has_id ? saved_symbols_place(symbols, frame->place.id, frame->place.id_size,
						   frame->place.number, is_return, symbol)
			     : saved_symbols_address(symbols, frame->address, is_return, symbol);
}

/* The frame that stands there as it is, with what is new behind its members. */
static void put_named(struct strbuf *to, const char *text, size_t length, const struct frame *frame,
		      bool has_module, bool with_inlined, struct symbol *symbol)
{
	if (has_module)
		symbol->module = NULL;
	if (with_inlined && frame->has_address)
		frame_typed_inlined(to, symbol, frame->address);
	else if (with_inlined)
		frame_typed_inlined_in(to, symbol, frame->place.id, frame->place.id_size,
				       frame->place.number);
	strbuf_put(to, text, length - 1);
	frame_typed_symbol(to, symbol);
	if (symbol->frame_count)
		frame_typed_source(to, symbol->frames[symbol->frame_count - 1].line);
	strbuf_char(to, '}');
}

/* False: it is no frame, or has a name, or gets none. */
static bool take_frame(struct saved_symbols *symbols, const char *text, size_t length,
		       bool is_return, bool is_value, struct strbuf *to)
{
	struct arena arena = {0};
	struct json_error error;
	const struct json *json = json_parse(&arena, text, length, &error);
	struct symbol symbol;
	struct frame frame;
	bool found = json && json->kind == JSON_OBJECT && !json_member(json, "name") &&
		     place_of(json, &frame) && find(symbols, &frame, is_return, &symbol);

	if (found)
		put_named(to, text, length, &frame, json_member(json, "module"), !is_value,
			  &symbol);
	arena_free(&arena);
	return found;
}

void symbolize_typed(struct saved_symbols *symbols, const char *line, size_t length,
		     struct strbuf *to)
{
	/* By depth: frames were before in this array; it is a key, whose elements are values. */
	uint64_t has_frames = 0, is_key = 0;
	unsigned int depth = 0;

	for (size_t at = 0, used; at < length; at += used) {
		uint64_t bit = depth < DEPTH_MOST ? 1ull << depth : 0;

		used = 1;
		if (line[at] == '"') {
			used = string_end(line, length, at) - at;
		} else if (line[at] == '[') {
			depth++;
			bit = depth < DEPTH_MOST ? 1ull << depth : 0;
			has_frames &= ~bit;
			is_key &= ~bit;
			if (at >= 7 && reads(line + at - 7, 7, "\"key\": "))
				is_key |= bit;
		} else if (line[at] == ']') {
			depth -= depth > 0;
		} else if (reads(line + at, length - at, "{\"address\": ") ||
			   reads(line + at, length - at, "{\"build_id\": ")) {
			size_t end = object_end(line, length, at);
			bool is_return = (has_frames & bit) && !(is_key & bit);

			if (end) {
				used = end - at;
				has_frames |= bit;
				if (take_frame(symbols, line + at, used, is_return, is_key & bit,
					       to))
					continue;
			}
		}
		strbuf_put(to, line + at, used);
	}
}
