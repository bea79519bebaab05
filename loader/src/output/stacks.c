#include "output/stacks.h"

#include <stdlib.h>

#include <bpf/bpf.h>

#include "base/memory.h"
#include "output/facts.h"
#include "output/frames.h"
#include "session/session.h"
#include "symbols/symbols.h"

/* As perf calls the kernel's own image. */
#define KERNEL_MODULE "[kernel.kallsyms]"
#define UNKNOWN "[unknown]"

void stacks_open(struct value_context *context)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	context->stacks = session_map_fd(context->session, MF_MAP_STACKS);
	if (context->stacks < 0)
		return;
	if (bpf_obj_get_info_by_fd(context->stacks, &info, &size) < 0 ||
	    info.key_size != sizeof(uint64_t) ||
	    (info.type != BPF_MAP_TYPE_HASH && info.type != BPF_MAP_TYPE_LRU_HASH)) {
		/* Without frames, stacks print empty. */
		context->stacks = -1;
		return;
	}
	stacks_make_room(context, info.value_size);
}

void stacks_make_room(struct value_context *context, uint32_t room)
{
	context->stack_room = room;
	free(context->frames);
	context->frames = memory_zeroed(room + sizeof(uint64_t));
}

static void put_perf_frame(struct strbuf *to, uint64_t address, const struct symbol *symbol,
			   bool user)
{
	const char *module = symbol->module;

	if (!module)
		module = symbol->name && !user ? KERNEL_MODULE : UNKNOWN;
	strbuf_char(to, '\t');
	strbuf_hex(to, address);
	strbuf_char(to, ' ');
	if (symbol->name) {
		strbuf_text(to, symbol->name);
		strbuf_char(to, '+');
		strbuf_u64(to, symbol->offset);
	} else {
		strbuf_text(to, UNKNOWN);
	}
	strbuf_text(to, " (");
	strbuf_text(to, module);
	strbuf_char(to, ')');
}

bool stacks_name_frame(const struct value_context *context, enum mf_stack_mode mode, bool user,
		       uint32_t pid, const uint64_t *frames, uint32_t index, struct symbol *symbol)
{
	*symbol = (struct symbol){0};
	switch (mode) {
	case MF_STACK_BPFTRACE:
		if (user)
			return facts_user_source(context->facts, pid, frames[index], index > 0,
						 symbol);
		return facts_kernel(context->facts, frames[index], symbol);
	case MF_STACK_PERF:
		if (user)
			return facts_user(context->facts, pid, frames[index], symbol);
		return facts_kernel(context->facts, frames[index], symbol);
	case MF_STACK_RAW:
		/* Of a recording, if it is asked for. */
		return user && facts_are_named(context->facts) &&
		       facts_user_source(context->facts, pid, frames[index], index > 0, symbol);
	case MF_STACK_BUILD_ID:
		break;
	}
	return false;
}

void stacks_frames_text(struct strbuf *to, const struct value_context *context,
			enum mf_stack_mode mode, bool user, uint32_t pid, const uint64_t *frames,
			uint32_t count)
{
	strbuf_char(to, '\n');
	for (uint32_t i = 0; i < count; i++) {
		struct symbol symbol;

		if (user && frames[i] == STACK_UNWIND_FAILURE) {
			strbuf_text(to, "<unwind failure>\n");
			continue;
		}
		if (!stacks_name_frame(context, mode, user, pid, frames, i, &symbol))
			symbol = (struct symbol){0};
		switch (mode) {
		case MF_STACK_BPFTRACE:
			frame_text(to, frames[i], &symbol);
			break;
		case MF_STACK_PERF:
			put_perf_frame(to, frames[i], &symbol, user);
			break;
		case MF_STACK_RAW:
		case MF_STACK_BUILD_ID:
			/* Frames with build ids have a function of their own. */
			if (symbol.name)
				frame_text(to, frames[i], &symbol);
			else
				strbuf_hex(to, frames[i]);
			break;
		}
		strbuf_char(to, '\n');
	}
}

void stacks_build_id_text(struct strbuf *to, const uint8_t *id, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		strbuf_char(to, "0123456789abcdef"[id[i] >> 4]);
		strbuf_char(to, "0123456789abcdef"[id[i] & 15]);
	}
}

const uint8_t *stacks_build_id(const struct value_context *context, uint32_t pid,
			       const struct bpf_stack_build_id *frame, uint32_t *size,
			       uint64_t *offset)
{
	/* The kernel has none where it could not read the file just then
	 * (stack_map_get_build_id_offset, kernel/bpf/stackmap.c). */
	if (frame->status != BPF_STACK_BUILD_ID_VALID) {
		struct symbol_place place;

		if (!facts_place(context->facts, pid, frame->ip, &place) || !place.build_id)
			return NULL;
		*size = place.build_id_size;
		*offset = place.offset;
		return place.build_id;
	}
	*size = sizeof(frame->build_id);
	*offset = frame->offset;
	return frame->build_id;
}

void stacks_build_ids_text(struct strbuf *to, const struct value_context *context, uint32_t pid,
			   const struct bpf_stack_build_id *frames, uint32_t count)
{
	strbuf_char(to, '\n');
	for (uint32_t i = 0; i < count; i++) {
		uint64_t offset;
		uint32_t size;
		const uint8_t *id = stacks_build_id(context, pid, &frames[i], &size, &offset);

		struct symbol symbol;

		if (id && facts_by_id(context->facts, id, size, offset, i > 0, &symbol)) {
			frame_text(to, frames[i].ip, &symbol);
		} else if (id) {
			stacks_build_id_text(to, id, size);
			strbuf_text(to, " 0x");
			strbuf_hex(to, offset);
		} else {
			strbuf_hex(to, frames[i].ip);
		}
		strbuf_char(to, '\n');
	}
}

void stacks_read(struct stack_frames *frames, const struct value_context *context,
		 const struct mf_type *type, const uint8_t *token)
{
	uint64_t id = value_load(token, 8, false);
	uint32_t count = (uint32_t)value_load(token + 12, 4, false);
	bool build_ids = type->stack_mode == MF_STACK_BUILD_ID;
	size_t frame_size = build_ids ? sizeof(struct bpf_stack_build_id) : sizeof(uint64_t);

	if (count > context->stack_room / frame_size)
		count = (uint32_t)(context->stack_room / frame_size);
	if (count > type->stack_limit)
		count = type->stack_limit;
	/* Id 0: nothing was captured. Not found: the map was full. */
	if (!id || !context->frames ||
	    !facts_stack(context->facts, context->stacks, id, context->frames, context->stack_room))
		count = 0;
	*frames = (struct stack_frames){.pid = (uint32_t)value_load(token + 8, 4, false),
					.count = count};
	if (build_ids)
		frames->build_ids =
			(const struct bpf_stack_build_id *)(const void *)context->frames;
	else
		frames->addresses = context->frames;
}

void stacks_text(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		 const uint8_t *token)
{
	struct stack_frames frames;

	stacks_read(&frames, context, type, token);
	if (frames.build_ids)
		stacks_build_ids_text(to, context, frames.pid, frames.build_ids, frames.count);
	else
		stacks_frames_text(to, context, type->stack_mode, type->user_stack, frames.pid,
				   frames.addresses, frames.count);
}
