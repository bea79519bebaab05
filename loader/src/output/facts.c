#include "output/facts.h"

#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "binary/code_lines.h"
#include "host/cgroups.h"
#include "host/name_text.h"
#include "recording/encoding.h"
#include "recording/recording.h"
#include "session/session.h"
#include "symbols/named_files.h"
#include "symbols/symbols.h"

/* Time zones change at quarters of an hour. */
#define QUARTER 900
/* Functions that are one in another: more is not believed. */
#define FRAMES_MOST 4096

struct facts {
	const struct session *session;
	struct symbols *symbols;
	struct names *names;
	struct recording *recording;
	const struct answers *known;
	/* Without folders: nowhere else. */
	struct named_files files;
	/* What is asked for. */
	struct strbuf question;
	/* Of the symbol that was found last. */
	struct code_frame *frames;
	size_t frame_room;
};

struct facts *facts_new(const struct session *session, struct symbols *symbols)
{
	struct facts *facts = memory_zeroed(sizeof(*facts));

	facts->session = session;
	facts->symbols = symbols;
	facts->names = names_new();
	return facts;
}

void facts_free(struct facts *facts)
{
	if (!facts)
		return;
	names_free(facts->names);
	named_files_free(&facts->files);
	strbuf_free(&facts->question);
	free(facts->frames);
	free(facts);
}

void facts_note_in(struct facts *facts, struct recording *recording)
{
	facts->recording = recording;
}

void facts_found_in(struct facts *facts, const struct answers *answers)
{
	facts->known = answers;
}

void facts_name_from(struct facts *facts, const char *folders, bool readable)
{
	facts->files.folders = folders;
	facts->files.readable = readable;
}

bool facts_are_named(const struct facts *facts)
{
	return facts->files.folders != NULL;
}

bool facts_are_found(const struct facts *facts)
{
	return facts->known != NULL;
}

uint64_t facts_generation(const struct facts *facts)
{
	return symbols_generation(facts->symbols);
}

static void ask(struct facts *facts, enum answer_kind kind, uint64_t first, uint64_t second)
{
	strbuf_clear(&facts->question);
	strbuf_char(&facts->question, (char)kind);
	encode_number(&facts->question, first);
	encode_number(&facts->question, second);
}

/* Looks for the answer to what was asked. */
static bool find(const struct facts *facts, struct decoder *answer)
{
	const uint8_t *bytes;
	size_t size;

	if (!answers_find(facts->known, (const uint8_t *)facts->question.data,
			  facts->question.length, &bytes, &size))
		return false;
	*answer = (struct decoder){.at = bytes, .end = bytes + size};
	return true;
}

/* Writes the answer that was made. */
static void note(struct facts *facts)
{
	recording_answer(facts->recording, (const uint8_t *)facts->question.data,
			 facts->question.length);
}

/* A symbol: whether it is known, then what of it is. */
static void note_symbol(struct facts *facts, bool found, const struct symbol *symbol)
{
	struct strbuf *to = &facts->recording->answer;

	encode_number(to, found);
	if (found) {
		encode_text(to, symbol->name);
		encode_number(to, symbol->offset);
		encode_text(to, symbol->module);
		encode_number(to, symbol->frame_count);
		for (size_t i = 0; i < symbol->frame_count; i++) {
			encode_text(to, symbol->frames[i].function);
			encode_text(to, symbol->frames[i].line);
		}
	}
	note(facts);
}

static bool find_symbol(struct facts *facts, struct symbol *symbol)
{
	struct decoder from;
	uint64_t count;

	*symbol = (struct symbol){0};
	if (!find(facts, &from) || !decode_number(&from))
		return false;
	symbol->name = decode_text(&from);
	symbol->offset = decode_number(&from);
	symbol->module = decode_text(&from);
	count = decode_number(&from);
	if (from.failed || count > FRAMES_MOST)
		return false;
	if (count > facts->frame_room) {
		facts->frames = memory_resize(facts->frames, count, sizeof(*facts->frames));
		facts->frame_room = count;
	}
	for (size_t i = 0; i < count; i++) {
		facts->frames[i].function = decode_text(&from);
		facts->frames[i].line = decode_text(&from);
	}
	symbol->frames = facts->frames;
	symbol->frame_count = count;
	return decode_ends(&from);
}

bool facts_kernel(struct facts *facts, uint64_t address, struct symbol *symbol)
{
	bool found;

	if (!facts->known && !facts->recording)
		return symbols_kernel(facts->symbols, address, symbol);
	ask(facts, ANSWER_KERNEL, address, 0);
	if (facts->known)
		/* Names alone: the renderers take them for granted. */
		return find_symbol(facts, symbol) && symbol->name;
	found = symbols_kernel(facts->symbols, address, symbol);
	note_symbol(facts, found, symbol);
	return found;
}

/* What was asked for: without source lines, with them, with those of a call. */
enum way { WAY_NAME, WAY_SOURCE, WAY_CALL };

static void ask_user(struct facts *facts, enum way way, uint32_t pid, uint64_t address)
{
	ask(facts, ANSWER_USER, (uint64_t)pid << 2 | way, address);
}

bool facts_by_id(struct facts *facts, const uint8_t *id, uint32_t size, uint64_t offset,
		 bool is_return, struct symbol *symbol)
{
	const struct named_place place = {
		.build_id = id, .build_id_size = size, .offset = offset, .is_return = is_return};

	*symbol = (struct symbol){0};
	return facts->files.folders && named_files_symbol(&facts->files, &place, symbol);
}

/* As the recording has it, or else a file. */
static bool find_user(struct facts *facts, enum way way, uint32_t pid, uint64_t address,
		      struct symbol *symbol)
{
	struct symbol_place place;
	bool found;

	ask_user(facts, way, pid, address);
	found = find_symbol(facts, symbol);
	if (!facts->files.folders ||
	    (found && symbol->name && (way == WAY_NAME || symbol->frame_count)) ||
	    !facts_place(facts, pid, address, &place))
		return found;
	if (!symbol->module)
		symbol->module = place.module;
	return named_files_symbol(&facts->files,
				  &(struct named_place){.build_id = place.build_id,
							.build_id_size = place.build_id_size,
							.offset = place.offset,
							.address = place.address,
							.has_address = place.has_address,
							.is_return = way == WAY_CALL},
				  symbol) ||
	       found;
}

bool facts_user(struct facts *facts, uint32_t pid, uint64_t address, struct symbol *symbol)
{
	bool found;

	if (facts->known)
		return find_user(facts, WAY_NAME, pid, address, symbol);
	found = symbols_user(facts->symbols, pid, address, symbol);
	if (facts->recording) {
		ask_user(facts, WAY_NAME, pid, address);
		note_symbol(facts, found, symbol);
	}
	return found;
}

bool facts_user_source(struct facts *facts, uint32_t pid, uint64_t address, bool is_return,
		       struct symbol *symbol)
{
	enum way way = is_return ? WAY_CALL : WAY_SOURCE;
	bool found;

	if (facts->known)
		return find_user(facts, way, pid, address, symbol);
	found = symbols_user_source(facts->symbols, pid, address, is_return, symbol);
	if (facts->recording) {
		ask_user(facts, way, pid, address);
		note_symbol(facts, found, symbol);
	}
	return found;
}

static bool find_place(struct facts *facts, struct symbol_place *place)
{
	struct decoder from;
	uint64_t size;

	*place = (struct symbol_place){0};
	if (!find(facts, &from) || !decode_number(&from))
		return false;
	place->module = decode_text(&from);
	place->offset = decode_number(&from);
	place->has_address = decode_number(&from) != 0;
	place->address = decode_number(&from);
	size = decode_number(&from);
	if (from.failed || size != (uint64_t)(from.end - from.at) || size > UINT32_MAX)
		return false;
	place->build_id = size ? from.at : NULL;
	place->build_id_size = (uint32_t)size;
	return true;
}

bool facts_place(struct facts *facts, uint32_t pid, uint64_t address, struct symbol_place *place)
{
	struct strbuf *to;
	bool found;

	if (!facts->known && !facts->recording)
		return symbols_place(facts->symbols, pid, address, false, place);
	ask(facts, ANSWER_PLACE, pid, address);
	if (facts->known)
		return find_place(facts, place);
	found = symbols_place(facts->symbols, pid, address, true, place);
	to = &facts->recording->answer;
	encode_number(to, found);
	if (found) {
		encode_text(to, place->module);
		encode_number(to, place->offset);
		encode_number(to, place->has_address);
		encode_number(to, place->address);
		encode_number(to, place->build_id ? place->build_id_size : 0);
		strbuf_put(to, place->build_id, place->build_id ? place->build_id_size : 0);
	}
	note(facts);
	return found;
}

/* A text that an answer is: as it is in a recording, or what stands behind `start`. */
static void find_text(struct facts *facts, struct strbuf *to)
{
	struct decoder from;
	const char *text = find(facts, &from) ? decode_text(&from) : NULL;

	if (text)
		strbuf_text(to, text);
}

static void note_text(struct facts *facts, struct strbuf *to, size_t start)
{
	if (!facts->recording)
		return;
	strbuf_c_text(to);
	encode_text(&facts->recording->answer, to->data + start);
	note(facts);
}

/* Errors and signals have the same names everywhere. */
static bool is_of_host(enum mf_name_space space)
{
	return space == MF_NAME_USER || space == MF_NAME_SYSCALL;
}

void facts_name(struct facts *facts, struct strbuf *to, enum mf_name_space space, uint64_t number)
{
	size_t start = to->length;

	if (!is_of_host(space)) {
		name_text(to, facts->names, space, number);
		return;
	}
	ask(facts, ANSWER_NAME, space, number);
	if (facts->known) {
		find_text(facts, to);
		return;
	}
	name_text(to, facts->names, space, number);
	note_text(facts, to, start);
}

void facts_cgroup(struct facts *facts, struct strbuf *to, uint64_t id, uint32_t filter)
{
	size_t start = to->length;

	ask(facts, ANSWER_CGROUP, id, filter);
	if (facts->known) {
		find_text(facts, to);
		return;
	}
	cgroup_path_text(to, id, facts->session->manifest->formats[filter]);
	note_text(facts, to, start);
}

const char *facts_probe(struct facts *facts, uint64_t index)
{
	struct decoder from;
	const char *name;

	if (!facts->known && !facts->recording)
		return session_probe_name(facts->session, index);
	ask(facts, ANSWER_PROBE, index, 0);
	if (facts->known)
		return find(facts, &from) ? decode_text(&from) : NULL;
	name = session_probe_name(facts->session, index);
	encode_text(&facts->recording->answer, name);
	note(facts);
	return name;
}

static int64_t quarter_of(int64_t second)
{
	return (second - (second < 0 ? QUARTER - 1 : 0)) / QUARTER;
}

/* Hours from UTC, as the zone of a recording says. */
static bool find_local_time(struct facts *facts, int64_t second, struct tm *local)
{
	struct decoder from;
	int64_t offset;
	time_t time;
	int is_summer;

	if (!find(facts, &from))
		return false;
	offset = decode_signed(&from);
	is_summer = decode_number(&from) != 0;
	if (offset < -86400 || offset > 86400)
		return false;
	time = (time_t)(second + offset);
	if (!gmtime_r(&time, local))
		return false;
	local->tm_gmtoff = offset;
	local->tm_isdst = is_summer;
	local->tm_zone = decode_text(&from);
	return local->tm_zone != NULL;
}

bool facts_local_time(struct facts *facts, int64_t second, struct tm *local)
{
	time_t time = (time_t)second;
	struct strbuf *to;

	if (facts && (facts->known || facts->recording))
		ask(facts, ANSWER_ZONE, (uint64_t)quarter_of(second), 0);
	if (facts && facts->known)
		return find_local_time(facts, second, local);
	if (!localtime_r(&time, local))
		return false;
	if (!facts || !facts->recording)
		return true;
	to = &facts->recording->answer;
	encode_signed(to, local->tm_gmtoff);
	encode_number(to, local->tm_isdst > 0);
	encode_text(to, local->tm_zone ? local->tm_zone : "");
	note(facts);
	return true;
}

static bool find_stack(struct facts *facts, void *frames, uint32_t room)
{
	struct decoder from;
	size_t size;

	if (!find(facts, &from))
		return false;
	size = (size_t)(from.end - from.at);
	memset(frames, 0, room);
	memcpy(frames, from.at, size < room ? size : room);
	return true;
}

bool facts_stack(struct facts *facts, int map, uint64_t id, void *frames, uint32_t room)
{
	const uint8_t *bytes = frames;
	uint32_t used = room;

	if (facts->known || facts->recording)
		ask(facts, ANSWER_STACK, id, 0);
	if (facts->known)
		return find_stack(facts, frames, room);
	if (map < 0 || bpf_map_lookup_elem(map, &id, frames) < 0)
		return false;
	if (!facts->recording)
		return true;
	/* Behind the last frame there is nothing. */
	while (used && !bytes[used - 1])
		used--;
	strbuf_put(&facts->recording->answer, bytes, used);
	note(facts);
	return true;
}
