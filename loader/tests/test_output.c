/* [FUN-001, FUN-012, FUN-015..017, OUT-005, OUT-050..053, OUT-055] Events and where their output
 * goes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "output/internal.h"
#include "output/output.h"
#include "output/renderer.h"
#include "base/failure.h"
#include "check.h"
#include "fixture.h"

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type uint32 = {.kind = MF_INT, .size = 4};
static const struct mf_type string16 = {.kind = MF_STRING, .size = 16, .capacity = 16};

struct tester {
	struct fixture fixture;
	char path[64];
	struct output *output;
	struct strbuf text;
};

static bool setup(struct tester *tester, const struct mf_event *events, uint32_t count)
{
	int fd;

	*tester = (struct tester){0};
	fixture_init(&tester->fixture);
	tester->fixture.manifest.events = events;
	tester->fixture.manifest.event_count = count;
	strcpy(tester->path, "/tmp/bpfload-test-XXXXXX");
	fd = mkstemp(tester->path);
	close(fd);
	tester->fixture.options.output = tester->path;
	return CHECK(fd >= 0) &&
	       CHECK(output_open(&tester->output, &tester->fixture.session, &failure) == 0);
}

static void read_file(struct tester *tester, const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t got;

	strbuf_clear(&tester->text);
	strbuf_reserve(&tester->text, 1 << 20);
	got = read(fd, tester->text.data, 1 << 20);
	tester->text.length = got > 0 ? (size_t)got : 0;
	close(fd);
}

static void teardown(struct tester *tester, const char *expected)
{
	CHECK(output_close(tester->output) == 0);
	read_file(tester, tester->path);
	CHECK_TEXT(&tester->text, expected);
	unlink(tester->path);
	strbuf_free(&tester->text);
	fixture_free(&tester->fixture);
}

/* Sends stderr to a file while events are handled. */
static int capture_stderr(const char *path)
{
	int saved = dup(STDERR_FILENO), fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return saved;
}

static void restore_stderr(int saved)
{
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

struct printf_record {
	uint32_t event, cpu;
	int64_t number;
	char text[16];
};

static void texts_come_in_order(void)
{
	const struct mf_field fields[] = {{.offset = 8, .type = &int64},
					  {.offset = 16, .type = &string16}};
	const struct mf_field file[] = {{.offset = 16, .type = &string16}};
	const struct mf_event events[] = {
		{.kind = MF_EVENT_PRINTF,
		 .index = 0,
		 .size = 32,
		 .format = "%d %s\n",
		 .fields = fields,
		 .field_count = 2},
		{.kind = MF_EVENT_PRINT_VALUE,
		 .index = 1,
		 .size = 32,
		 .fields = fields,
		 .field_count = 1},
		{.kind = MF_EVENT_CAT,
		 .index = 2,
		 .size = 32,
		 .format = "/tmp/%s",
		 .fields = file,
		 .field_count = 1},
		{.kind = MF_EVENT_SYSTEM,
		 .index = 3,
		 .size = 32,
		 .format = "echo 'run %s'; exit 3",
		 .fields = file,
		 .field_count = 1},
		{.kind = MF_EVENT_TIME, .index = 4, .size = 8, .format = "it is %%\n"},
	};
	struct printf_record record = {0, 0, -7, "bpfload-test-c"};
	FILE *source = fopen("/tmp/bpfload-test-c", "we");
	struct tester tester;

	CHECK(source && fputs("0123456789", source) >= 0);
	if (source)
		fclose(source);
	if (!setup(&tester, events, 5))
		return;
	tester.fixture.manifest.config.max_cat_bytes = 4;
	tester.fixture.options.unsafe = true;
	CHECK(output_event(tester.output, &events[0], &record, sizeof(record)) == 0);
	CHECK(output_event(tester.output, &events[1], &record, sizeof(record)) == 0);
	CHECK(output_event(tester.output, &events[2], &record, sizeof(record)) == 0);
	CHECK(output_event(tester.output, &events[3], &record, sizeof(record)) == 0);
	CHECK(output_event(tester.output, &events[4], &record, sizeof(record)) == 0);
	CHECK(output_lost_control(tester.output, &events[4]) == 0);
	/* A record that is too short is not read. */
	CHECK(output_event(tester.output, &events[0], &record, 16) == 0);
	teardown(&tester, "-7 bpfload-test-c\n-7\n0123run bpfload-test-c\nit is %\nit is %\n");
	unlink("/tmp/bpfload-test-c");
}

static void join_keeps_the_places_of_empty_texts(void)
{
	const struct mf_type texts = {
		.kind = MF_ARRAY, .size = 64, .count = 4, .element = &string16};
	const struct mf_field fields[] = {{.offset = 8, .type = &uint32},
					  {.offset = 12, .type = &texts}};
	const struct mf_event events[] = {
		{.kind = MF_EVENT_JOIN, .index = 0, .size = 80, .fields = fields, .field_count = 2},
		{.kind = MF_EVENT_JOIN,
		 .index = 1,
		 .size = 80,
		 .format = ", ",
		 .fields = fields,
		 .field_count = 2},
	};
	struct {
		uint32_t event, cpu, count;
		char texts[4][16];
		uint32_t end;
	} record = {0, 0, 4, {"/bin/ls", "-l", "", "zz"}, 0};
	struct tester tester;

	if (!setup(&tester, events, 2))
		return;
	CHECK(output_event(tester.output, &events[0], &record, sizeof(record)) == 0);
	CHECK(output_event(tester.output, &events[1], &record, sizeof(record)) == 0);
	record.count = 1;
	CHECK(output_event(tester.output, &events[0], &record, sizeof(record)) == 0);
	record.count = 4294967295u;
	memcpy(record.texts, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd",
	       64);
	CHECK(output_event(tester.output, &events[1], &record, sizeof(record)) == 0);
	teardown(&tester, "/bin/ls -l  zz\n/bin/ls, -l, , zz\n/bin/ls\n"
			  "aaaaaaaaaaaaaaaa.., bbbbbbbbbbbbbbbb.., cccccccccccccccc.., "
			  "dddddddddddddddd..\n");
}

static void warnings_show_their_place(void)
{
	const struct mf_field code[] = {{.offset = 8, .type = &int64}};
	const struct mf_place uses[] = {
		{.line = 7, .column = 3, .end_column = 7, .text = "  m($y);", .file = "lib.bt"},
		{.line = 9, .column = 1, .end_column = 5, .text = "used"},
	};
	const struct mf_place division = {
		.line = 3,
		.column = 9,
		.end_column = 14,
		.text = "  @x = 5 / $y;",
		.file = "lib.bt",
		.uses = uses,
		.use_count = 2,
	};
	const struct mf_place tab = {
		.line = 4, .column = 2, .end_column = 8, .text = "\t@a[1] = 2;"};
	const struct mf_event events[] = {
		{.kind = MF_EVENT_WARNING,
		 .index = 0,
		 .size = 8,
		 .message = "Divide or modulo by 0 detected.",
		 .place = &division},
		{.kind = MF_EVENT_WARNING,
		 .index = 1,
		 .size = 16,
		 .fields = code,
		 .field_count = 1,
		 .message = "Map full; can't update element.",
		 .helper = "map_update_elem",
		 .place = &tab},
	};
	struct {
		uint32_t event, cpu;
		int64_t code;
	} record = {0, 0, -E2BIG};
	struct tester tester;
	int saved;

	if (!setup(&tester, events, 2))
		return;
	saved = capture_stderr("/tmp/bpfload-test-err");
	CHECK(output_event(tester.output, &events[0], &record, 8) == 0);
	CHECK(output_event(tester.output, &events[1], &record, 16) == 0);
	record.code = -ENOMEM;
	CHECK(output_event(tester.output, &events[1], &record, 16) == 0);
	CHECK(output_lost(tester.output, &(struct loss){&events[0], 5}, 1) == 0);
	CHECK(output_lost(tester.output, NULL, 0) == 0);
	CHECK(output_lost_total(tester.output, &(struct loss){&events[0], 12}, 1) == 0);
	CHECK(output_repeated(tester.output, &events[1], -E2BIG, 8) == 0);
	tester.fixture.options.no_warnings = true;
	CHECK(output_event(tester.output, &events[0], &record, 8) == 0);
	restore_stderr(saved);
	read_file(&tester, "/tmp/bpfload-test-err");
	CHECK_TEXT(&tester.text,
		   "lib.bt:3:9-14: WARNING: Divide or modulo by 0 detected.\n"
		   "  @x = 5 / $y;\n"
		   "        ~~~~~\n"
		   "lib.bt:7:3-7: expanded from\n"
		   "  m($y);\n"
		   "  ~~~~\n"
		   "test.bt:9:1-5: expanded from\n"
		   "used\n"
		   "~~~~\n"
		   "test.bt:4:2-8: WARNING: Map full; can't update element.\n"
		   "Additional Info - helper: map_update_elem, retcode: -7\n"
		   "    @a[1] = 2;\n"
		   "    ~~~~~~\n"
		   "test.bt:4:2-8: WARNING: Cannot allocate memory\n"
		   "Additional Info - helper: map_update_elem, retcode: -12\n"
		   "    @a[1] = 2;\n"
		   "    ~~~~~~\n"
		   "Lost 5 events\n"
		   "WARNING: Total lost event count: 12\n"
		   "lib.bt:3:9-14: WARNING: 12 events of this place were lost: the ring buffer was "
		   "full. Try increasing perf_rb_pages, or printing less.\n"
		   "test.bt:4:2-8: WARNING: 8 more times: Map full; can't update element.\n");
	unlink("/tmp/bpfload-test-err");
	teardown(&tester, "");
}

static void failures_outside_are_said_on_stderr(void)
{
	const struct mf_event events[] = {
		{.kind = MF_EVENT_CAT, .index = 0, .size = 8, .format = "/nonexistent"},
		{.kind = MF_EVENT_SYSTEM, .index = 1, .size = 8, .format = "echo no"},
		{.kind = MF_EVENT_CAT, .index = 2, .size = 8, .format = "/tmp"},
	};
	uint32_t record[2] = {0};
	struct tester tester;
	int saved;

	if (!setup(&tester, events, 3))
		return;
	saved = capture_stderr("/tmp/bpfload-test-err");
	for (int i = 0; i < 3; i++)
		CHECK(output_event(tester.output, &events[i], record, sizeof(record)) == 0);
	restore_stderr(saved);
	read_file(&tester, "/tmp/bpfload-test-err");
	CHECK_TEXT(&tester.text,
		   "ERROR: cat(): cannot open /nonexistent: No such file or directory\n"
		   "ERROR: system() needs --unsafe or --allow-run\n"
		   "ERROR: cat(): cannot read /tmp: Is a directory\n");
	unlink("/tmp/bpfload-test-err");
	teardown(&tester, "");
}

static void an_output_that_fails_is_said_once(void)
{
	const struct mf_event events[] = {
		{.kind = MF_EVENT_PRINTF, .index = 0, .size = 8, .format = "line\n"}};
	uint32_t record[2] = {0};
	struct tester tester;

	if (!setup(&tester, events, 1))
		return;
	CHECK(output_close(tester.output) == 0);
	tester.fixture.options.output = "/dev/full";
	failure_clear(&failure);
	CHECK(output_open(&tester.output, &tester.fixture.session, &failure) == 0);
	CHECK(output_event(tester.output, &events[0], record, sizeof(record)) == 0);
	CHECK(output_flush(tester.output) == -1);
	CHECK(output_flush(tester.output) == -1);
	CHECK(output_event(tester.output, &events[0], record, sizeof(record)) == -1);
	CHECK(output_finish(tester.output) == -1);
	CHECK(output_close(tester.output) == -1);
	CHECK(failure.status == STATUS_FAILED);
	CHECK(strcmp(failure.text, "cannot write the output: No space left on device") == 0);
	tester.fixture.options.output = "/nonexistent/file";
	failure_clear(&failure);
	CHECK(output_open(&tester.output, &tester.fixture.session, &failure) == STATUS_FAILED);
	CHECK(!tester.output);
	CHECK(strcmp(failure.text,
		     "cannot open /nonexistent/file for writing: No such file or directory") == 0);
	unlink(tester.path);
	strbuf_free(&tester.text);
	fixture_free(&tester.fixture);
}

/* What waits is written before it: a text of standard error comes behind it. */
static void a_map_beside_folded_stacks_tells_that_the_output_fails(void)
{
	static const struct mf_store store = {.kind = MF_STORE_GLOBAL, .value_size = 8};
	static struct mf_map map = {
		.name = "@m", .value = &int64, .stores = &store, .store_count = 1};
	struct tester tester;

	if (!setup(&tester, NULL, 0))
		return;
	CHECK(output_close(tester.output) == 0);
	tester.fixture.manifest.maps = &map;
	tester.fixture.manifest.map_count = 1;
	tester.fixture.options.form = FORM_FOLDED;
	tester.fixture.options.output = "/dev/full";
	failure_clear(&failure);
	CHECK(output_open(&tester.output, &tester.fixture.session, &failure) == 0);
	strbuf_text(&tester.output->text, "main;leaf 7\n");
	CHECK(output_map(tester.output, &map, 0, 1) == -1);
	CHECK(strcmp(failure.text, "cannot write the output: No space left on device") == 0);
	CHECK(output_close(tester.output) == -1);
	unlink(tester.path);
	strbuf_free(&tester.text);
	fixture_free(&tester.fixture);
}

/* In a child, whose standard output is a pipe that nobody reads: a signal would end it. */
static void a_closed_pipe_is_an_error_and_not_a_signal(void)
{
	const struct mf_event events[] = {
		{.kind = MF_EVENT_PRINTF, .index = 0, .size = 8, .format = "line\n"}};
	uint32_t record[2] = {0};
	struct tester tester;
	int ends[2], status;
	pid_t pid;

	if (!setup(&tester, events, 1) || !CHECK(pipe(ends) == 0))
		return;
	close(ends[0]);
	fflush(stderr);
	pid = fork();
	if (pid == 0) {
		struct output *output;
		bool good;

		dup2(ends[1], STDOUT_FILENO);
		close(STDERR_FILENO);
		tester.fixture.options.output = NULL;
		good = output_open(&output, &tester.fixture.session, &failure) == 0 &&
		       output_event(output, &events[0], record, sizeof(record)) == 0 &&
		       output_flush(output) == -1 && output_flush(output) == -1;
		_exit(good ? 42 : 1);
	}
	close(ends[1]);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	teardown(&tester, "");
}

static void events_that_cannot_be_handled_are_refused(void)
{
	const struct mf_type hist = {.kind = MF_HIST, .size = 520, .buckets = 65};
	const struct mf_field number[] = {{.offset = 8, .type = &int64}};
	const struct mf_field buckets[] = {{.offset = 8, .type = &hist}};
	const struct mf_event events[] = {
		{.kind = MF_EVENT_PRINTF,
		 .format = "%s %s",
		 .size = 16,
		 .fields = number,
		 .field_count = 1},
		{.kind = MF_EVENT_PRINT_VALUE, .size = 8},
		{.kind = MF_EVENT_PRINT_VALUE, .size = 528, .fields = buckets, .field_count = 1},
		{.kind = MF_EVENT_JOIN, .size = 16, .fields = number, .field_count = 1},
		{.kind = MF_EVENT_WARNING, .size = 8},
		{.kind = MF_EVENT_WARNING, .size = 8, .helper = "map_update_elem"},
		{.kind = MF_EVENT_PROCESS, .size = 8},
	};
	struct fixture fixture;
	struct output *output;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		fixture_init(&fixture);
		fixture.manifest.events = &events[i];
		fixture.manifest.event_count = 1;
		failure_clear(&failure);
		CHECK(output_open(&output, &fixture.session, &failure) == STATUS_OBJECT && !output);
		CHECK(strncmp(failure.text, "the object is not valid: event 0: ", 34) == 0);
		fixture_free(&fixture);
	}
}

static uint32_t open_descriptors(void)
{
	uint32_t count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A script may do it a million times. */
static void files_and_commands_leave_no_descriptors_open(void)
{
	static const enum output_form forms[] = {FORM_TEXT, FORM_JSON};
	const struct mf_event events[] = {
		{.kind = MF_EVENT_CAT, .index = 0, .size = 8, .format = "/dev/null"},
		{.kind = MF_EVENT_SYSTEM, .index = 1, .size = 8, .format = "exit 0"},
	};
	uint32_t record[2] = {0}, before;
	struct tester tester;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (!setup(&tester, events, 2))
			return;
		CHECK(output_close(tester.output) == 0);
		tester.fixture.options.unsafe = true;
		tester.fixture.options.form = forms[i];
		tester.fixture.options.output = "/dev/null";
		CHECK(output_open(&tester.output, &tester.fixture.session, &failure) == 0);
		before = open_descriptors();
		for (size_t event = 0; event < 2; event++) {
			CHECK(output_event(tester.output, &events[event], record, 8) == 0);
			CHECK(open_descriptors() == before);
		}
		teardown(&tester, "");
	}
}

/* In place of libc's; errno of all calls, 0: they wait as ever. */
static int poll_error;

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	const struct timespec time = {.tv_sec = timeout / 1000,
				      .tv_nsec = timeout % 1000 * 1000000l};

	if (!poll_error)
		return ppoll(fds, count, timeout < 0 ? NULL : &time, NULL);
	errno = poll_error;
	return -1;
}

/* Nobody can say when it ends, so it is told to, and tracing goes on. */
static void a_command_that_cannot_be_waited_for_is_told_to_end(void)
{
	const struct mf_event events[] = {
		{.kind = MF_EVENT_SYSTEM, .index = 0, .size = 8, .format = "exec sleep 60"},
		{.kind = MF_EVENT_PRINTF, .index = 1, .size = 8, .format = "on it goes\n"},
	};
	uint32_t record[2] = {0};
	struct tester tester;
	int status;

	if (!setup(&tester, events, 2))
		return;
	CHECK(output_close(tester.output) == 0);
	tester.fixture.options.unsafe = true;
	tester.fixture.options.form = FORM_JSON;
	CHECK(output_open(&tester.output, &tester.fixture.session, &failure) == 0);
	poll_error = ENOMEM;
	CHECK(output_event(tester.output, &events[0], record, sizeof(record)) == 0);
	poll_error = 0;
	CHECK(waitpid(-1, &status, 0) > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK(output_event(tester.output, &events[1], record, sizeof(record)) == 0);
	teardown(
		&tester,
		"{\"type\": \"syscall\", \"data\": \"\"}\n{\"type\": \"printf\", \"data\": \"on it goes\\n\"}\n");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void lines_are_quick(void)
{
	enum { LINES = 2000000 };
	const struct mf_field fields[] = {{.offset = 8, .type = &int64},
					  {.offset = 16, .type = &string16}};
	const struct mf_event events[] = {{.kind = MF_EVENT_PRINTF,
					   .size = 32,
					   .format = "%d %s\n",
					   .fields = fields,
					   .field_count = 2}};
	struct printf_record record = {0, 0, 0, "systemd"};
	struct tester tester;
	double start;
	int result = 0;

	if (!setup(&tester, events, 1))
		return;
	CHECK(output_close(tester.output) == 0);
	tester.fixture.options.output = "/dev/null";
	CHECK(output_open(&tester.output, &tester.fixture.session, &failure) == 0);
	start = seconds();
	for (int i = 0; i < LINES; i++) {
		record.number = i;
		result |= output_event(tester.output, &events[0], &record, sizeof(record));
	}
	result |= output_flush(tester.output);
	fprintf(stderr, "printf: %.1f million lines a second\n", LINES / 1e6 / (seconds() - start));
	CHECK(result == 0);
	CHECK(output_close(tester.output) == 0);
	unlink(tester.path);
	fixture_free(&tester.fixture);
}

int main(void)
{
	texts_come_in_order();
	join_keeps_the_places_of_empty_texts();
	warnings_show_their_place();
	failures_outside_are_said_on_stderr();
	an_output_that_fails_is_said_once();
	a_map_beside_folded_stacks_tells_that_the_output_fails();
	a_closed_pipe_is_an_error_and_not_a_signal();
	events_that_cannot_be_handled_are_refused();
	files_and_commands_leave_no_descriptors_open();
	a_command_that_cannot_be_waited_for_is_told_to_end();
	lines_are_quick();
	return check_result("output");
}
