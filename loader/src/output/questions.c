#include "output/questions.h"

#include <bpf/bpf.h>

#include "output/facts.h"
#include "output/series.h"
#include "output/stacks.h"
#include "output/value.h"
#include "symbols/symbols.h"

/* The table of stacks is begun anew then: it is only there to save time. */
#define STACKS_MOST 65536
#define SECOND 1000000000u

bool questions_has(const struct mf_type *type)
{
	switch (type->kind) {
	case MF_KSYM:
	case MF_USYM:
	case MF_STACK:
	case MF_TIMESTAMP:
	case MF_TSERIES:
	case MF_NAME:
	case MF_CGROUP_PATH:
	case MF_PROBE:
		return true;
	case MF_ARRAY:
		return questions_has(type->element);
	case MF_TUPLE:
	case MF_RECORD:
		for (uint32_t i = 0; i < type->field_count; i++)
			if (questions_has(type->fields[i].type))
				return true;
		return false;
	default:
		return false;
	}
}

static void keep(void *item)
{
	(void)item;
}

void questions_forget(struct questions *questions)
{
	id_table_free(&questions->stacks, keep);
}

/* True: all frames are known. */
static bool ask_addresses(const struct value_context *context, const struct mf_type *type,
			  const struct stack_frames *frames)
{
	bool are_known = true;

	for (uint32_t i = 0; i < frames->count; i++) {
		uint64_t address = frames->addresses[i];
		struct symbol_place place;
		struct symbol symbol;

		if (type->user_stack && address == STACK_UNWIND_FAILURE)
			continue;
		if (type->stack_mode != MF_STACK_RAW &&
		    !stacks_name_frame(context, type->stack_mode, type->user_stack, frames->pid,
				       frames->addresses, i, &symbol))
			are_known = false;
		if (type->user_stack && !facts_place(context->facts, frames->pid, address, &place))
			are_known = false;
	}
	return are_known;
}

static bool ask_build_ids(const struct value_context *context, const struct stack_frames *frames)
{
	bool are_known = true;
	uint64_t offset;
	uint32_t size;

	for (uint32_t i = 0; i < frames->count; i++)
		if (!stacks_build_id(context, frames->pid, &frames->build_ids[i], &size, &offset))
			are_known = false;
	return are_known;
}

static uint64_t stack_key(const struct mf_type *type, const uint8_t *token)
{
	uint64_t id = value_load(token, 8, false), pid = value_load(token + 8, 8, false);

	return (id ^ pid * 0x9e3779b97f4a7c15u) * 16 + type->stack_mode * 2 + type->user_stack;
}

static void ask_stack(struct questions *questions, const struct mf_type *type, const uint8_t *token)
{
	const struct value_context *context = questions->context;
	uint64_t key = stack_key(type, token);
	uintptr_t generation = (uintptr_t)facts_generation(context->facts) + 1;
	uintptr_t known = (uintptr_t)id_table_find(&questions->stacks, key);
	struct stack_frames frames;
	bool are_known;

	if (known == generation)
		return;
	stacks_read(&frames, context, type, token);
	are_known = frames.build_ids ? ask_build_ids(context, &frames)
				     : ask_addresses(context, type, &frames);
	if (!frames.count || !are_known)
		return;
	if (questions->stacks.count >= STACKS_MOST)
		questions_forget(questions);
	/* What was read meanwhile is known, too. */
	generation = (uintptr_t)facts_generation(context->facts) + 1;
	if (id_table_find(&questions->stacks, key))
		id_table_replace(&questions->stacks, key, (void *)generation);
	else
		id_table_add(&questions->stacks, key, (void *)generation);
}

static void ask_elements(struct questions *questions, const struct mf_type *type,
			 const uint8_t *data)
{
	uint32_t count = type->kind == MF_ARRAY ? type->count : type->field_count;
	uint8_t room[8];

	for (uint32_t i = 0; i < count; i++) {
		const struct mf_type *element =
			type->kind == MF_ARRAY ? type->element : type->fields[i].type;

		if (type->kind == MF_ARRAY)
			questions_ask(questions, element, data + (size_t)i * element->size);
		else if (questions_has(element))
			questions_ask(questions, element,
				      value_of_field(&type->fields[i], data, room));
	}
}

/* What is read of them has no other meaning than to be asked for. */
static void ask_by_text(const struct value_context *context, const struct mf_type *type,
			const uint8_t *data)
{
	struct strbuf text = {0};

	value_text(&text, context, type, data);
	if (type->kind == MF_TSERIES)
		series_json(&text, context->clock, type, data, 1);
	strbuf_free(&text);
}

void questions_ask(struct questions *questions, const struct mf_type *type, const uint8_t *data)
{
	const struct value_context *context = questions->context;
	struct symbol symbol;

	switch (type->kind) {
	case MF_KSYM:
		facts_kernel(context->facts, value_load(data, 8, false), &symbol);
		break;
	case MF_USYM:
		facts_user(context->facts, (uint32_t)value_load(data + 8, 4, false),
			   value_load(data, 8, false), &symbol);
		break;
	case MF_STACK:
		ask_stack(questions, type, data);
		break;
	case MF_TIMESTAMP:
		wall_clock_local(
			context->clock,
			(int64_t)(wall_clock_of_boot(context->clock, value_load(data, 8, false)) /
				  SECOND));
		break;
	case MF_PROBE:
		facts_probe(context->facts, value_load(data, 8, false));
		break;
	case MF_NAME:
	case MF_CGROUP_PATH:
	case MF_TSERIES:
		ask_by_text(context, type, data);
		break;
	case MF_ARRAY:
		if (!questions_has(type->element))
			break;
		ask_elements(questions, type, data);
		break;
	case MF_TUPLE:
	case MF_RECORD:
		ask_elements(questions, type, data);
		break;
	default:
		break;
	}
}
