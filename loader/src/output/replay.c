#include "output/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/memory.h"
#include "output/cost_table.h"
#include "output/facts.h"
#include "output/internal.h"
#include "output/stacks.h"
#include "recording/encoding.h"
#include "session/session.h"

/* A stack has at most that many bytes: 1024 frames with build ids. */
#define STACK_ROOM_MOST (64u << 10)
/* Number of the event and of the CPU. */
#define EVENT_HEADER 8

#define DAMAGED (-1)

static int damaged(const struct replay *replay, struct failure *failure)
{
	return fail(failure, STATUS_OBJECT, "the recording is damaged at byte %llu",
		    (unsigned long long)replay->reader.place);
}

static int unreadable(const struct replay *replay, struct failure *failure)
{
	return fail(failure, STATUS_FAILED, "cannot read it: %s", strerror(replay->reader.error));
}

/* Reads the part that comes next. The result is an exit status. */
static int next(struct replay *replay, struct failure *failure)
{
	switch (reader_next(&replay->reader, &replay->kind, &replay->payload)) {
	case READER_PART:
		return STATUS_OK;
	case READER_FAILED:
		return unreadable(replay, failure);
	case READER_DAMAGED:
		return damaged(replay, failure);
	case READER_END:
	case READER_CUT:
		break;
	}
	fail(failure, STATUS_FAILED,
	     "the recording has no end: it was interrupted, or is cut, after %llu events",
	     (unsigned long long)replay->events);
	return fail_hint(failure, "What it holds is shown, without what came at the end.");
}

static const char *keep_text(struct replay *replay, const char *text)
{
	return text ? arena_text(&replay->arena, text, strlen(text)) : NULL;
}

static bool read_session(struct replay *replay, const char **trailer)
{
	struct decoder *from = &replay->payload;

	(void)decode_text(from);
	replay->release = keep_text(replay, decode_text(from));
	replay->machine = keep_text(replay, decode_text(from));
	*trailer = keep_text(replay, decode_text(from));
	replay->stack_room = decode_u32(from);
	return decode_ends(from) && replay->release && replay->machine && *trailer &&
	       replay->stack_room <= STACK_ROOM_MOST;
}

static int read_object(struct replay *replay, struct failure *failure)
{
	size_t size = (size_t)(replay->payload.end - replay->payload.at);
	uint8_t *bytes = memory_bytes(size);

	memcpy(bytes, replay->payload.at, size);
	return object_file_check(&replay->object, bytes, size, failure);
}

static bool read_enum(struct replay *replay)
{
	struct decoder *from = &replay->payload;
	struct mf_enum_value *values;
	struct mf_enum *into;
	uint64_t count;

	if (replay->enum_count == replay->object.manifest->enum_count)
		return false;
	into = &replay->enums[replay->enum_count++];
	into->name = keep_text(replay, decode_text(from));
	count = decode_number(from);
	/* Each takes two bytes, at least. */
	if (from->failed || count > (uint64_t)(from->end - from->at) / 2)
		return false;
	values = arena_array(&replay->arena, count + 1, sizeof(*values));
	for (uint64_t i = 0; i < count; i++) {
		values[i].name = keep_text(replay, decode_text(from));
		values[i].value = decode_signed(from);
		if (!values[i].name)
			return false;
	}
	into->values = values;
	into->value_count = (uint32_t)count;
	return decode_ends(from);
}

static bool read_parameter(struct replay *replay)
{
	const char *text = keep_text(replay, decode_text(&replay->payload));

	memory_grow(replay->parameters, replay->parameter_count, replay->parameter_room);
	replay->parameters[replay->parameter_count++] = text;
	return text && decode_ends(&replay->payload);
}

/* Enums and parameters, up to the first part that is neither. */
static int read_tables(struct replay *replay, struct failure *failure)
{
	for (;;) {
		int status = next(replay, failure);
		bool is_right;

		if (status != STATUS_OK)
			return status;
		if (replay->kind == PART_ENUM)
			is_right = read_enum(replay);
		else if (replay->kind == PART_PARAMETER)
			is_right = read_parameter(replay);
		else
			return replay->enum_count == replay->object.manifest->enum_count
				       ? STATUS_OK
				       : damaged(replay, failure);
		if (!is_right)
			return damaged(replay, failure);
	}
}

int replay_open(struct replay *replay, int fd, struct failure *failure)
{
	const char *trailer = "";
	struct manifest *manifest;
	int status;

	*replay = (struct replay){0};
	answers_init(&replay->answers);
	reader_open(&replay->reader, fd);
	status = reader_begin(&replay->reader, failure);
	if (status == STATUS_OK)
		status = next(replay, failure);
	if (status == STATUS_OK &&
	    (replay->kind != PART_SESSION || !read_session(replay, &trailer)))
		status = damaged(replay, failure);
	if (status == STATUS_OK)
		status = next(replay, failure);
	if (status == STATUS_OK && replay->kind != PART_OBJECT)
		status = damaged(replay, failure);
	if (status == STATUS_OK)
		status = read_object(replay, failure);
	if (status != STATUS_OK)
		return status;
	manifest = replay->object.manifest;
	manifest->config.str_trunc_trailer = trailer;
	replay->enums =
		arena_array(&replay->arena, manifest->enum_count + 1u, sizeof(*replay->enums));
	return read_tables(replay, failure);
}

void replay_free(struct replay *replay)
{
	reader_close(&replay->reader);
	answers_forget(&replay->answers);
	if (replay->has_rows)
		map_rows_free(&replay->rows);
	strbuf_free(&replay->text);
	free(replay->parameters);
	object_file_free(&replay->object);
	arena_free(&replay->arena);
}

void replay_begin(struct output *output)
{
	struct replay *replay = output->replay;

	facts_found_in(output->values.facts, &replay->answers);
	facts_name_from(output->values.facts, output->session->options->debug_folders,
			output->session->manifest->config.cpp_demangle);
	output->clock.facts = output->values.facts;
	output->clock.stands = true;
	output->clock.boot = 0;
	stacks_make_room(&output->values, replay->stack_room);
}

int replay_rows(struct map_rows *rows, struct output *output, const struct mf_map *map)
{
	struct replay *replay = output->replay;

	map_rows_none(rows, map);
	if (!replay->has_rows || replay->rows.map != map)
		return -ENOENT;
	*rows = replay->rows;
	replay->has_rows = false;
	return 0;
}

const struct strbuf *replay_text(struct output *output)
{
	struct replay *replay = output->replay;

	if (!replay->has_text)
		return NULL;
	replay->has_text = false;
	return &replay->text;
}

static bool take_answer(struct output *output)
{
	struct replay *replay = output->replay;
	struct decoder *from = &replay->payload;
	uint64_t size = decode_number(from);

	if (from->failed || size > (uint64_t)(from->end - from->at))
		return false;
	answers_put(&replay->answers, from->at, size, from->at + size,
		    (size_t)(from->end - from->at) - size);
	/* The time zone may be another, and its name elsewhere. */
	output->clock.second_known = false;
	return replay->answers.size <= ANSWERS_MOST;
}

static bool take_forget(struct output *output)
{
	answers_forget(&output->replay->answers);
	output->clock.second_known = false;
	return true;
}

/* The bytes of keys or values, if their size is one that the file can hold. */
static uint8_t *take_items(struct decoder *from, size_t count, size_t stride)
{
	uint64_t most = MEMORY_TIMES * (uint64_t)(from->end - from->at);
	uint8_t *items;

	if (count > most / stride)
		from->failed = true;
	items = from->failed ? NULL : memory_try_array(count + 1, stride);
	if (items)
		decode_memory(from, items, count * stride);
	else
		from->failed = true;
	return items;
}

static bool take_rows(struct output *output)
{
	struct replay *replay = output->replay;
	const struct manifest *manifest = output->session->manifest;
	struct decoder *from = &replay->payload;
	struct map_rows *rows = &replay->rows;
	uint32_t index = decode_u32(from), count = decode_u32(from);
	uint8_t *values;
	size_t end = 0;

	if (replay->has_rows)
		map_rows_free(rows);
	replay->has_rows = false;
	if (from->failed || index >= manifest->map_count)
		return false;
	map_rows_of_map(rows, &manifest->maps[index]);
	replay->has_rows = true;
	for (uint32_t i = 0; i < rows->map->store_count; i++) {
		size_t next = decode_u32(from);

		if (next < end || next > count)
			return false;
		end = rows->store_ends[i] = next;
	}
	/* A scalar has one value, and what has keys has its stores. */
	if (rows->map->key ? end != count : count > 1)
		return false;
	rows->keys = take_items(from, count, rows->key_stride);
	rows->count = rows->room = count;
	values = take_items(from, count, rows->values.size);
	return values && row_values_take(&rows->values, values, count) && decode_ends(from);
}

static bool take_text(struct replay *replay)
{
	strbuf_clear(&replay->text);
	strbuf_put(&replay->text, replay->payload.at,
		   (size_t)(replay->payload.end - replay->payload.at));
	replay->has_text = true;
	return true;
}

static const struct mf_event *take_event(struct output *output)
{
	const struct manifest *manifest = output->session->manifest;
	uint32_t index = decode_u32(&output->replay->payload);

	if (output->replay->payload.failed || index >= manifest->event_count)
		return NULL;
	return &manifest->events[index];
}

/* What shows nothing is not recorded; these do to the host what they say. */
static bool is_recorded(const struct mf_event *event)
{
	return event->kind == MF_EVENT_WARNING || mf_event_shows(event->kind);
}

static int show_event(struct output *output)
{
	const struct mf_event *event = take_event(output);
	uint8_t *record;
	uint32_t cpu;
	int result;

	if (!event || !is_recorded(event) || event->size < EVENT_HEADER)
		return DAMAGED;
	/* Records stand at multiples of 8. */
	record = memory_bytes(event->size);
	cpu = decode_u32(&output->replay->payload);
	memcpy(record, &event->index, sizeof(event->index));
	memcpy(record + sizeof(cpu), &cpu, sizeof(cpu));
	decode_memory(&output->replay->payload, record + EVENT_HEADER, event->size - EVENT_HEADER);
	output->replay->events++;
	result = decode_ends(&output->replay->payload)
			 ? output_event(output, event, record, event->size)
			 : DAMAGED;
	free(record);
	return result;
}

static int show_lost_control(struct output *output)
{
	const struct mf_event *event = take_event(output);

	if (!event || !is_recorded(event) || event->field_count ||
	    !decode_ends(&output->replay->payload))
		return DAMAGED;
	output->replay->events++;
	return output_lost_control(output, event);
}

static int show_map(struct output *output)
{
	const struct manifest *manifest = output->session->manifest;
	uint32_t index = decode_u32(&output->replay->payload);

	if (!decode_ends(&output->replay->payload) || index >= manifest->map_count)
		return DAMAGED;
	return output_dump_map(output, &manifest->maps[index]);
}

static int show_attached(struct output *output)
{
	uint32_t probes = decode_u32(&output->replay->payload);

	if (!decode_ends(&output->replay->payload))
		return DAMAGED;
	return output->session->options->quiet ? 0 : output_attached(output, probes);
}

static int show_losses(struct output *output, enum part_kind kind)
{
	const struct manifest *manifest = output->session->manifest;
	struct decoder *from = &output->replay->payload;
	struct loss *losses = memory_array(manifest->event_count, sizeof(*losses));
	uint32_t count = 0;
	int result;

	while (from->at < from->end && count < manifest->event_count) {
		losses[count].event = take_event(output);
		losses[count].count = decode_number(from);
		if (!losses[count++].event)
			from->failed = true;
	}
	if (!decode_ends(from))
		result = DAMAGED;
	else
		result = kind == PART_LOST ? output_lost(output, losses, count)
					   : output_lost_total(output, losses, count);
	free(losses);
	return result;
}

static int show_misses(struct output *output)
{
	const struct manifest *manifest = output->session->manifest;
	struct decoder *from = &output->replay->payload;
	struct miss *misses = memory_array(manifest->probe_count, sizeof(*misses));
	uint32_t count = 0;
	int result;

	while (from->at < from->end && count < manifest->probe_count && !from->failed) {
		uint32_t index = decode_u32(from);

		misses[count].count = decode_number(from);
		if (from->failed || index >= manifest->probe_count)
			from->failed = true;
		else
			misses[count++].probe = &manifest->probes[index];
	}
	result = decode_ends(from) ? output_missed(output, misses, count) : DAMAGED;
	free(misses);
	return result;
}

static int show_repeated(struct output *output)
{
	const struct mf_event *event = take_event(output);
	int64_t code = decode_signed(&output->replay->payload);
	uint64_t count = decode_number(&output->replay->payload);

	if (!event || event->kind != MF_EVENT_WARNING || !decode_ends(&output->replay->payload))
		return DAMAGED;
	return output_repeated(output, event, code, count);
}

static int show_cost(struct output *output)
{
	struct decoder *from = &output->replay->payload;
	struct cost_table table = {.elapsed = decode_number(from), .loader = decode_number(from)};
	uint32_t room = 0;
	int result;

	while (from->at < from->end && !from->failed) {
		struct cost_row *row;

		memory_grow(table.rows, table.count, room);
		row = &table.rows[table.count++];
		row->probe = decode_text(from);
		row->events = decode_number(from);
		row->ns = decode_number(from);
		row->detached = decode_number(from) != 0;
		if (!row->probe)
			from->failed = true;
	}
	result = decode_ends(from) ? output_cost(output, &table) : DAMAGED;
	free(table.rows);
	return result;
}

static int show_end_of_run(struct output *output)
{
	return decode_ends(&output->replay->payload) ? output_end_of_run(output) : DAMAGED;
}

/* What has no moment. */
static bool take_silent(struct output *output, bool *is_one)
{
	struct replay *replay = output->replay;

	*is_one = true;
	switch (replay->kind) {
	case PART_ANSWER:
		return take_answer(output);
	case PART_FORGET:
		return take_forget(output);
	case PART_CLOCK:
		output->clock.boot_offset = decode_number(&replay->payload);
		return decode_ends(&replay->payload);
	case PART_ROWS:
		return take_rows(output);
	case PART_TEXT:
		return take_text(replay);
	default:
		*is_one = false;
		return true;
	}
}

/* 0; DAMAGED, which is also what the output gives when it can take no more. */
static int show(struct output *output)
{
	struct replay *replay = output->replay;
	int result;

	output->clock.boot += decode_number(&replay->payload);
	switch (replay->kind) {
	case PART_EVENT:
		result = show_event(output);
		break;
	case PART_LOST_CONTROL:
		result = show_lost_control(output);
		break;
	case PART_MAP:
		result = show_map(output);
		break;
	case PART_ATTACHED:
		result = show_attached(output);
		break;
	case PART_LOST:
	case PART_LOST_TOTAL:
		result = show_losses(output, replay->kind);
		break;
	case PART_MISSED:
		result = show_misses(output);
		break;
	case PART_REPEATED:
		result = show_repeated(output);
		break;
	case PART_COST:
		result = show_cost(output);
		break;
	case PART_END_OF_RUN:
		result = show_end_of_run(output);
		break;
	default:
		return DAMAGED;
	}
	/* What nobody took was for this. */
	replay->has_text = false;
	if (replay->has_rows)
		map_rows_free(&replay->rows);
	replay->has_rows = false;
	return result;
}

/* What stands behind the end is not shown, such as a second recording, and is not passed over. */
static int expect_no_more(struct replay *replay, struct failure *failure)
{
	switch (reader_next(&replay->reader, &replay->kind, &replay->payload)) {
	case READER_END:
		return STATUS_OK;
	case READER_FAILED:
		return unreadable(replay, failure);
	default:
		fail(failure, STATUS_OBJECT, "the recording goes on behind its end, at byte %llu",
		     (unsigned long long)replay->reader.place);
		return fail_hint(failure, "What came before is shown.");
	}
}

int replay_run(struct output *output, struct failure *failure)
{
	struct replay *replay = output->replay;
	int status = STATUS_OK;

	while (status == STATUS_OK && replay->kind != PART_END) {
		bool is_silent, is_right = take_silent(output, &is_silent);

		if (!is_right || (!is_silent && show(output) != 0)) {
			status = output->sink.failed ? STATUS_FAILED : damaged(replay, failure);
			break;
		}
		status = next(replay, failure);
	}
	return status == STATUS_OK ? expect_no_more(replay, failure) : status;
}
