#include "output/symbolize.h"

#include <string.h>

#include "binary/code_lines.h"
#include "output/frames.h"
#include "output/json_lines.h"
#include "output/place_text.h"
#include "output/symbolize_typed.h"
#include "output/value_json.h"
#include "symbols/saved_symbols.h"
#include "symbols/symbols.h"

#define UNKNOWN "[unknown]"

static bool find(const struct symbolizer *symbolizer, const struct place_text *place,
		 bool is_return, struct symbol *symbol)
{
	return place->id_size ? saved_symbols_place(symbolizer->symbols, place->id, place->id_size,
						    place->number, is_return, symbol)
			      : saved_symbols_address(symbolizer->symbols, place->number, is_return,
						      symbol);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (uint8_t)c >= 0x80;
}

/* ` <inner [inlined] @FILE:LINE, outer+3 @FILE:LINE>` */
static void put_beside(struct strbuf *to, const struct symbol *symbol)
{
	strbuf_text(to, " <");
	for (size_t i = 0; i < symbol->frame_count || i == 0; i++) {
		bool is_last = i + 1 >= symbol->frame_count;
		const struct code_frame *frame = symbol->frame_count ? &symbol->frames[i] : NULL;

		if (is_last) {
			strbuf_text(to, symbol->name);
			strbuf_char(to, '+');
			strbuf_u64(to, symbol->offset);
		} else {
			strbuf_text(to, frame->function ? frame->function : UNKNOWN);
			strbuf_text(to, " [inlined]");
		}
		if (frame && frame->line) {
			strbuf_text(to, " @");
			strbuf_text(to, frame->line);
		}
		if (!is_last)
			strbuf_text(to, ", ");
	}
	strbuf_char(to, '>');
}

/* Makes what stands behind `start` the inside of a JSON string. */
static void escape(struct strbuf *to, size_t start)
{
	json_quote(to, start);
	memmove(to->data + start, to->data + start + 1, to->length - start - 2);
	to->length -= 2;
}

/* The text with names beside each place in it; `in_json`: it is a string's inside. */
static void put_names_beside(const struct symbolizer *symbolizer, const char *text, size_t length,
			     bool is_return, bool in_json, struct strbuf *to)
{
	struct place_text place;
	struct symbol symbol;
	size_t used;

	for (size_t at = 0; at < length; at += used) {
		bool begins = at == 0 || !is_word(text[at - 1]);

		used = begins ? place_text_read(&place, text + at, length - at, false) : 0;
		if (!used) {
			strbuf_char(to, text[at]);
			used = 1;
			continue;
		}
		strbuf_put(to, text + at, used);
		/* A disassembler, a debugger or we have been there. */
		if (length - at - used >= 2 && memcmp(text + at + used, " <", 2) == 0)
			continue;
		if (find(symbolizer, &place, is_return, &symbol)) {
			size_t start = to->length;

			put_beside(to, &symbol);
			if (in_json)
				escape(to, start);
		}
	}
}

/* Frames in place of what filled a line, without their own indentation but that of the line. */
static void put_frames(struct strbuf *to, const struct place_text *place,
		       const struct symbol *symbol, const char *indent, size_t indent_length,
		       const char *line_feed)
{
	struct strbuf text = {0};
	size_t at = 0;

	frame_text(&text, place->number, symbol);
	while (at < text.length) {
		const char *line = text.data + at;
		const char *end = memchr(line, '\n', text.length - at);
		size_t length = end ? (size_t)(end - line) : text.length - at, start;

		at += length + (end != NULL);
		while (length && *line == ' ') {
			line++;
			length--;
		}
		strbuf_put(to, indent, indent_length);
		start = to->length;
		strbuf_put(to, line, length);
		if (*line_feed == '\\')
			escape(to, start);
		if (at < text.length)
			strbuf_text(to, line_feed);
	}
	strbuf_free(&text);
}

/* A line that is a place: true, and the stack goes on. */
static bool take_frame(struct symbolizer *symbolizer, const char *line, size_t length,
		       struct strbuf *to)
{
	size_t indent = 0, end = length;
	struct place_text place;
	struct symbol symbol;

	while (indent < end && is_blank(line[indent]))
		indent++;
	while (end > indent && is_blank(line[end - 1]))
		end--;
	if (indent == end ||
	    place_text_read(&place, line + indent, end - indent, true) != end - indent)
		return false;
	/* Without a letter, it is an address only where stacks stand. */
	if (place.is_decimal && !symbolizer->in_stack && !symbolizer->before_stack)
		return false;
	if (find(symbolizer, &place, symbolizer->in_stack, &symbol))
		put_frames(to, &place, &symbol, line, indent, "\n");
	else
		strbuf_put(to, line, length);
	return true;
}

/* "ADDRESS [unknown] (FILE)" */
static bool take_perf(const struct symbolizer *symbolizer, const char *line, size_t length,
		      bool is_return, bool in_json, struct strbuf *to)
{
	struct place_text place;
	struct symbol symbol;
	size_t used = place_text_read(&place, line, length, true), start;

	if (!used || length - used < strlen(UNKNOWN) + 3 ||
	    memcmp(line + used, " " UNKNOWN " (", strlen(UNKNOWN) + 3) != 0)
		return false;
	if (!find(symbolizer, &place, is_return, &symbol)) {
		strbuf_put(to, line, length);
		return true;
	}
	strbuf_put(to, line, used + 1);
	start = to->length;
	strbuf_text(to, symbol.name);
	if (in_json)
		escape(to, start);
	strbuf_char(to, '+');
	strbuf_u64(to, symbol.offset);
	used += 1 + strlen(UNKNOWN);
	strbuf_put(to, line + used, length - used);
	return true;
}

/* Where the number of a folded line begins, with the blank before it; 0: it is none. */
static size_t folded_end(const char *line, size_t length)
{
	size_t at = length;

	while (at && line[at - 1] >= '0' && line[at - 1] <= '9')
		at--;
	return at == length || at < 2 || line[at - 1] != ' ' ? 0 : at - 1;
}

/* "PART;PART NUMBER": the innermost is the last. */
static bool take_folded(const struct symbolizer *symbolizer, const char *line, size_t length,
			struct strbuf *to)
{
	size_t end = folded_end(line, length), start = to->length;
	bool has_place = false;

	for (size_t at = 0, part; end && at <= end; at += part + 1) {
		const char *semicolon = memchr(line + at, ';', end - at);
		struct place_text place;
		struct symbol symbol;
		bool is_place;

		part = semicolon ? (size_t)(semicolon - line) - at : end - at;
		is_place = part && place_text_read(&place, line + at, part, false) == part;
		has_place = has_place || is_place;
		if (is_place && find(symbolizer, &place, semicolon != NULL, &symbol)) {
			frame_folded(to, &symbol,
				     place.id_size || !saved_symbols_is_kernel(place.number));
			continue;
		}
		strbuf_put(to, line + at, part);
		strbuf_char(to, ';');
	}
	if (!has_place) {
		to->length = start;
		return false;
	}
	to->length--;
	strbuf_put(to, line + end, length - end);
	return true;
}

/* What stands between line feeds and commas in a string: elements of a key have a comma between. */
static size_t segment_end(const char *text, size_t length, size_t at)
{
	while (at < length && text[at] != ',' &&
	       !(text[at] == '\\' && at + 1 < length && text[at + 1] == 'n'))
		at += text[at] == '\\' && at + 1 < length ? 2 : 1;
	return at < length ? at : length;
}

/* One that is no place. */
static void put_segment(const struct symbolizer *symbolizer, const char *text, size_t length,
			bool in_stack, struct strbuf *to)
{
	bool has_tab = length > 2 && text[0] == '\\' && text[1] == 't';

	if (has_tab) {
		strbuf_put(to, text, 2);
		if (take_perf(symbolizer, text + 2, length - 2, in_stack, true, to))
			return;
		to->length -= 2;
	}
	put_names_beside(symbolizer, text, length, false, true, to);
}

/* The inside of a string of JSON. `is_printed`: numbers may stand in it as the script printed them.
 */
static void put_string(const struct symbolizer *symbolizer, const char *text, size_t length,
		       bool is_printed, struct strbuf *to)
{
	bool in_stack = false;

	for (size_t at = 0;;) {
		size_t end = segment_end(text, length, at);
		bool is_line = (at && text[at - 1] == 'n') || (end < length && text[end] == '\\');
		struct place_text place;
		struct symbol symbol;
		bool is_place = end > at &&
				place_text_read(&place, text + at, end - at, is_line) == end - at;

		if (is_place && place.is_decimal && is_printed && !in_stack)
			is_place = false;
		if (is_place && find(symbolizer, &place, in_stack, &symbol))
			put_frames(to, &place, &symbol, "", 0, "\\n");
		else if (is_place)
			strbuf_put(to, text + at, end - at);
		else
			put_segment(symbolizer, text + at, end - at, in_stack, to);
		if (end == length)
			return;
		/* Behind an empty line a stack begins. */
		in_stack = end > at && text[end] == '\\';
		strbuf_put(to, text + end, text[end] == '\\' ? 2 : 1);
		at = end + (text[end] == '\\' ? 2 : 1);
	}
}

/* Whether a line has a text that a script printed: in all others, numbers are no text. */
static bool is_printed_text(const char *line, size_t length)
{
	static const char start[] = "{\"type\": \"";

	for (size_t i = 0; i < sizeof(json_text_types) / sizeof(*json_text_types); i++) {
		size_t size = strlen(json_text_types[i]);

		if (length > strlen(start) + size && memcmp(line, start, strlen(start)) == 0 &&
		    memcmp(line + strlen(start), json_text_types[i], size) == 0)
			return true;
	}
	return false;
}

static void put_json(const struct symbolizer *symbolizer, const char *line, size_t length,
		     struct strbuf *to)
{
	bool is_printed = is_printed_text(line, length);

	for (size_t at = 0; at < length;) {
		const char *quote = memchr(line + at, '"', length - at);
		size_t begin = quote ? (size_t)(quote - line) + 1 : length, end = begin;

		strbuf_put(to, line + at, begin - at);
		while (end < length && line[end] != '"')
			end += line[end] == '\\' && end + 1 < length ? 2 : 1;
		if (begin < length)
			put_string(symbolizer, line + begin, end - begin, is_printed, to);
		at = end;
		if (at < length && quote)
			strbuf_char(to, line[at++]);
	}
}

/* The same behind a tab. */
static bool take_perf_line(const struct symbolizer *symbolizer, const char *line, size_t length,
			   struct strbuf *to)
{
	if (!length || line[0] != '\t')
		return false;
	strbuf_char(to, '\t');
	if (take_perf(symbolizer, line + 1, length - 1, symbolizer->in_stack, false, to))
		return true;
	to->length--;
	return false;
}

/* gdb's: `#1  0x... in f ()` is behind a call. */
static bool is_caller(const char *line, size_t length)
{
	return length > 1 && line[0] == '#' && line[1] >= '1' && line[1] <= '9';
}

void symbolize_line(struct symbolizer *symbolizer, const char *line, size_t length,
		    struct strbuf *to)
{
	bool is_frame = false;

	if (length && line[0] == '{') {
		if (symbolize_is_typed(line, length))
			symbolize_typed(symbolizer->symbols, line, length, to);
		else
			put_json(symbolizer, line, length, to);
	} else if (take_frame(symbolizer, line, length, to) ||
		   take_perf_line(symbolizer, line, length, to)) {
		is_frame = true;
	} else if (!take_folded(symbolizer, line, length, to)) {
		/* One that has a name already. */
		is_frame = length > 1 && is_blank(line[0]) && !is_blank(line[length - 1]);
		put_names_beside(symbolizer, line, length, is_caller(line, length), false, to);
	}
	symbolizer->in_stack = is_frame;
	symbolizer->before_stack = !length || line[length - 1] == '[' || line[length - 1] == ',';
}
