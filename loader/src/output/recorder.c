#include "output/recorder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "output/cost_table.h"
#include "output/facts.h"
#include "output/internal.h"
#include "recording/encoding.h"
#include "session/session.h"

#define SECOND 1000000000u
/* The clock is looked at for one of so many events that come at once. */
#define CLOCK_EVERY 32
/* Number of the event and of the CPU. */
#define EVENT_HEADER 8

static bool has_questions(const struct mf_event *event)
{
	for (uint32_t i = 0; i < event->field_count; i++)
		if (questions_has(event->fields[i].type))
			return true;
	return false;
}

static bool asks(const struct mf_map *map)
{
	bool asks = questions_has(map->value) || (map->key && questions_has(map->key));

	for (uint32_t i = 0; i < map->store_count; i++)
		asks = asks || (map->stores[i].key && questions_has(map->stores[i].key));
	return asks;
}

static void find_questions(struct recorder *recorder, const struct manifest *manifest)
{
	recorder->events = memory_array(manifest->event_count, sizeof(bool));
	recorder->maps = memory_array(manifest->map_count, sizeof(bool));
	for (uint32_t i = 0; i < manifest->event_count; i++)
		recorder->events[i] = has_questions(&manifest->events[i]);
	for (uint32_t i = 0; i < manifest->map_count; i++)
		recorder->maps[i] = asks(&manifest->maps[i]);
}

static void put_enum(struct recording *recording, const struct mf_enum *names)
{
	struct strbuf *to = &recording->part;

	recording_begin(recording);
	encode_text(to, names->name);
	encode_number(to, names->value_count);
	for (uint32_t i = 0; i < names->value_count; i++) {
		encode_text(to, names->values[i].name);
		encode_signed(to, names->values[i].value);
	}
	(void)recording_end(recording, PART_ENUM);
}

/* What the renderers want to know of a session beside its events. */
static int put_session(struct output *output)
{
	const struct session *session = output->session;
	struct recording *recording = &output->recorder->recording;
	struct strbuf *to = &recording->part;
	struct utsname host;

	if (uname(&host) != 0)
		memset(&host, 0, sizeof(host));
	recording_begin(recording);
	encode_text(to, BPFLOAD_VERSION);
	encode_text(to, host.release);
	encode_text(to, host.machine);
	encode_text(to, session->manifest->config.str_trunc_trailer);
	encode_number(to, output->values.stack_room);
	(void)recording_end(recording, PART_SESSION);
	recording_begin(recording);
	strbuf_put(to, session->elf->bytes, session->elf->size);
	(void)recording_end(recording, PART_OBJECT);
	for (uint32_t i = 0; i < session->manifest->enum_count; i++)
		put_enum(recording, &session->enums[i]);
	for (uint32_t i = 0; i < session->options->parameter_count; i++) {
		recording_begin(recording);
		encode_text(to, session->options->parameters[i]);
		(void)recording_end(recording, PART_PARAMETER);
	}
	return recording_flush(recording);
}

static int put_clock(struct output *output)
{
	struct recording *recording = &output->recorder->recording;

	recording_begin(recording);
	encode_number(&recording->part, output->clock.boot_offset);
	return recording_end(recording, PART_CLOCK);
}

int recorder_open(struct output *output, struct failure *failure)
{
	struct recorder *recorder = memory_zeroed(sizeof(*recorder));
	int status =
		recording_open(&recorder->recording, output->session->options->recording, failure);

	output->recorder = recorder;
	recorder->prints = output->session->options->print;
	recorder->questions.context = &output->values;
	find_questions(recorder, output->session->manifest);
	facts_note_in(output->values.facts, &recorder->recording);
	output->clock.facts = output->values.facts;
	output->clock.stands = true;
	(void)wall_clock_move(&output->clock);
	if (status == STATUS_OK && (put_session(output) != 0 || put_clock(output) != 0))
		status = failure->status;
	return status;
}

void recorder_event_now(struct output *output)
{
	if (output->recorder->together++ % CLOCK_EVERY == 0)
		recorder_now(output);
}

void recorder_idle(struct output *output)
{
	output->recorder->together = 0;
}

void recorder_now(struct output *output)
{
	struct recorder *recorder = output->recorder;

	if (wall_clock_move(&output->clock))
		(void)put_clock(output);
	if (recording_forget(&recorder->recording)) {
		questions_forget(&recorder->questions);
		/* Its time zone is to be asked for again. */
		output->clock.second_known = false;
	}
}

/* Begins a part that happens now. */
static struct strbuf *begin(struct output *output)
{
	struct recording *recording = &output->recorder->recording;

	recording_moment(recording, output->clock.boot);
	return &recording->part;
}

static int end(struct output *output, enum part_kind kind)
{
	return recording_end(&output->recorder->recording, kind);
}

void recorder_ask(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	struct recorder *recorder = output->recorder;

	for (uint32_t i = 0; record && recorder->events[event->index] && i < event->field_count;
	     i++)
		questions_ask(&recorder->questions, event->fields[i].type,
			      record + event->fields[i].offset);
	if (event->kind == MF_EVENT_TIME)
		(void)wall_clock_local(&output->clock,
				       (int64_t)(wall_clock_now(&output->clock) / SECOND));
}

int recorder_event(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	struct strbuf *to = begin(output);
	uint32_t cpu;

	output->recorder->recording.events++;
	encode_number(to, event->index);
	if (!record)
		return end(output, PART_LOST_CONTROL);
	/* The event's number stands in front of it in the ring, too. */
	memcpy(&cpu, record + sizeof(cpu), sizeof(cpu));
	encode_number(to, cpu);
	encode_memory(to, record + EVENT_HEADER, event->size - EVENT_HEADER);
	return end(output, PART_EVENT);
}

int recorder_map(struct output *output, const struct mf_map *map)
{
	encode_number(begin(output), (uint64_t)(map - output->session->manifest->maps));
	return end(output, PART_MAP);
}

int recorder_attached(struct output *output, uint32_t probes)
{
	recorder_now(output);
	encode_number(begin(output), probes);
	return end(output, PART_ATTACHED);
}

int recorder_losses(struct output *output, enum part_kind kind, const struct loss *losses,
		    uint32_t count)
{
	struct strbuf *to;

	recorder_now(output);
	to = begin(output);
	for (uint32_t i = 0; i < count; i++) {
		encode_number(to, losses[i].event->index);
		encode_number(to, losses[i].count);
	}
	return end(output, kind);
}

int recorder_misses(struct output *output, const struct miss *misses, uint32_t count)
{
	struct strbuf *to;

	recorder_now(output);
	to = begin(output);
	for (uint32_t i = 0; i < count; i++) {
		encode_number(to, misses[i].probe->index);
		encode_number(to, misses[i].count);
	}
	return end(output, PART_MISSED);
}

int recorder_repeated(struct output *output, const struct mf_event *event, int64_t code,
		      uint64_t count)
{
	struct strbuf *to;

	recorder_now(output);
	to = begin(output);
	encode_number(to, event->index);
	encode_signed(to, code);
	encode_number(to, count);
	return end(output, PART_REPEATED);
}

int recorder_cost(struct output *output, const struct cost_table *table)
{
	struct strbuf *to;

	recorder_now(output);
	to = begin(output);
	encode_number(to, table->elapsed);
	encode_number(to, table->loader);
	for (uint32_t i = 0; i < table->count; i++) {
		encode_text(to, table->rows[i].probe);
		encode_number(to, table->rows[i].events);
		encode_number(to, table->rows[i].ns);
		encode_number(to, table->rows[i].detached);
	}
	return end(output, PART_COST);
}

int recorder_end_of_run(struct output *output)
{
	recorder_now(output);
	begin(output);
	return end(output, PART_END_OF_RUN);
}

/* Two at a time: memory is encoded by two words, and one value may have an odd number of them. */
static void encode_values(struct strbuf *to, const struct map_rows *rows)
{
	size_t size = rows->values.size, most = rows->count < 2 ? 1 : 2;
	uint8_t *room = memory_array(most, size);

	for (size_t row = 0; row < rows->count; row += most) {
		size_t count = rows->count - row < most ? rows->count - row : most;

		for (size_t i = 0; i < count; i++)
			memcpy(room + i * size, map_rows_value(rows, row + i), size);
		encode_memory(to, room, count * size);
	}
	free(room);
}

int recorder_rows(struct output *output, const struct map_rows *rows)
{
	struct recorder *recorder = output->recorder;
	struct recording *recording = &recorder->recording;
	struct strbuf *to = &recording->part;
	size_t index = (size_t)(rows->map - output->session->manifest->maps);

	for (size_t row = 0; recorder->maps[index] && row < rows->count; row++) {
		const struct mf_type *key = map_rows_key_type(rows, row);

		if (key)
			questions_ask(&recorder->questions, key, map_rows_key(rows, row));
		questions_ask(&recorder->questions, rows->map->value, map_rows_value(rows, row));
	}
	recording_begin(recording);
	encode_number(to, index);
	encode_number(to, rows->count);
	for (uint32_t i = 0; i < rows->map->store_count; i++)
		encode_number(to, rows->store_ends ? rows->store_ends[i] : 0);
	encode_memory(to, rows->keys, rows->count * rows->key_stride);
	encode_values(to, rows);
	return recording_end(recording, PART_ROWS);
}

int recorder_text(struct output *output, const struct strbuf *text, size_t start)
{
	struct recording *recording = &output->recorder->recording;

	recording_begin(recording);
	strbuf_put(&recording->part, text->data + start, text->length - start);
	return recording_end(recording, PART_TEXT);
}

int recorder_close(struct output *output)
{
	struct recorder *recorder = output->recorder;
	int result;

	if (!recorder)
		return 0;
	recording_begin(&recorder->recording);
	encode_number(&recorder->recording.part, recorder->recording.events);
	(void)recording_end(&recorder->recording, PART_END);
	result = recording_close(&recorder->recording);
	questions_forget(&recorder->questions);
	free(recorder->events);
	free(recorder->maps);
	free(recorder);
	output->recorder = NULL;
	return result;
}
