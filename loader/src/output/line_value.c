#include "output/line_value.h"

#include <linux/bpf.h>

#include "output/elements.h"
#include "output/stacks.h"
#include "symbols/symbols.h"

/* Frames of a stack that are named. */
#define MOST_FRAMES 16
/* Bytes of a build id that are shown of it: as many as git shows. */
#define SHORT_ID 4

static void put_frame(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const struct stack_frames *frames, uint32_t index)
{
	struct symbol symbol;

	if (type->user_stack && frames->addresses[index] == STACK_UNWIND_FAILURE) {
		strbuf_text(to, "<unwind failure>");
		return;
	}
	/* Without lines: tables of them can be large, and a screen does not wait. */
	if (type->stack_mode != MF_STACK_RAW &&
	    stacks_name_frame(context, MF_STACK_PERF, type->user_stack, frames->pid,
			      frames->addresses, index, &symbol) &&
	    symbol.name) {
		strbuf_text(to, symbol.name);
		return;
	}
	strbuf_text(to, "0x");
	strbuf_hex(to, frames->addresses[index]);
}

static void put_build_id(struct strbuf *to, const struct value_context *context, uint32_t pid,
			 const struct bpf_stack_build_id *frame)
{
	uint64_t offset = frame->ip;
	uint32_t size;
	const uint8_t *id = stacks_build_id(context, pid, frame, &size, &offset);

	if (id) {
		stacks_build_id_text(to, id, size < SHORT_ID ? size : SHORT_ID);
		strbuf_char(to, '+');
	}
	strbuf_text(to, "0x");
	strbuf_hex(to, offset);
}

static void put_stack(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const uint8_t *token)
{
	struct stack_frames frames;

	stacks_read(&frames, context, type, token);
	if (!frames.count)
		strbuf_text(to, "[no stack]");
	for (uint32_t i = 0; i < frames.count && i < MOST_FRAMES; i++) {
		if (i)
			strbuf_text(to, " < ");
		if (frames.build_ids)
			put_build_id(to, context, frames.pid, &frames.build_ids[i]);
		else
			put_frame(to, context, type, &frames, i);
	}
	if (frames.count > MOST_FRAMES)
		strbuf_text(to, " < ...");
}

void line_value(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		const uint8_t *data)
{
	switch (type->kind) {
	case MF_STACK:
		put_stack(to, context, type, data);
		break;
	case MF_ARRAY:
	case MF_TUPLE:
	case MF_RECORD:
		elements_put(to, context, type, data, elements_text_form(type), line_value);
		break;
	default:
		value_text(to, context, type, data);
	}
}

void line_key(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
	      const uint8_t *data)
{
	size_t start = to->length;

	line_value(to, context, type, data);
	value_key_end(to, type, start);
}
