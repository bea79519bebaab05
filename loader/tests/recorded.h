/* A recording that a test makes part by part, of a session whose manifest is here; and what it
 * shows. */
#ifndef BPFLOAD_TESTS_RECORDED_H
#define BPFLOAD_TESTS_RECORDED_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "captured.h"
#include "check.h"
#include "fixture.h"
#include "folder.h"
#include "output/output.h"
#include "output/replay.h"
#include "recording/encoding.h"
#include "recording/recording.h"

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
static const struct mf_type usym = {.kind = MF_USYM, .size = 16};
static const struct mf_type colour = {.kind = MF_ENUM, .size = 8, .is_signed = true};
static const struct mf_field pair[] = {{.offset = 8, .type = &int64},
				       {.offset = 16, .type = &string8}};
static const struct mf_field address[] = {{.offset = 8, .type = &usym}};
static const struct mf_field name[] = {{.offset = 8, .type = &colour}};
static const struct mf_store variable = {.kind = MF_STORE_GLOBAL, .value_size = 8, .present = 8};
static const struct mf_store stores[] = {
	{.kind = MF_STORE_HASH, .map = "a", .key_size = 8, .value_size = 8, .key = &int64},
	{.kind = MF_STORE_HASH, .map = "b", .key_size = 8, .value_size = 8, .key = &int64},
};
static struct mf_map maps[] = {
	{.name = "@s", .value = &int64, .stores = &variable, .store_count = 1},
	{.name = "@k", .key = &int64, .value = &int64, .stores = stores, .store_count = 2},
};
enum { PRINTF, SYMBOL, NAME, TIME, MAP, CAT, SYSTEM, WARNING, ERRORF, CLEAR, SHORT };
static const struct mf_event events[] = {
	{.kind = MF_EVENT_PRINTF,
	 .index = PRINTF,
	 .size = 24,
	 .format = "%d %s\n",
	 .fields = pair,
	 .field_count = 2},
	{.kind = MF_EVENT_PRINT_VALUE,
	 .index = SYMBOL,
	 .size = 24,
	 .fields = address,
	 .field_count = 1},
	{.kind = MF_EVENT_PRINT_VALUE, .index = NAME, .size = 16, .fields = name, .field_count = 1},
	{.kind = MF_EVENT_TIME, .index = TIME, .size = 8, .format = "%H:%M:%S %Z\n"},
	{.kind = MF_EVENT_PRINT_MAP, .index = MAP, .size = 8, .map = &maps[1]},
	{.kind = MF_EVENT_CAT, .index = CAT, .size = 8, .format = "/nonexistent"},
	{.kind = MF_EVENT_SYSTEM, .index = SYSTEM, .size = 8, .format = "exit 1"},
	{.kind = MF_EVENT_WARNING, .index = WARNING, .size = 8, .message = "watch out"},
	{.kind = MF_EVENT_ERRORF,
	 .index = ERRORF,
	 .size = 24,
	 .format = "wrong: %s",
	 .fields = pair + 1,
	 .field_count = 1},
	{.kind = MF_EVENT_CLEAR, .index = CLEAR, .size = 8, .map = &maps[1]},
	/* It has no number, so that nobody can have recorded it. */
	{.kind = MF_EVENT_WARNING, .index = SHORT, .size = 4, .message = "short"},
};
static const struct mf_enum colours[] = {{.name = "colour"}};
static const struct mf_probe probes[] = {{.index = 0, .name = "begin"},
					 {.index = 1, .name = "end"}};

static struct manifest manifest;

/* In place of the check of an object: what a recording has of it is its name. */
int object_file_check(struct object_file *object, uint8_t *bytes, size_t size, struct failure *into)
{
	bool is_right = size == 10 && memcmp(bytes, "the object", 10) == 0;

	free(bytes);
	object->manifest = &manifest;
	return is_right ? STATUS_OK : fail(into, STATUS_OBJECT, "no object");
}

void object_file_free(struct object_file *object)
{
	CHECK(!object->manifest || object->manifest == &manifest);
}

static struct recording recording;

static void number(uint64_t value)
{
	encode_number(&recording.part, value);
}

static void text(const char *value)
{
	encode_text(&recording.part, value);
}

static void end(enum part_kind kind)
{
	CHECK(recording_end(&recording, kind) == 0);
}

/* A part of numbers alone, which begins with a moment or without one. */
static void put(enum part_kind kind, uint64_t moment, const uint64_t *numbers, size_t count)
{
	if (moment)
		recording_moment(&recording, moment);
	else
		recording_begin(&recording);
	for (size_t i = 0; i < count; i++)
		number(numbers[i]);
	end(kind);
}

#define PUT(kind, moment, ...)                             \
	put(kind, moment, (const uint64_t[]){__VA_ARGS__}, \
	    sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void put_event(uint32_t index, uint64_t moment, uint32_t cpu, const void *record)
{
	recording_moment(&recording, moment);
	number(index);
	number(cpu);
	encode_memory(&recording.part, record, events[index].size - 8);
	end(PART_EVENT);
}

static void put_bytes(enum part_kind kind, const void *bytes, size_t size)
{
	recording_begin(&recording);
	strbuf_put(&recording.part, bytes, size);
	end(kind);
}

static void put_session(void)
{
	recording_begin(&recording);
	text("0.0.1");
	text("6.1-test");
	text("riscv64");
	text("~");
	number(64);
	end(PART_SESSION);
}

static void put_enum(void)
{
	recording_begin(&recording);
	text("colour");
	number(2);
	text("RED");
	encode_signed(&recording.part, 1);
	text("GREEN");
	encode_signed(&recording.part, -2);
	end(PART_ENUM);
}

/* All that stands before what happened; the wall clock is 1,700,000,000 s before the boot clock. */
static void put_beginning(void)
{
	put_session();
	put_bytes(PART_OBJECT, "the object", 10);
	put_enum();
	recording_begin(&recording);
	text("first");
	end(PART_PARAMETER);
	PUT(PART_CLOCK, 0, 1700000000000000000);
}

static void begin(void)
{
	failure_clear(&failure);
	CHECK(recording_open(&recording, at("recording"), &failure) == STATUS_OK);
}

struct shown {
	struct fixture fixture;
	struct replay replay;
	struct output *output;
	int status;
	struct strbuf out, said;
};

static void open_shown(struct shown *shown, enum output_form form)
{
	struct fixture *fixture = &shown->fixture;

	*shown = (struct shown){0};
	fixture_init(fixture);
	manifest = fixture->manifest;
	manifest.producer = "bpfscript";
	manifest.events = events;
	manifest.event_count = sizeof(events) / sizeof(*events);
	manifest.maps = maps;
	manifest.map_count = sizeof(maps) / sizeof(*maps);
	manifest.enums = colours;
	manifest.enum_count = 1;
	manifest.probes = probes;
	manifest.probe_count = 2;
	fixture->options.form = form;
	fixture->options.buffering = BUFFER_FULL;
	failure_clear(&failure);
	shown->status =
		replay_open(&shown->replay, open(at("recording"), O_RDONLY | O_CLOEXEC), &failure);
	fixture->session.manifest = &manifest;
	fixture->session.enums = shown->replay.enums;
}

/* What the recording shows, and what is said beside it. */
static void run(struct shown *shown)
{
	struct captured out, said;

	if (shown->status != STATUS_OK)
		return;
	capture_begin(&said, STDERR_FILENO);
	capture_begin(&out, STDOUT_FILENO);
	CHECK(output_open_replay(&shown->output, &shown->fixture.session, &shown->replay,
				 &failure) == STATUS_OK);
	shown->status = replay_run(shown->output, &failure);
	CHECK(output_close(shown->output) == 0);
	capture_end(&out, &shown->out);
	capture_end(&said, &shown->said);
}

static void close_shown(struct shown *shown)
{
	replay_free(&shown->replay);
	strbuf_free(&shown->out);
	strbuf_free(&shown->said);
	fixture_free(&shown->fixture);
}

#endif
