#include "output/value_typed.h"

#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "binary/code_lines.h"
#include "output/elements.h"
#include "output/facts.h"
#include "output/json_lines.h"
#include "output/stacks.h"
#include "output/value.h"
#include "output/value_json.h"
#include "session/session.h"
#include "symbols/symbols.h"

static void begin_member(struct strbuf *to, const char *name)
{
	strbuf_text(to, ", \"");
	strbuf_text(to, name);
	strbuf_text(to, "\": ");
}

static void put_fields_type(struct strbuf *to, const struct value_context *context,
			    const struct mf_type *type)
{
	begin_member(to, "fields");
	strbuf_char(to, '[');
	for (uint32_t i = 0; i < type->field_count; i++) {
		if (i)
			strbuf_text(to, ", ");
		if (type->kind == MF_RECORD) {
			strbuf_text(to, "{\"name\": ");
			json_string(to, type->fields[i].name);
			begin_member(to, "type");
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
		begin_member(to, "signed");
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
		begin_member(to, "element");
		typed_type(to, context, type->element);
		json_member_i64(to, "count", type->count);
		break;
	case MF_TUPLE:
	case MF_RECORD:
		put_fields_type(to, context, type);
		break;
	case MF_LHIST:
		begin_member(to, "min");
		json_i64(to, type->min);
		begin_member(to, "max");
		json_i64(to, type->max);
		begin_member(to, "step");
		json_i64(to, type->step);
		break;
	case MF_TSERIES:
		begin_member(to, "interval");
		json_u64(to, type->interval);
		break;
	default:
		break;
	}
	strbuf_char(to, '}');
}

static void put_hex(struct strbuf *to, uint64_t number)
{
	strbuf_text(to, "\"0x");
	strbuf_hex(to, number);
	strbuf_char(to, '"');
}

static void put_symbol(struct strbuf *to, const struct symbol *symbol)
{
	if (symbol->name) {
		json_member_text(to, "name", symbol->name);
		begin_member(to, "offset");
		json_u64(to, symbol->offset);
	}
	if (symbol->module)
		json_member_text(to, "module", symbol->module);
}

/* FILE:LINE as two members. */
static void put_source(struct strbuf *to, const char *source)
{
	const char *colon = source ? strrchr(source, ':') : NULL;
	size_t start;

	if (!colon)
		return;
	begin_member(to, "file");
	start = to->length;
	strbuf_put(to, source, (size_t)(colon - source));
	json_quote(to, start);
	json_member_i64(to, "line", strtol(colon + 1, NULL, 10));
}

static void put_file(struct strbuf *to, const uint8_t *id, uint32_t size, uint64_t offset)
{
	if (id) {
		begin_member(to, "build_id");
		strbuf_char(to, '"');
		stacks_build_id_text(to, id, size);
		strbuf_char(to, '"');
	}
	begin_member(to, "file_offset");
	put_hex(to, offset);
}

/* Functions that were inlined at the address come first, as the inner ones. */
static void put_inlined(struct strbuf *to, const struct symbol *symbol, uint64_t address)
{
	for (size_t i = 0; i + 1 < symbol->frame_count; i++) {
		strbuf_text(to, "{\"address\": ");
		put_hex(to, address);
		if (symbol->frames[i].function)
			json_member_text(to, "name", symbol->frames[i].function);
		if (symbol->module)
			json_member_text(to, "module", symbol->module);
		put_source(to, symbol->frames[i].line);
		strbuf_text(to, ", \"inlined\": true}, ");
	}
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
	put_inlined(to, &symbol, address);
	strbuf_text(to, "{\"address\": ");
	put_hex(to, address);
	put_symbol(to, &symbol);
	if (symbol.frame_count)
		put_source(to, symbol.frames[symbol.frame_count - 1].line);
	has_place = type->user_stack && facts_place(context->facts, frames->pid, address, &place);
	if (has_place) {
		if (!symbol.module && place.module)
			json_member_text(to, "module", place.module);
		put_file(to, place.build_id, place.build_id_size, place.offset);
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
		strbuf_text(to, "{\"address\": ");
		put_hex(to, frame->ip);
		strbuf_char(to, '}');
		return;
	}
	if (facts_by_id(context->facts, id, size, offset, is_return, &symbol))
		put_inlined(to, &symbol, frame->ip);
	strbuf_text(to, "{\"build_id\": \"");
	stacks_build_id_text(to, id, size);
	strbuf_text(to, "\", \"file_offset\": ");
	put_hex(to, offset);
	put_symbol(to, &symbol);
	if (symbol.frame_count)
		put_source(to, symbol.frames[symbol.frame_count - 1].line);
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
	strbuf_text(to, "{\"address\": ");
	put_hex(to, address);
	if (found)
		put_symbol(to, &symbol);
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
	begin_member(to, "number");
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
		put_hex(to, value_load(data, 8, false));
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
