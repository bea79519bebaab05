#include "output/value_typed.h"

#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "binary/code_lines.h"
#include "output/elements.h"
#include "output/facts.h"
#include "output/frames.h"
#include "output/json_members.h"
#include "output/stacks.h"
#include "output/value.h"
#include "output/value_json.h"
#include "session/session.h"
#include "symbols/symbols.h"

static void put_fields_type(struct strbuf *to, const struct value_context *context,
			    const struct mf_type *type)
{
	json_member_begin(to, "fields");
	strbuf_char(to, '[');
	for (uint32_t i = 0; i < type->field_count; i++) {
		if (i)
			strbuf_text(to, ", ");
		if (type->kind == MF_RECORD) {
			strbuf_text(to, "{\"name\": ");
			json_string(to, type->fields[i].name);
			json_member_begin(to, "type");
		}
		typed_type(to, context, type->fields[i].type);
		if (type->kind == MF_RECORD)
			strbuf_char(to, '}');
	}
	strbuf_char(to, ']');
}

void typed_type(struct strbuf *to, const struct value_context *context, const struct mf_type *type)
{
	strbuf_text(to, "{\"kind\": \"");
	strbuf_text(to, mf_type_kind_names[type->kind]);
	strbuf_char(to, '"');
	switch (type->kind) {
	case MF_INT:
		json_member_i64(to, "size", type->size);
		json_member_begin(to, "signed");
		strbuf_text(to, type->is_signed ? "true" : "false");
		break;
	case MF_ENUM:
		if (context->session->enums[type->enumeration].name)
			json_member_text(to, "enum",
					 context->session->enums[type->enumeration].name);
		break;
	case MF_NAME:
		json_member_text(to, "of", mf_name_space_names[type->name_space]);
		break;
	case MF_STACK:
		json_member_text(
			to, "of",
			mf_stack_space_names[type->user_stack ? MF_STACK_USER : MF_STACK_KERNEL]);
		json_member_text(to, "mode", mf_stack_mode_names[type->stack_mode]);
		break;
	case MF_ARRAY:
		json_member_begin(to, "element");
		typed_type(to, context, type->element);
		json_member_i64(to, "count", type->count);
		break;
	case MF_TUPLE:
	case MF_RECORD:
		put_fields_type(to, context, type);
		break;
	case MF_LHIST:
		json_member_begin(to, "min");
		json_i64(to, type->min);
		json_member_begin(to, "max");
		json_i64(to, type->max);
		json_member_begin(to, "step");
		json_i64(to, type->step);
		break;
	case MF_TSERIES:
		json_member_begin(to, "interval");
		json_u64(to, type->interval);
		break;
	default:
		break;
	}
	strbuf_char(to, '}');
}

static void put_frame(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const struct stack_frames *frames, uint32_t index)
{
	uint64_t address = frames->addresses[index];
	struct symbol_place place;
	struct symbol symbol;
	bool has_place;

	if (type->user_stack && address == STACK_UNWIND_FAILURE) {
		strbuf_text(to, "{\"name\": \"[unwind failure]\"}");
		return;
	}
	if (!stacks_name_frame(context, type->stack_mode, type->user_stack, frames->pid,
			       frames->addresses, index, &symbol))
		symbol = (struct symbol){0};
	frame_typed_inlined(to, &symbol, address);
	strbuf_char(to, '{');
	frame_typed_address(to, address);
	frame_typed_symbol(to, &symbol);
	if (symbol.frame_count)
		frame_typed_source(to, symbol.frames[symbol.frame_count - 1].line);
	has_place = type->user_stack && facts_place(context->facts, frames->pid, address, &place);
	if (has_place) {
		if (!symbol.module && place.module)
			json_member_text(to, "module", place.module);
		frame_typed_file(to, place.build_id, place.build_id_size, place.offset);
	}
	strbuf_char(to, '}');
}

static void put_build_id_frame(struct strbuf *to, const struct value_context *context, uint32_t pid,
			       const struct bpf_stack_build_id *frame, bool is_return)
{
	struct symbol symbol = {0};
	uint64_t offset = 0;
	uint32_t size = 0;
	const uint8_t *id = stacks_build_id(context, pid, frame, &size, &offset);

	if (!id) {
		strbuf_char(to, '{');
		frame_typed_address(to, frame->ip);
		strbuf_char(to, '}');
		return;
	}
	if (facts_by_id(context->facts, id, size, offset, is_return, &symbol))
		frame_typed_inlined_in(to, &symbol, id, size, offset);
	strbuf_char(to, '{');
	frame_typed_place(to, id, size, offset);
	frame_typed_symbol(to, &symbol);
	if (symbol.frame_count)
		frame_typed_source(to, symbol.frames[symbol.frame_count - 1].line);
	strbuf_char(to, '}');
}

static void put_stack(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const uint8_t *token)
{
	struct stack_frames frames;

	stacks_read(&frames, context, type, token);
	strbuf_char(to, '[');
	for (uint32_t i = 0; i < frames.count; i++) {
		if (i)
			strbuf_text(to, ", ");
		if (frames.build_ids)
			put_build_id_frame(to, context, frames.pid, &frames.build_ids[i], i > 0);
		else
			put_frame(to, context, type, &frames, i);
	}
	strbuf_char(to, ']');
}

static void put_address(struct strbuf *to, const struct value_context *context,
			const struct mf_type *type, const uint8_t *data)
{
	uint64_t address = value_load(data, 8, false);
	struct symbol symbol;
	bool found;

	if (type->kind == MF_USYM)
		found = facts_user(context->facts, (uint32_t)value_load(data + 8, 4, false),
				   address, &symbol);
	else
		found = facts_kernel(context->facts, address, &symbol);
	strbuf_char(to, '{');
	frame_typed_address(to, address);
	if (found)
		frame_typed_symbol(to, &symbol);
	strbuf_char(to, '}');
}

/* A number that has a name: both. */
static void put_named(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const uint8_t *data)
{
	uint64_t number =
		type->kind == MF_ENUM ? value_number(type, data) : value_load(data, 8, false);
	size_t start;

	strbuf_text(to, "{\"name\": ");
	start = to->length;
	value_text(to, context, type, data);
	json_quote(to, start);
	json_member_begin(to, "number");
	if (value_is_signed(type))
		json_i64(to, (int64_t)number);
	else
		json_u64(to, number);
	strbuf_char(to, '}');
}

static const struct elements_form list_form = {"[", ", ", "]", NULL};

void typed_value(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		 const uint8_t *data)
{
	switch (type->kind) {
	case MF_POINTER:
		frame_typed_hex(to, value_load(data, 8, false));
		break;
	case MF_KSYM:
	case MF_USYM:
		put_address(to, context, type, data);
		break;
	case MF_ENUM:
	case MF_NAME:
		put_named(to, context, type, data);
		break;
	case MF_STACK:
		put_stack(to, context, type, data);
		break;
	case MF_ARRAY:
	case MF_TUPLE:
		elements_put(to, context, type, data, &list_form, typed_value);
		break;
	case MF_RECORD:
		elements_put(to, context, type, data, &json_record_form, typed_value);
		break;
	default:
		json_value(to, context, type, data);
		break;
	}
}

void typed_map_value(struct strbuf *to, const struct value_context *context,
		     const struct mf_type *type, const uint8_t *data, uint32_t div)
{
	switch (type->kind) {
	case MF_INT:
	case MF_COUNT:
	case MF_SUM:
	case MF_MIN:
	case MF_MAX:
	case MF_AVG:
	case MF_STATS:
	case MF_HIST:
	case MF_LHIST:
	case MF_TSERIES:
		json_map_value(to, context, type, data, div);
		break;
	default:
		typed_value(to, context, type, data);
		break;
	}
}

void typed_key(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
	       const uint8_t *data)
{
	if (type && type->kind == MF_TUPLE) {
		typed_value(to, context, type, data);
		return;
	}
	strbuf_char(to, '[');
	if (type)
		typed_value(to, context, type, data);
	strbuf_char(to, ']');
}

void typed_key_type(struct strbuf *to, const struct value_context *context,
		    const struct mf_type *type)
{
	strbuf_char(to, '[');
	if (type && type->kind == MF_TUPLE) {
		for (uint32_t i = 0; i < type->field_count; i++) {
			if (i)
				strbuf_text(to, ", ");
			typed_type(to, context, type->fields[i].type);
		}
	} else if (type) {
		typed_type(to, context, type);
	}
	strbuf_char(to, ']');
}
