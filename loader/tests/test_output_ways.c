/* Where output goes besides its file: who takes it instead, what waits, what is said beside it, and
 * what is not shown at all. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/failure.h"
#include "base/say.h"
#include "base/write_text.h"
#include "binary/budget.h"
#include "captured.h"
#include "check.h"
#include "fixture.h"
#include "folder.h"
#include "output/cost_table.h"
#include "output/internal.h"
#include "output/output.h"
#include "output/recorder.h"
#include "says.h"
#include "symbols/symbols.h"

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_field number[] = {{.offset = 8, .type = &int64}};
static const struct mf_place place = {
	.line = 3, .column = 9, .end_column = 14, .text = "  x", .file = "lib.bt"};
static const struct mf_place own_place = {.line = 4, .column = 1, .end_column = 2};
enum { LINE, VALUE, WARNING, ERRORF, WARNF, TIME, HELPER };
static const struct mf_event events[] = {
	{.kind = MF_EVENT_PRINTF, .index = LINE, .size = 8, .format = "line\n"},
	{.kind = MF_EVENT_PRINT_VALUE,
	 .index = VALUE,
	 .size = 16,
	 .fields = number,
	 .field_count = 1},
	{.kind = MF_EVENT_WARNING, .index = WARNING, .size = 8, .message = "watch out"},
	{.kind = MF_EVENT_ERRORF,
	 .index = ERRORF,
	 .size = 16,
	 .format = "wrong %d",
	 .fields = number,
	 .field_count = 1,
	 .place = &place},
	{.kind = MF_EVENT_WARNF,
	 .index = WARNF,
	 .size = 16,
	 .format = "odd %d",
	 .fields = number,
	 .field_count = 1,
	 .place = &own_place},
	{.kind = MF_EVENT_TIME, .index = TIME, .size = 8, .format = ""},
	{.kind = MF_EVENT_WARNING,
	 .index = HELPER,
	 .size = 16,
	 .fields = number,
	 .field_count = 1,
	 .message = "full",
	 .helper = "map_update_elem",
	 .place = &place},
};
static const struct {
	uint32_t event, cpu;
	int64_t number;
} record = {0, 0, -7};

struct tester {
	struct fixture fixture;
	struct output *output;
	struct captured said;
	struct strbuf text;
};

static void setup(struct tester *tester, enum output_form form)
{
	struct fixture *fixture = &tester->fixture;

	*tester = (struct tester){0};
	fixture_init(fixture);
	fixture->manifest.events = events;
	fixture->manifest.event_count = sizeof(events) / sizeof(*events);
	fixture->options.output = at("out");
	fixture->options.form = form;
	failure_clear(&failure);
	CHECK(output_open(&tester->output, &fixture->session, &failure) == STATUS_OK);
	capture_begin(&tester->said, STDERR_FILENO);
}

static void happen(struct tester *tester, uint32_t event)
{
	CHECK(output_event(tester->output, &events[event], &record, sizeof(record)) == 0);
	/* Whoever wants it next finds it empty. */
	CHECK(tester->output->scratch.length == 0);
}

/* What the file has now. */
static void expect_written(struct tester *tester, const char *expected)
{
	FILE *file = fopen(at("out"), "r");
	char chunk[4096];
	size_t got;

	CHECK(file);
	while (file && (got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		strbuf_put(&tester->text, chunk, got);
	if (file)
		fclose(file);
	CHECK_TEXT(&tester->text, expected);
}

/* What was said beside it; the output is closed. */
static void teardown(struct tester *tester, const char *expected)
{
	int closed = output_close(tester->output);

	capture_end(&tester->said, &tester->text);
	CHECK(closed == 0);
	CHECK_TEXT(&tester->text, expected);
	strbuf_free(&tester->text);
	fixture_free(&tester->fixture);
	unlink(at("out"));
}

static void take(void *context, const char *text, size_t length)
{
	strbuf_put(context, text, length);
}

/* Who takes it gets what comes from then on; what is said, only if that would come to a terminal.
 */
static void output_may_be_taken(void)
{
	for (int is_terminal = 0; is_terminal < 2; is_terminal++) {
		struct strbuf taken = {0};
		struct tester tester;

		setup(&tester, FORM_TEXT);
		tester.output->stderr_is_terminal = is_terminal;
		happen(&tester, LINE);
		output_divert(tester.output, take, &taken);
		expect_written(&tester, "line\n");
		CHECK_TEXT(&taken, "");
		happen(&tester, VALUE);
		CHECK(tester.output->text.length && output_flush(tester.output) == 0);
		CHECK(!tester.output->text.length);
		CHECK_TEXT(&taken, "-7\n");
		/* In the order of what happens. */
		happen(&tester, VALUE);
		happen(&tester, WARNING);
		say_error("no %s", "way");
		CHECK_TEXT(&taken,
			   is_terminal ? "-7\nWARNING: watch out\nERROR: no way\n" : "-7\n");
		output_divert(tester.output, NULL, NULL);
		say_error("again");
		happen(&tester, LINE);
		CHECK(output_flush(tester.output) == 0);
		CHECK_TEXT(&taken, "");
		expect_written(&tester, "line\nline\n");
		tester.output->stderr_is_terminal = false;
		teardown(&tester, is_terminal
					  ? "ERROR: again\n"
					  : "WARNING: watch out\nERROR: no way\nERROR: again\n");
		strbuf_free(&taken);
	}
}

/* Once the file takes no more, who takes the rest is told so. */
static void who_takes_it_hears_of_failures(void)
{
	struct strbuf taken = {0};
	struct tester tester;

	setup(&tester, FORM_TEXT);
	output_divert(tester.output, take, &taken);
	CHECK(output_flush(tester.output) == 0 && !output_has_failed(tester.output));
	tester.output->sink.failed = true;
	CHECK(output_flush(tester.output) == -1 && output_has_failed(tester.output));
	tester.output->sink.failed = false;
	output_divert(tester.output, NULL, NULL);
	teardown(&tester, "");
	strbuf_free(&taken);
}

static void what_waits_is_written_by_its_buffering(void)
{
	static const struct {
		enum buffering buffering;
		bool at_once, when_idle;
	} cases[] = {
		{BUFFER_LINE, false, true}, {BUFFER_NONE, true, true}, {BUFFER_FULL, false, false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tester tester;

		setup(&tester, FORM_TEXT);
		tester.fixture.options.buffering = cases[i].buffering;
		happen(&tester, LINE);
		expect_written(&tester, cases[i].at_once ? "line\n" : "");
		CHECK(output_idle(tester.output) == 0);
		expect_written(&tester, cases[i].when_idle ? "line\n" : "");
		teardown(&tester, "");
	}
}

/* However it is buffered, as much as that is written. */
static void much_does_not_wait(void)
{
	struct tester tester;

	setup(&tester, FORM_TEXT);
	tester.fixture.options.buffering = BUFFER_FULL;
	strbuf_fill(&tester.output->text, 'x', OUTPUT_HIGH_WATER - 5 - 1);
	happen(&tester, LINE);
	CHECK(tester.output->text.length == OUTPUT_HIGH_WATER - 1);
	CHECK(output_settle(tester.output) == 0);
	CHECK(tester.output->text.length == OUTPUT_HIGH_WATER - 1);
	strbuf_char(&tester.output->text, 'x');
	CHECK(output_settle(tester.output) == 0 && !tester.output->text.length);
	teardown(&tester, "");
}

/* The rest of a frame that could not be written is no output that waits. */
static void a_frame_goes_to_the_file(void)
{
	struct strbuf frame = {0};
	struct tester tester;

	setup(&tester, FORM_TEXT);
	strbuf_text(&frame, "a frame");
	CHECK(!output_is_stopped(tester.output));
	tester.output->sink.stopped = true;
	CHECK(output_is_stopped(tester.output));
	CHECK(output_screen(tester.output, &frame) == 0 && !frame.length);
	CHECK(!output_is_stopped(tester.output));
	expect_written(&tester, "a frame");
	tester.output->sink.failed = true;
	CHECK(output_screen(tester.output, &frame) == -1);
	tester.output->sink.failed = false;
	teardown(&tester, "");
	strbuf_free(&frame);
}

static void nobody_waits_for_ever(void)
{
	struct tester tester;
	int ends[2];

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	setup(&tester, FORM_TEXT);
	CHECK(tester.output->sink.stop == -1 && tester.output->stderr_stop == -1);
	CHECK(output_stop_by(tester.output, ends[0]) == STATUS_OK);
	CHECK(tester.output->sink.stop == ends[0] && tester.output->stderr_stop == ends[0]);
	output_stop_waiting(tester.output);
	CHECK(tester.output->sink.stop == ends[0] &&
	      tester.output->stderr_stop == WRITE_WITHOUT_WAITING);
	teardown(&tester, "");
	close(ends[0]);
	close(ends[1]);
}

/* What begins a recording waits for the one who reads it, and for no longer than anybody waits. */
static void a_recording_waits_for_its_reader(void)
{
	const struct elf_file object = {.bytes = (const uint8_t *)"the object", .size = 10};
	char bytes[RECORDING_MAGIC_SIZE];
	int ends[2], reader;

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	CHECK(mkfifo(at("pipe"), 0600) == 0 && write(ends[1], "", 1) == 1);
	for (int is_read = 0; is_read < 2; is_read++) {
		struct fixture fixture;
		struct output *output;

		fixture_init(&fixture);
		fixture.session.elf = &object;
		fixture.options.output = "/dev/null";
		fixture.options.recording = at("pipe");
		failure_clear(&failure);
		CHECK(output_open(&output, &fixture.session, &failure) == STATUS_OK);
		reader = is_read ? open(at("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
		CHECK(output_stop_by(output, ends[0]) == (is_read ? STATUS_OK : STATUS_FAILED));
		CHECK(output->recorder->recording.sink.stop == ends[0]);
		CHECK(is_read || says(&failure, STATUS_FAILED, "nobody reads it"));
		CHECK(output_close(output) == (is_read ? 0 : -1));
		CHECK(!is_read || (read(reader, bytes, sizeof(bytes)) == sizeof(bytes) &&
				   memcmp(bytes, RECORDING_MAGIC, sizeof(bytes)) == 0));
		if (reader >= 0)
			close(reader);
		fixture_free(&fixture);
	}
	unlink(at("pipe"));
	close(ends[0]);
	close(ends[1]);
}

/* What a script prints while it is captured is no output, and errors of it are counted. */
static void what_is_captured_is_not_written(void)
{
	struct tester tester;
	const struct strbuf *captured;
	uint32_t errors = 0;

	setup(&tester, FORM_JSON);
	happen(&tester, VALUE);
	output_capture_begin(tester.output);
	expect_written(&tester, "{\"type\": \"value\", \"data\": -7}\n");
	happen(&tester, VALUE);
	happen(&tester, ERRORF);
	happen(&tester, WARNF);
	happen(&tester, ERRORF);
	CHECK(output_flush(tester.output) == 0);
	captured = output_capture_end(tester.output, &errors);
	CHECK(errors == 2 && captured);
	strbuf_put(&tester.text, captured->data, captured->length);
	CHECK_TEXT(&tester.text, "-7\n"
				 "lib.bt:3:9-14: ERROR: wrong -7\n"
				 "test.bt:4:1-2: WARNING: odd -7\n"
				 "lib.bt:3:9-14: ERROR: wrong -7\n");
	/* The next begins anew, and what comes behind it is output again. */
	output_capture_begin(tester.output);
	captured = output_capture_end(tester.output, &errors);
	CHECK(errors == 0 && captured->length == 0);
	happen(&tester, VALUE);
	CHECK(output_flush(tester.output) == 0);
	expect_written(
		&tester,
		"{\"type\": \"value\", \"data\": -7}\n{\"type\": \"value\", \"data\": -7}\n");
	teardown(&tester, "");
}

/* Lines of JSON that are about the script have its places; warnings only where they are wanted. */
static void messages_of_json_have_their_places(void)
{
	const struct mf_probe probe = {.name = "kprobe:f", .place = &place};
	struct tester tester;

	setup(&tester, FORM_JSON);
	happen(&tester, ERRORF);
	happen(&tester, WARNF);
	happen(&tester, HELPER);
	CHECK(output_repeated(tester.output, &events[HELPER], -7, 1) == 0);
	CHECK(output_repeated(tester.output, &events[WARNING], 0, 12) == 0);
	CHECK(output_missed(tester.output, &(struct miss){&probe, 1ull << 60}, 1) == 0);
	tester.fixture.options.no_warnings = true;
	happen(&tester, WARNF);
	happen(&tester, HELPER);
	CHECK(output_repeated(tester.output, &events[WARNING], 0, 12) == 0);
	happen(&tester, ERRORF);
	CHECK(output_flush(tester.output) == 0);
	expect_written(
		&tester,
		"{\"type\": \"errorf\", \"msg\": \"wrong -7\", \"filename\": \"lib.bt\", \"line\": 3, \"col\": 9}\n"
		"{\"type\": \"warnf\", \"msg\": \"odd -7\", \"filename\": \"test.bt\", \"line\": 4, \"col\": 1}\n"
		"{\"type\": \"helper_error\", \"msg\": \"full\", \"helper\": \"map_update_elem\", \"retcode\": -7, \"filename\": \"lib.bt\", \"line\": 3, \"col\": 9}\n"
		"{\"type\": \"helper_error\", \"msg\": \"full\", \"helper\": \"map_update_elem\", \"retcode\": -7, \"filename\": \"lib.bt\", \"line\": 3, \"col\": 9}\n"
		"{\"type\": \"runtime_error\", \"msg\": \"watch out\", \"count\": 12}\n"
		"{\"type\": \"missed_events\", \"count\": 1152921504606846976, \"data\": {\"events\": 1152921504606846976}, \"probe\": \"kprobe:f\", \"filename\": \"lib.bt\", \"line\": 3, \"col\": 9}\n"
		"{\"type\": \"errorf\", \"msg\": \"wrong -7\", \"filename\": \"lib.bt\", \"line\": 3, \"col\": 9}\n");
	teardown(&tester, "");
}

static void messages_of_text_have_their_places(void)
{
	const struct mf_probe probe = {.name = "kprobe:f", .place = &place};
	const struct loss losses[] = {
		{&events[HELPER], 5}, {&events[WARNING], 6}, {&events[WARNF], 7}};
	struct tester tester;

	setup(&tester, FORM_TEXT);
	CHECK(output_repeated(tester.output, &events[WARNING], 0, 12) == 0);
	CHECK(output_repeated(tester.output, &events[HELPER], -12, 13) == 0);
	CHECK(output_missed(tester.output, &(struct miss){&probe, 14}, 1) == 0);
	CHECK(output_lost(tester.output, losses, 3) == 0);
	CHECK(output_lost_total(tester.output, losses, 3) == 0);
	CHECK(output_missed(tester.output, &(struct miss){&probe, 14}, 0) == 0);
	CHECK(output_lost_total(tester.output, losses, 0) == 0);
	happen(&tester, TIME);
	teardown(
		&tester,
		"WARNING: 12 times: watch out\n"
		"lib.bt:3:9-14: WARNING: 13 more times: Cannot allocate memory\n"
		"lib.bt:3:9-14: WARNING: 14 events of kprobe:f were left out by the kernel: a BPF "
		"program was running on that CPU already.\n"
		"Lost 18 events\n"
		"WARNING: Total lost event count: 18\n"
		"lib.bt:3:9-14: WARNING: 5 events of this place were lost: the ring buffer was full. "
		"Try increasing perf_rb_pages, or printing less.\n"
		"test.bt:4:1-2: WARNING: 7 events of this place were lost: the ring buffer was full. "
		"Try increasing perf_rb_pages, or printing less.\n"
		"ERROR: time(): the text of the format is empty or longer than 63 bytes\n");
}

/* That the loader read less than there was is said once, and not to who wants no warnings. */
static void missing_names_are_told_once(void)
{
	static const char said[] =
		"WARNING: some addresses have no names: a traced program's files, "
		"mappings or names are larger than the loader reads.\n";

	for (int no_warnings = 0; no_warnings < 2; no_warnings++) {
		struct tester tester;

		setup(&tester, FORM_TEXT);
		tester.fixture.options.no_warnings = no_warnings;
		CHECK(output_idle(tester.output) == 0);
		budget_exceed();
		CHECK(output_idle(tester.output) == 0 && output_idle(tester.output) == 0);
		CHECK(output_finish(tester.output) == 0);
		teardown(&tester, no_warnings ? "" : said);
	}
}

/* Who may not see addresses of the kernel, in a child without rights. */
static void names_that_are_denied_are_told_once(void)
{
	static const char said[] =
		"WARNING: some addresses have no names: those of the kernel take CAP_SYSLOG, those of "
		"other users' processes CAP_SYS_PTRACE.\n";
	struct captured captured;
	struct strbuf text = {0};
	int status = 0;
	pid_t child;

	capture_begin(&captured, STDERR_FILENO);
	child = fork();
	if (child == 0) {
		struct symbol symbol;
		struct fixture fixture;
		struct output *output;
		bool hidden;

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		fixture_init(&fixture);
		fixture.options.output = "/dev/null";
		if (output_open(&output, &fixture.session, &failure) != STATUS_OK)
			_exit(3);
		output->told_limits = true;
		if (output_idle(output) != 0 || output->told_denied)
			_exit(4);
		(void)symbols_kernel(output->symbols, 0xffffffff81000000, &symbol);
		hidden = symbols_were_denied(output->symbols);
		if (output_idle(output) != 0 || output_idle(output) != 0 ||
		    output->told_denied != hidden)
			_exit(5);
		_exit(hidden ? 0 : 42);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
	capture_end(&captured, &text);
	CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 42);
	CHECK_TEXT(&text, WEXITSTATUS(status) == 0 ? said : "");
	strbuf_free(&text);
}

static void refuse_event(const struct mf_event *event, const char *why)
{
	struct fixture fixture;
	struct output *output;

	fixture_init(&fixture);
	fixture.manifest.events = event;
	fixture.manifest.event_count = 1;
	fixture.options.output = "/dev/null";
	failure_clear(&failure);
	CHECK(output_open(&output, &fixture.session, &failure) == STATUS_OBJECT);
	CHECK(says(&failure, STATUS_OBJECT, why));
	fixture_free(&fixture);
}

static void each_event_says_why_it_is_refused(void)
{
	const struct mf_type hist = {.kind = MF_HIST, .size = 520, .buckets = 65};
	const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
	const struct mf_type int32 = {.kind = MF_INT, .size = 4};
	const struct mf_type hists = {.kind = MF_ARRAY, .size = 520, .element = &hist, .count = 1};
	const struct mf_type numbers = {.kind = MF_ARRAY, .size = 8, .element = &int64, .count = 1};
	const struct mf_type texts = {.kind = MF_ARRAY, .size = 8, .element = &string8, .count = 1};
	const struct mf_field within[] = {{.type = &int64}, {.offset = 8, .type = &hists}};
	const struct mf_type tuple = {
		.kind = MF_TUPLE, .size = 528, .fields = within, .field_count = 2};
	const struct mf_field two[] = {{.offset = 8, .type = &int64},
				       {.offset = 16, .type = &tuple}};
	const struct mf_field text[] = {{.offset = 8, .type = &string8}};
	const struct mf_field join[] = {{.offset = 8, .type = &int64},
					{.offset = 16, .type = &numbers}};
	const struct mf_field swapped[] = {{.offset = 8, .type = &texts},
					   {.offset = 16, .type = &texts}};
	static const char no_join[] = "it is not a count and its texts";
	struct fixture fixture;
	struct output *output;
	const struct mf_field process[] = {{.offset = 8, .type = &int32}};
	const struct mf_event right[] = {
		{.kind = MF_EVENT_EXIT, .index = 0, .size = 8},
		{.kind = MF_EVENT_PACKET, .index = 1, .size = 8},
		{.kind = MF_EVENT_PROCESS,
		 .index = 2,
		 .size = 12,
		 .fields = process,
		 .field_count = 1},
	};

	refuse_event(&(struct mf_event){.kind = (enum mf_event_kind)99, .size = 8},
		     "event 0: its kind is unknown");
	refuse_event(&(struct mf_event){.kind = MF_EVENT_PRINT_VALUE, .size = 8},
		     "it has no value to print");
	refuse_event(
		&(struct mf_event){
			.kind = MF_EVENT_PRINT_VALUE, .size = 544, .fields = two, .field_count = 2},
		"it has a field that only a map can hold");
	refuse_event(&(struct mf_event){.kind = MF_EVENT_WARNING, .size = 8}, "it has no message");
	refuse_event(&(struct mf_event){.kind = MF_EVENT_WARNING, .size = 8, .helper = "h"},
		     "it has no field for the helper's result");
	refuse_event(&(struct mf_event){.kind = MF_EVENT_WARNING,
					.size = 16,
					.helper = "h",
					.fields = text,
					.field_count = 1},
		     "it has no field for the helper's result");
	refuse_event(&(struct mf_event){.kind = MF_EVENT_PROCESS, .size = 8},
		     "its field is not a process id");
	refuse_event(
		&(struct mf_event){
			.kind = MF_EVENT_PROCESS, .size = 16, .fields = number, .field_count = 1},
		"its field is not a process id");
	refuse_event(
		&(struct mf_event){
			.kind = MF_EVENT_PROCESS, .size = 16, .fields = text, .field_count = 1},
		"its field is not a process id");
	refuse_event(
		&(struct mf_event){
			.kind = MF_EVENT_JOIN, .size = 16, .fields = number, .field_count = 1},
		no_join);
	refuse_event(
		&(struct mf_event){
			.kind = MF_EVENT_JOIN, .size = 24, .fields = join, .field_count = 2},
		no_join);
	refuse_event(
		&(struct mf_event){
			.kind = MF_EVENT_JOIN, .size = 24, .fields = swapped, .field_count = 2},
		no_join);
	fixture_init(&fixture);
	fixture.manifest.events = right;
	fixture.manifest.event_count = 3;
	fixture.options.output = "/dev/null";
	CHECK(output_open(&output, &fixture.session, &failure) == STATUS_OK);
	CHECK(output_close(output) == 0);
	fixture_free(&fixture);
}

int main(void)
{
	CHECK(mkdtemp(folder));
	output_may_be_taken();
	who_takes_it_hears_of_failures();
	what_waits_is_written_by_its_buffering();
	much_does_not_wait();
	a_frame_goes_to_the_file();
	nobody_waits_for_ever();
	a_recording_waits_for_its_reader();
	what_is_captured_is_not_written();
	messages_of_json_have_their_places();
	messages_of_text_have_their_places();
	names_that_are_denied_are_told_once();
	missing_names_are_told_once();
	each_event_says_why_it_is_refused();
	failure_clear(&failure);
	CHECK(rmdir(folder) == 0);
	return check_result("output ways");
}
