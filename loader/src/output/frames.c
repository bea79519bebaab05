#include "output/frames.h"

#include <stdlib.h>
#include <string.h>

#include "base/terminal_text.h"
#include "binary/code_lines.h"
#include "output/json_members.h"
#include "output/stacks.h"
#include "output/value_json.h"
#include "symbols/symbols.h"

static void put_line(struct strbuf *to, const struct code_frame *frame)
{
	if (frame->line) {
		strbuf_text(to, " @");
		strbuf_text(to, frame->line);
	}
}

void frame_text(struct strbuf *to, uint64_t address, const struct symbol *symbol)
{
	for (size_t i = 0; i + 1 < symbol->frame_count; i++) {
		const struct code_frame *frame = &symbol->frames[i];

		strbuf_text(to, "        ");
		strbuf_text(to, frame->function ? frame->function : "[unknown]");
		strbuf_text(to, " [inlined]");
		put_line(to, frame);
		strbuf_char(to, '\n');
	}
	strbuf_text(to, "        ");
	if (symbol->name) {
		strbuf_text(to, symbol->name);
		strbuf_char(to, '+');
		strbuf_u64(to, symbol->offset);
	} else {
		strbuf_text(to, "0x");
		strbuf_hex(to, address);
	}
	if (symbol->frame_count)
		put_line(to, &symbol->frames[symbol->frame_count - 1]);
}

/* What stands behind `start` becomes a part of a line: one character of it can be neither a
 * separator nor a control character. */
void folded_part_end(struct strbuf *to, size_t start)
{
	size_t used = start;
	bool harmful;

	if (to->length == start)
		strbuf_text(to, "[empty]");
	for (size_t i = start, length; i < to->length; i += length) {
		length =
			terminal_character((const uint8_t *)to->data + i, to->length - i, &harmful);
		if (harmful || to->data[i] == '\n' || to->data[i] == '\t') {
			to->data[used++] = '?';
		} else if (to->data[i] == ';') {
			to->data[used++] = ':';
		} else {
			memmove(to->data + used, to->data + i, length);
			used += length;
		}
	}
	to->length = used;
	strbuf_char(to, ';');
}

void folded_part(struct strbuf *to, const char *text, const char *mark)
{
	size_t start = to->length;

	strbuf_text(to, text);
	strbuf_text(to, mark);
	folded_part_end(to, start);
}

/* A frame whose function is not known: the file it is in, as far as that is known. */
static void put_nameless(struct strbuf *to, const char *module)
{
	const char *base = module ? strrchr(module, '/') : NULL;
	size_t start = to->length;

	base = base ? base + 1 : module;
	if (base && base[0] == '[') {
		folded_part(to, base, "");
		return;
	}
	strbuf_char(to, '[');
	strbuf_text(to, base ? base : "unknown");
	strbuf_char(to, ']');
	folded_part_end(to, start);
}

void frame_folded(struct strbuf *to, const struct symbol *symbol, bool user)
{
	bool is_jit = symbol->module && strcmp(symbol->module, SYMBOLS_JIT) == 0;

	if (symbol->name)
		folded_part(to, symbol->name, !user ? "_[k]" : is_jit ? "_[j]" : "");
	else
		put_nameless(to, symbol->module);
	/* The last of them is the function itself; the first is the innermost. */
	for (size_t i = symbol->frame_count; i > 1; i--) {
		const char *function = symbol->frames[i - 2].function;

		folded_part(to, function ? function : "[unknown]", "_[i]");
	}
}

void frame_typed_hex(struct strbuf *to, uint64_t number)
{
	strbuf_text(to, "\"0x");
	strbuf_hex(to, number);
	strbuf_char(to, '"');
}

void frame_typed_symbol(struct strbuf *to, const struct symbol *symbol)
{
	if (symbol->name) {
		json_member_text(to, "name", symbol->name);
		json_member_begin(to, "offset");
		json_u64(to, symbol->offset);
	}
	if (symbol->module)
		json_member_text(to, "module", symbol->module);
}

/* FILE:LINE as two members. */
void frame_typed_source(struct strbuf *to, const char *source)
{
	const char *colon = source ? strrchr(source, ':') : NULL;
	size_t start;

	if (!colon)
		return;
	json_member_begin(to, "file");
	start = to->length;
	strbuf_put(to, source, (size_t)(colon - source));
	json_quote(to, start);
	json_member_i64(to, "line", strtol(colon + 1, NULL, 10));
}

void frame_typed_file(struct strbuf *to, const uint8_t *id, uint32_t size, uint64_t offset)
{
	if (id) {
		json_member_begin(to, "build_id");
		strbuf_char(to, '"');
		stacks_build_id_text(to, id, size);
		strbuf_char(to, '"');
	}
	json_member_begin(to, "file_offset");
	frame_typed_hex(to, offset);
}

/* Begins with the members that say where a frame is. */
static void put_inlined(struct strbuf *to, const struct symbol *symbol, const struct strbuf *where)
{
	for (size_t i = 0; i + 1 < symbol->frame_count; i++) {
		strbuf_char(to, '{');
		strbuf_put(to, where->data, where->length);
		if (symbol->frames[i].function)
			json_member_text(to, "name", symbol->frames[i].function);
		if (symbol->module)
			json_member_text(to, "module", symbol->module);
		frame_typed_source(to, symbol->frames[i].line);
		strbuf_text(to, ", \"inlined\": true}, ");
	}
}

void frame_typed_address(struct strbuf *to, uint64_t address)
{
	strbuf_text(to, "\"address\": ");
	frame_typed_hex(to, address);
}

void frame_typed_place(struct strbuf *to, const uint8_t *id, uint32_t size, uint64_t offset)
{
	strbuf_text(to, "\"build_id\": \"");
	stacks_build_id_text(to, id, size);
	strbuf_text(to, "\", \"file_offset\": ");
	frame_typed_hex(to, offset);
}

void frame_typed_inlined(struct strbuf *to, const struct symbol *symbol, uint64_t address)
{
	struct strbuf where = {0};

	frame_typed_address(&where, address);
	put_inlined(to, symbol, &where);
	strbuf_free(&where);
}

void frame_typed_inlined_in(struct strbuf *to, const struct symbol *symbol, const uint8_t *id,
			    uint32_t size, uint64_t offset)
{
	struct strbuf where = {0};

	frame_typed_place(&where, id, size, offset);
	put_inlined(to, symbol, &where);
	strbuf_free(&where);
}
