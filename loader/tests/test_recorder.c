/* What is recorded of a session, part by part, and that each of them tells when it cannot be
 * written. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/failure.h"
#include "check.h"
#include "fixture.h"
#include "object/elf_file.h"
#include "output/cost_table.h"
#include "output/internal.h"
#include "output/output.h"
#include "output/recorder.h"
#include "recording/encoding.h"
#include "recording/reader.h"

/* What waits beyond this is written at the end of a part. */
#define HIGH_WATER (128u << 10)

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_field fields[] = {{.offset = 8, .type = &int64}};
static const struct mf_type probe_type = {.kind = MF_PROBE, .size = 8};
static const struct mf_field probe_fields[] = {{.offset = 8, .type = &int64},
					       {.offset = 8, .type = &probe_type}};
static struct mf_map maps[3];
static const struct mf_event events[] = {
	{.kind = MF_EVENT_PRINTF, .index = 0, .size = 8, .format = "line\n"},
	{.kind = MF_EVENT_PRINT_VALUE, .index = 1, .size = 16, .fields = fields, .field_count = 1},
	{.kind = MF_EVENT_WARNING, .index = 2, .size = 8, .message = "watch out"},
	{.kind = MF_EVENT_PRINT_VALUE,
	 .index = 3,
	 .size = 16,
	 .fields = probe_fields,
	 .field_count = 2},
	{.kind = MF_EVENT_TIME, .index = 4, .size = 8, .format = "%H"},
	{.kind = MF_EVENT_CLEAR, .index = 5, .size = 8, .map = &maps[0]},
	{.kind = MF_EVENT_CAT, .index = 6, .size = 8, .format = "/dev/null"},
};
static const struct mf_enum_value colours[] = {{"RED", 1}, {"GREEN", -2}};
static const struct mf_enum enums[] = {{.name = "colour", .values = colours, .value_count = 2},
				       {.name = "none"}};
static const struct mf_probe probes[] = {{.index = 0, .name = "begin"},
					 {.index = 1, .name = "end"}};
/* A scalar, 5 in .bss; and one with two stores, of keys of their own. */
static const struct mf_store variable = {.kind = MF_STORE_GLOBAL, .value_size = 8, .present = 8};
static const struct mf_store stores[] = {
	{.kind = MF_STORE_HASH, .map = "a", .key_size = 8, .value_size = 8, .key = &int64},
	{.kind = MF_STORE_HASH, .map = "b", .key_size = 8, .value_size = 8, .key = &int64},
};
static const struct mf_store by_probe = {
	.kind = MF_STORE_HASH, .map = "p", .key_size = 8, .value_size = 8, .key = &probe_type};
static struct mf_map maps[] = {
	{.name = "@s", .value = &int64, .stores = &variable, .store_count = 1},
	{.name = "@k", .key = &int64, .value = &int64, .stores = stores, .store_count = 2},
	{.name = "@p", .key = &int64, .value = &int64, .stores = &by_probe, .store_count = 1},
};
static const char *names[] = {"begin", "end"};
static const struct elf_file object = {.bytes = (const uint8_t *)"the object", .size = 10};

struct tester {
	struct fixture fixture;
	char path[64];
	struct output *output;
	int fd;
};

/* A session whose recording goes to a file; `prints`: what it shows is shown, to nowhere. */
static bool setup(struct tester *tester, bool prints)
{
	static const char *parameters[] = {"first", "second"};
	struct fixture *fixture = &tester->fixture;

	*tester = (struct tester){0};
	fixture_init(fixture);
	fixture->manifest.events = events;
	fixture->manifest.event_count = sizeof(events) / sizeof(*events);
	fixture->manifest.maps = maps;
	fixture->manifest.map_count = sizeof(maps) / sizeof(*maps);
	fixture_map(fixture, "a", BPF_MAP_TYPE_HASH, 8, 8, 4);
	fixture_map(fixture, "b", BPF_MAP_TYPE_HASH, 8, 8, 4);
	fixture_map(fixture, "p", BPF_MAP_TYPE_HASH, 8, 8, 4);
	fixture->session.names.names = names;
	fixture->session.names.count = 2;
	fixture->bss[0] = 5;
	fixture->bss[8] = 1;
	fixture->manifest.enum_count = sizeof(enums) / sizeof(*enums);
	fixture->session.enums = enums;
	fixture->session.elf = &object;
	fixture->options.parameters = parameters;
	fixture->options.parameter_count = 2;
	fixture->options.output = "/dev/null";
	fixture->options.recording = tester->path;
	fixture->options.print = prints;
	strcpy(tester->path, "/tmp/bpfload-test-XXXXXX");
	tester->fd = mkstemp(tester->path);
	failure_clear(&failure);
	return CHECK(tester->fd >= 0) &&
	       CHECK(output_open(&tester->output, &fixture->session, &failure) == STATUS_OK);
}

static void teardown(struct tester *tester)
{
	close(tester->fd);
	unlink(tester->path);
	fixture_free(&tester->fixture);
}

/* The next part; a clock that somebody set meanwhile is none of those that are expected. */
static struct decoder expect(struct reader *reader, enum part_kind kind)
{
	struct decoder payload = {0};
	enum part_kind got = PART_END;

	do
		CHECK(reader_next(reader, &got, &payload) == READER_PART);
	while (got == PART_CLOCK && kind != PART_CLOCK);
	if (!CHECK(got == kind))
		fprintf(stderr, "  %c in place of %c\n", got, kind);
	return payload;
}

/* A part with the moment that it begins with, and these numbers. */
static void expect_numbers(struct reader *reader, enum part_kind kind, const uint64_t *numbers,
			   uint32_t count)
{
	struct decoder payload = expect(reader, kind);

	(void)decode_number(&payload);
	for (uint32_t i = 0; i < count; i++)
		CHECK(decode_number(&payload) == numbers[i]);
	CHECK(decode_ends(&payload));
}

#define EXPECT_NUMBERS(reader, kind, ...)                             \
	expect_numbers(reader, kind, (const uint64_t[]){__VA_ARGS__}, \
		       sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static bool is_text(struct decoder *payload, const char *expected)
{
	const char *text = decode_text(payload);

	return text && strcmp(text, expected) == 0;
}

static void expect_session(struct reader *reader)
{
	struct decoder payload = expect(reader, PART_SESSION);
	struct utsname host;

	CHECK(uname(&host) == 0);
	CHECK(is_text(&payload, BPFLOAD_VERSION) && is_text(&payload, host.release) &&
	      is_text(&payload, host.machine) && is_text(&payload, ".."));
	(void)decode_u32(&payload);
	CHECK(decode_ends(&payload));
	payload = expect(reader, PART_OBJECT);
	CHECK(payload.end - payload.at == 10 && memcmp(payload.at, "the object", 10) == 0);
	payload = expect(reader, PART_ENUM);
	CHECK(is_text(&payload, "colour") && decode_number(&payload) == 2);
	CHECK(is_text(&payload, "RED") && decode_signed(&payload) == 1);
	CHECK(is_text(&payload, "GREEN") && decode_signed(&payload) == -2 && decode_ends(&payload));
	payload = expect(reader, PART_ENUM);
	CHECK(is_text(&payload, "none") && decode_number(&payload) == 0 && decode_ends(&payload));
	payload = expect(reader, PART_PARAMETER);
	CHECK(is_text(&payload, "first") && decode_ends(&payload));
	payload = expect(reader, PART_PARAMETER);
	CHECK(is_text(&payload, "second") && decode_ends(&payload));
	payload = expect(reader, PART_CLOCK);
	CHECK(decode_number(&payload) > 0 && decode_ends(&payload));
}

static void each_part_says_what_it_was(void)
{
	struct {
		uint32_t event, cpu;
		int64_t number;
	} record = {1, 3, 0x1234};
	struct cost_row rows[] = {{.probe = "begin", .events = 4, .ns = 500},
				  {.probe = "end", .events = 0, .ns = 0, .detached = true}};
	const struct cost_table table = {.rows = rows, .count = 2, .elapsed = 1000, .loader = 20};
	const struct loss losses[] = {{&events[1], 300}, {&events[0], 2}};
	const struct miss misses[] = {{&probes[1], 5}, {&probes[0], 6}};
	struct strbuf text = {0};
	struct decoder payload;
	struct reader reader;
	struct tester tester;
	uint8_t number[8];

	if (!setup(&tester, false))
		return;
	CHECK(output_attached(tester.output, 7) == 0);
	strbuf_text(&text, "before what it said");
	CHECK(recorder_text(tester.output, &text, strlen("before ")) == 0);
	CHECK(output_event(tester.output, &events[1], &record, sizeof(record)) == 0);
	CHECK(output_lost_control(tester.output, &events[0]) == 0);
	CHECK(output_lost(tester.output, losses, 2) == 0);
	CHECK(output_lost(tester.output, losses, 0) == 0);
	CHECK(output_repeated(tester.output, &events[2], -7, 9) == 0);
	CHECK(output_cost(tester.output, &table) == 0);
	CHECK(output_lost_total(tester.output, losses, 1) == 0);
	CHECK(output_missed(tester.output, misses, 2) == 0);
	CHECK(output_end_of_run(tester.output) == 0);
	CHECK(output_close(tester.output) == 0);

	reader_open(&reader, dup(tester.fd));
	CHECK(reader_begin(&reader, &failure) == STATUS_OK);
	expect_session(&reader);
	EXPECT_NUMBERS(&reader, PART_ATTACHED, 7);
	payload = expect(&reader, PART_TEXT);
	CHECK(payload.end - payload.at == 12 && memcmp(payload.at, "what it said", 12) == 0);
	payload = expect(&reader, PART_EVENT);
	(void)decode_number(&payload);
	CHECK(decode_number(&payload) == 1 && decode_number(&payload) == 3);
	decode_memory(&payload, number, sizeof(number));
	CHECK(decode_ends(&payload) && memcmp(number, &record.number, sizeof(number)) == 0);
	EXPECT_NUMBERS(&reader, PART_LOST_CONTROL, 0);
	EXPECT_NUMBERS(&reader, PART_LOST, 1, 300, 0, 2);
	payload = expect(&reader, PART_REPEATED);
	(void)decode_number(&payload);
	CHECK(decode_number(&payload) == 2 && decode_signed(&payload) == -7);
	CHECK(decode_number(&payload) == 9 && decode_ends(&payload));
	payload = expect(&reader, PART_COST);
	(void)decode_number(&payload);
	CHECK(decode_number(&payload) == 1000 && decode_number(&payload) == 20);
	CHECK(is_text(&payload, "begin") && decode_number(&payload) == 4);
	CHECK(decode_number(&payload) == 500 && decode_number(&payload) == 0);
	CHECK(is_text(&payload, "end") && decode_number(&payload) == 0);
	CHECK(decode_number(&payload) == 0 && decode_number(&payload) == 1);
	CHECK(decode_ends(&payload));
	EXPECT_NUMBERS(&reader, PART_LOST_TOTAL, 1, 300);
	EXPECT_NUMBERS(&reader, PART_MISSED, 1, 5, 0, 6);
	payload = expect(&reader, PART_END_OF_RUN);
	(void)decode_number(&payload);
	CHECK(decode_ends(&payload));
	payload = expect(&reader, PART_END);
	CHECK(decode_number(&payload) == 2 && decode_ends(&payload));
	CHECK(reader_next(&reader, &(enum part_kind){0}, &payload) == READER_END);
	reader_close(&reader);
	strbuf_free(&text);
	teardown(&tester);
}

/* Whose rows they are, how many, where those of each store end, and then keys and values. */
static void rows_say_where_each_store_ends(void)
{
	int64_t pairs[3][2] = {{1, 10}, {2, 20}, {3, 30}}, numbers[3];
	struct decoder payload;
	struct reader reader;
	struct tester tester;

	if (!setup(&tester, false))
		return;
	for (int i = 0; i < 3; i++)
		CHECK(bpf_map_update_elem(
			      session_map_fd(&tester.fixture.session, i < 1 ? "a" : "b"),
			      &pairs[i][0], &pairs[i][1], BPF_ANY) == 0);
	CHECK(output_map(tester.output, &maps[0], 0, 1) == 0);
	CHECK(output_dump_map(tester.output, &maps[1]) == 0);
	CHECK(output_close(tester.output) == 0);
	reader_open(&reader, dup(tester.fd));
	CHECK(reader_begin(&reader, &failure) == STATUS_OK);
	expect_session(&reader);
	payload = expect(&reader, PART_ROWS);
	CHECK(decode_number(&payload) == 0 && decode_number(&payload) == 1);
	(void)decode_number(&payload);
	decode_memory(&payload, (uint8_t *)numbers, 8);
	decode_memory(&payload, (uint8_t *)numbers, 8);
	CHECK(decode_ends(&payload) && numbers[0] == 5);
	payload = expect(&reader, PART_ROWS);
	CHECK(decode_number(&payload) == 1 && decode_number(&payload) == 3);
	CHECK(decode_number(&payload) == 1 && decode_number(&payload) == 3);
	decode_memory(&payload, (uint8_t *)numbers, sizeof(numbers));
	CHECK(numbers[0] == 1 && numbers[1] + numbers[2] == 5);
	decode_memory(&payload, (uint8_t *)numbers, sizeof(numbers));
	CHECK(decode_ends(&payload) && numbers[0] == 10 && numbers[1] + numbers[2] == 50);
	EXPECT_NUMBERS(&reader, PART_MAP, 1);
	reader_close(&reader);
	teardown(&tester);
}

/* A part that answers what was asked of the host. */
static void expect_answer(struct reader *reader, enum answer_kind kind, uint64_t first)
{
	struct decoder payload = expect(reader, PART_ANSWER);

	CHECK(decode_number(&payload) > 2 && *payload.at++ == kind &&
	      decode_number(&payload) == first);
}

/* Names and time zones that an event, or a row, is shown with stand before it, each once. */
static void answers_stand_before_what_they_are_for(void)
{
	const uint64_t record[] = {0, 1};
	struct decoder payload;
	struct reader reader;
	struct tester tester;
	uint64_t key = 0, value = 7;

	if (!setup(&tester, false))
		return;
	CHECK(bpf_map_update_elem(session_map_fd(&tester.fixture.session, "p"), &key, &value,
				  BPF_ANY) == 0);
	CHECK(output_event(tester.output, &events[3], record, 16) == 0);
	CHECK(output_event(tester.output, &events[3], record, 16) == 0);
	CHECK(output_dump_map(tester.output, &maps[2]) == 0);
	CHECK(output_event(tester.output, &events[4], record, 8) == 0);
	CHECK(output_close(tester.output) == 0);
	reader_open(&reader, dup(tester.fd));
	CHECK(reader_begin(&reader, &failure) == STATUS_OK);
	expect_session(&reader);
	expect_answer(&reader, ANSWER_PROBE, 1);
	expect(&reader, PART_EVENT);
	expect(&reader, PART_EVENT);
	expect_answer(&reader, ANSWER_PROBE, 0);
	expect(&reader, PART_ROWS);
	EXPECT_NUMBERS(&reader, PART_MAP, 2);
	payload = expect(&reader, PART_ANSWER);
	CHECK(decode_number(&payload) > 2 && *payload.at == ANSWER_ZONE);
	expect(&reader, PART_EVENT);
	expect(&reader, PART_END);
	reader_close(&reader);
	teardown(&tester);
}

/* When they take too much memory they are forgotten, and asked for again. */
static void answers_are_forgotten_between_events(void)
{
	const uint64_t record[] = {0, 1};
	struct reader reader;
	struct tester tester;

	if (!setup(&tester, false))
		return;
	CHECK(output_event(tester.output, &events[4], record, 8) == 0);
	CHECK(tester.output->clock.second_known);
	CHECK(output_event(tester.output, &events[3], record, 16) == 0);
	tester.output->recorder->recording.answers.size = ANSWERS_MANY - 1;
	CHECK(output_idle(tester.output) == 0);
	CHECK(output_event(tester.output, &events[3], record, 16) == 0);
	tester.output->recorder->recording.answers.size = ANSWERS_MANY;
	CHECK(output_idle(tester.output) == 0);
	CHECK(output_event(tester.output, &events[3], record, 16) == 0);
	CHECK(!tester.output->clock.second_known);
	CHECK(output_close(tester.output) == 0);
	reader_open(&reader, dup(tester.fd));
	CHECK(reader_begin(&reader, &failure) == STATUS_OK);
	expect_session(&reader);
	expect(&reader, PART_ANSWER);
	expect(&reader, PART_EVENT);
	expect_answer(&reader, ANSWER_PROBE, 1);
	expect(&reader, PART_EVENT);
	expect(&reader, PART_EVENT);
	expect(&reader, PART_FORGET);
	expect_answer(&reader, ANSWER_PROBE, 1);
	expect(&reader, PART_EVENT);
	reader_close(&reader);
	teardown(&tester);
}

/* How long after the part before it an event was. */
static uint64_t time_of(struct reader *reader)
{
	struct decoder payload = expect(reader, PART_EVENT);

	return decode_number(&payload);
}

/* Events that come at once have one time, but for every 32nd; where nothing came in between, or the
 * script did something, the clock is looked at. */
static void events_at_once_have_one_time(void)
{
	const uint32_t record[] = {0, 0};
	struct reader reader;
	struct tester tester;

	if (!setup(&tester, false))
		return;
	for (int i = 0; i < 34; i++)
		CHECK(output_event(tester.output, &events[0], record, 8) == 0);
	CHECK(output_idle(tester.output) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(output_event(tester.output, &events[0], record, 8) == 0);
	/* A file that is read takes as long as it does. */
	for (int i = 0; i < 2; i++)
		CHECK(output_event(tester.output, &events[6], record, 8) == 0);
	CHECK(output_event(tester.output, &events[0], record, 8) == 0);
	CHECK(output_close(tester.output) == 0);
	reader_open(&reader, dup(tester.fd));
	CHECK(reader_begin(&reader, &failure) == STATUS_OK);
	expect_session(&reader);
	CHECK(time_of(&reader) > 0);
	for (int i = 1; i < 32; i++)
		CHECK(time_of(&reader) == 0);
	CHECK(time_of(&reader) > 0 && time_of(&reader) == 0);
	CHECK(time_of(&reader) > 0 && time_of(&reader) == 0);
	expect(&reader, PART_TEXT);
	CHECK(time_of(&reader) == 0);
	expect(&reader, PART_TEXT);
	CHECK(time_of(&reader) > 0);
	CHECK(time_of(&reader) > 0);
	reader_close(&reader);
	teardown(&tester);
}

/* A clock that was set is told before what comes then. */
static void a_clock_that_is_set_is_told(void)
{
	const uint32_t record[] = {0, 0};
	struct decoder payload;
	struct reader reader;
	struct tester tester;
	enum part_kind kind;
	uint64_t before;

	if (!setup(&tester, false))
		return;
	before = tester.output->clock.boot_offset;
	tester.output->clock.boot_offset -= 3600000000000;
	tester.output->clock.followed = 0;
	CHECK(output_event(tester.output, &events[0], record, 8) == 0);
	CHECK(output_close(tester.output) == 0);
	reader_open(&reader, dup(tester.fd));
	CHECK(reader_begin(&reader, &failure) == STATUS_OK);
	expect_session(&reader);
	CHECK(reader_next(&reader, &kind, &payload) == READER_PART && kind == PART_CLOCK);
	CHECK(decode_number(&payload) > before - 1800000000000 && decode_ends(&payload));
	expect(&reader, PART_EVENT);
	reader_close(&reader);
	teardown(&tester);
}

/* What shows nothing is not recorded; maps are as they are at the end. */
static void what_shows_nothing_is_left_out(void)
{
	const uint32_t record[] = {0, 0};
	struct reader reader;
	struct tester tester;

	if (!setup(&tester, false))
		return;
	CHECK(output_event(tester.output, &events[5], record, 8) == 0);
	CHECK(tester.fixture.bss[0] == 0 && tester.fixture.bss[8] == 0);
	CHECK(output_event(tester.output, &events[0], record, 8) == 0);
	CHECK(output_finish(tester.output) == 0);
	CHECK(output_close(tester.output) == 0);
	reader_open(&reader, dup(tester.fd));
	CHECK(reader_begin(&reader, &failure) == STATUS_OK);
	expect_session(&reader);
	expect(&reader, PART_EVENT);
	expect(&reader, PART_END_OF_RUN);
	/* @k and @p before @s, by name; without rows nothing is printed, and that is told. */
	for (int i = 0; i < 3; i++) {
		expect(&reader, PART_ROWS);
		EXPECT_NUMBERS(&reader, PART_MAP, i == 2 ? 0 : (uint64_t)i + 1);
	}
	expect(&reader, PART_END);
	reader_close(&reader);
	teardown(&tester);
}

/* So much waits that the next part is what makes it be written, where there is no room. */
static bool setup_full(struct tester *tester)
{
	struct recording *recording;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (!CHECK(full >= 0) || !setup(tester, false))
		return false;
	recording = &tester->output->recorder->recording;
	CHECK(recording_flush(recording) == 0 && dup2(full, recording->sink.fd) >= 0);
	close(full);
	strbuf_fill(&recording->text, 'x', HIGH_WATER - 1);
	/* Else what comes behind the part is written at once, and tells it, too. */
	tester->fixture.options.buffering = BUFFER_FULL;
	return true;
}

static int attach(struct output *output)
{
	return output_attached(output, 1);
}

static int lose(struct output *output)
{
	return output_lost(output, &(struct loss){&events[0], 1}, 1);
}

static int lose_in_all(struct output *output)
{
	return output_lost_total(output, &(struct loss){&events[0], 1}, 1);
}

static int miss(struct output *output)
{
	return output_missed(output, &(struct miss){&probes[0], 1}, 1);
}

static int repeat(struct output *output)
{
	return output_repeated(output, &events[2], 0, 1);
}

static int tell_cost(struct output *output)
{
	return output_cost(output, &(struct cost_table){0});
}

static int take_event(struct output *output)
{
	return output_event(output, &events[0], (const uint32_t[]){0, 0}, 8);
}

static int lose_event(struct output *output)
{
	return output_lost_control(output, &events[0]);
}

static int take_text(struct output *output)
{
	return recorder_text(output, &(struct strbuf){0}, 0);
}

/* None of them waits for the next flush to tell, which may come much later. */
static void each_part_tells_that_it_cannot_be_written(void)
{
	static int (*const parts[])(struct output * output) = {
		attach,	   lose,       lose_in_all, miss,      repeat,
		tell_cost, take_event, lose_event,  take_text, output_end_of_run,
	};
	struct tester tester;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!setup_full(&tester))
			return;
		if (!CHECK(parts[i](tester.output) == -1))
			fprintf(stderr, "  part %zu\n", i);
		CHECK(strcmp(failure.text, "cannot write the recording: No space left on device") ==
		      0);
		CHECK(output_close(tester.output) == -1);
		teardown(&tester);
	}
}

int main(void)
{
	each_part_says_what_it_was();
	rows_say_where_each_store_ends();
	answers_stand_before_what_they_are_for();
	answers_are_forgotten_between_events();
	events_at_once_have_one_time();
	a_clock_that_is_set_is_told();
	what_shows_nothing_is_left_out();
	each_part_tells_that_it_cannot_be_written();
	failure_clear(&failure);
	return check_result("recorder");
}
