/*
 * Stacks for flame graphs: a line for each, as `PART;FRAME;FRAME NUMBER` with the outermost frame
 * first. Nothing else is on the output: what the script prints besides is text on standard error.
 * Functions carry the marks that flame graph tools know: _[k] in the kernel, _[i] inlined, _[j] of
 * a just-in-time compiler.
 */
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/memory.h"
#include "output/aside.h"
#include "output/cost_table.h"
#include "output/facts.h"
#include "output/frames.h"
#include "output/internal.h"
#include "output/stacks.h"
#include "output/test_results.h"
#include "session/session.h"

/* A stack's line without its number: bytes of a buffer. */
struct line {
	size_t start, length;
	uint64_t number;
};

struct lines {
	struct strbuf text;
	struct line *list;
	size_t count;
	bool is_signed;
};

static bool has_stack(const struct mf_type *type)
{
	switch (type->kind) {
	case MF_STACK:
		return true;
	case MF_ARRAY:
		return has_stack(type->element);
	case MF_TUPLE:
	case MF_RECORD:
		for (uint32_t i = 0; i < type->field_count; i++) {
			if (has_stack(type->fields[i].type))
				return true;
		}
		return false;
	default:
		return false;
	}
}

/* Numbers that can be added up over stacks. */
static bool is_folded(const struct mf_map *map)
{
	enum mf_type_kind kind = map->value->kind;

	return map->key && has_stack(map->key) &&
	       (kind == MF_INT || kind == MF_COUNT || kind == MF_SUM);
}

static bool has_several(const struct manifest *manifest)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < manifest->map_count; i++)
		count += is_folded(&manifest->maps[i]);
	return count > 1;
}

static void put_build_id(struct strbuf *to, const struct value_context *context, uint32_t pid,
			 const struct bpf_stack_build_id *frame, bool is_return)
{
	size_t start = to->length;
	uint64_t offset = frame->ip;
	struct symbol symbol;
	uint32_t size;
	const uint8_t *id = stacks_build_id(context, pid, frame, &size, &offset);

	if (id && facts_by_id(context->facts, id, size, offset, is_return, &symbol)) {
		frame_folded(to, &symbol, true);
		return;
	}
	if (id) {
		stacks_build_id_text(to, id, size);
		strbuf_char(to, '+');
	}
	strbuf_text(to, "0x");
	strbuf_hex(to, offset);
	folded_part_end(to, start);
}

static void put_frame(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const struct stack_frames *frames, uint32_t index)
{
	size_t start = to->length;
	struct symbol symbol;

	if (frames->build_ids) {
		put_build_id(to, context, frames->pid, &frames->build_ids[index], index > 0);
	} else if (type->user_stack && frames->addresses[index] == STACK_UNWIND_FAILURE) {
		folded_part(to, "[unwind failure]", "");
	} else if (stacks_name_frame(context, type->stack_mode, type->user_stack, frames->pid,
				     frames->addresses, index, &symbol)) {
		frame_folded(to, &symbol, type->user_stack);
	} else if (type->stack_mode == MF_STACK_RAW) {
		strbuf_text(to, "0x");
		strbuf_hex(to, frames->addresses[index]);
		folded_part_end(to, start);
	} else {
		folded_part(to, "[unknown]", type->user_stack ? "" : "_[k]");
	}
}

enum parts { PARTS_OTHER, PARTS_USER_STACKS, PARTS_KERNEL_STACKS };

/* Those parts of a key that are of the kind, in the order of the key. */
static void put_parts(struct strbuf *to, const struct value_context *context,
		      const struct mf_type *type, const uint8_t *data, enum parts parts)
{
	struct stack_frames frames;
	size_t start = to->length;
	uint8_t room[8];

	if (type->kind == MF_STACK) {
		if (parts != (type->user_stack ? PARTS_USER_STACKS : PARTS_KERNEL_STACKS))
			return;
		stacks_read(&frames, context, type, data);
		for (uint32_t i = frames.count; i > 0; i--)
			put_frame(to, context, type, &frames, i - 1);
	} else if (type->kind == MF_TUPLE || type->kind == MF_RECORD) {
		for (uint32_t i = 0; i < type->field_count; i++)
			put_parts(to, context, type->fields[i].type,
				  value_of_field(&type->fields[i], data, room), parts);
	} else if (type->kind == MF_ARRAY && has_stack(type)) {
		for (uint32_t i = 0; i < type->count; i++)
			put_parts(to, context, type->element,
				  data + (size_t)i * type->element->size, parts);
	} else if (parts == PARTS_OTHER) {
		value_text(to, context, type, data);
		folded_part_end(to, start);
	}
}

static void add_row(struct lines *lines, struct output *output, const struct map_view *view,
		    size_t row)
{
	const struct mf_type *key = map_rows_key_type(view->rows, row),
			     *type = view->rows->map->value;
	const uint8_t *data = map_rows_key(view->rows, row);
	struct line *line = &lines->list[lines->count++];
	struct strbuf *to = &lines->text;
	uint64_t number = value_number(type, map_rows_value(view->rows, row));
	size_t first;

	line->start = to->length;
	if (has_several(output->session->manifest))
		folded_part(to, view->rows->map->name, "");
	first = to->length;
	put_parts(to, &output->values, key, data, PARTS_OTHER);
	put_parts(to, &output->values, key, data, PARTS_USER_STACKS);
	put_parts(to, &output->values, key, data, PARTS_KERNEL_STACKS);
	if (to->length == first)
		folded_part(to, "[no stack]", "");
	line->length = to->length - line->start - 1;
	line->number =
		lines->is_signed ? (uint64_t)((int64_t)number / view->div) : number / view->div;
}

static int compare_lines(const void *left, const void *right, void *text)
{
	const struct line *a = left, *b = right;
	const struct strbuf *buffer = text;
	size_t shorter = a->length < b->length ? a->length : b->length;
	int order = memcmp(buffer->data + a->start, buffer->data + b->start, shorter);

	if (order)
		return order;
	return a->length < b->length ? -1 : a->length > b->length;
}

static int put_lines(struct output *output, const struct lines *lines)
{
	struct strbuf *to = &output->text;

	for (size_t i = 0; i < lines->count;) {
		const struct line *line = &lines->list[i];
		uint64_t number = 0;

		/* Places in one function are one frame. */
		while (i < lines->count &&
		       compare_lines(line, &lines->list[i], (void *)&lines->text) == 0)
			number += lines->list[i++].number;
		strbuf_put(to, lines->text.data + line->start, line->length);
		strbuf_char(to, ' ');
		if (lines->is_signed)
			strbuf_i64(to, (int64_t)number);
		else
			strbuf_u64(to, number);
		strbuf_char(to, '\n');
		if (output_settle(output) < 0)
			return -1;
	}
	return 0;
}

static int put_map(struct output *output, const struct map_view *view)
{
	const struct mf_map *map = view->rows->map;
	struct lines lines = {.is_signed = value_is_signed(map->value)};
	int result;

	if (!is_folded(map))
		return aside_map(output, view);
	lines.list = memory_array(view->count + 1, sizeof(*lines.list));
	for (size_t i = 0; i < view->count; i++)
		add_row(&lines, output, view, view->order[i]);
	if (lines.count)
		qsort_r(lines.list, lines.count, sizeof(*lines.list), compare_lines, &lines.text);
	result = put_lines(output, &lines);
	free(lines.list);
	strbuf_free(&lines.text);
	return result;
}

const struct renderer folded_renderer = {
	.tests = &text_test_renderer,
	.captures_commands = true,
	.text_begin = aside_text_begin,
	.text_end = aside_text_end,
	.value = aside_value,
	.map = put_map,
	.warning = aside_warning,
	.message = aside_message,
	.attached = aside_attached,
	.repeated = aside_repeated,
	.lost = aside_lost,
	.lost_total = aside_lost_total,
	.missed = aside_missed,
	.cost = text_put_cost,
	.end_of_run = aside_end_of_run,
};
