/* `bpfload symbolize` and `report`: what is read is named line by line, however it comes; what is a
 * recording is shown as one; and what cannot be read, or shown, is said. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "captured.h"
#include "check.h"
#include "folder.h"
#include "output/output.h"
#include "output/replay.h"
#include "output/symbolize.h"
#include "recording/recording.h"
#include "run/report.h"
#include "run/symbolize.h"
#include "says.h"
#include "session/options.h"
#include "session/session.h"
#include "session/sizes.h"
#include "symbols/saved_symbols.h"
#include "symbols/symbols.h"

static struct {
	struct options options;
	struct failure failure;
	const char *object;
	/* How opening symbols, a recording, sizes, output and showing go; and closing. */
	int symbols, replay, sizes, output, shown, closed;
	/* It is the output that failed. */
	bool has_failed;
	/* Files that are others here, and whether some were too large. */
	uint32_t other_files;
	bool were_limited;
	uint32_t freed, replays_freed, outputs;
	const char *debug_folders;
	struct manifest manifest;
	struct mf_enum enums[1];
	const char *parameters[2];
} scene;

/* In place of names and recordings. */

void symbolize_line(struct symbolizer *symbolizer, const char *line, size_t length,
		    struct strbuf *to)
{
	CHECK(symbolizer->symbols == (struct saved_symbols *)(void *)&scene);
	strbuf_text(to, "<");
	strbuf_put(to, line, length);
	strbuf_text(to, ">");
}

int saved_symbols_open(struct saved_symbols **symbols, const struct saved_files *files,
		       struct failure *failure)
{
	CHECK(files->debug_folders == scene.options.debug_folders &&
	      files->programs == scene.options.programs &&
	      files->program_count == scene.options.program_count &&
	      files->maps == scene.options.maps && files->kallsyms == scene.options.kallsyms &&
	      files->kernel_base == scene.options.kernel_base);
	*symbols = (struct saved_symbols *)(void *)&scene;
	return scene.symbols ? fail(failure, scene.symbols, "No symbols.") : STATUS_OK;
}

void saved_symbols_free(struct saved_symbols *symbols)
{
	CHECK(symbols == (struct saved_symbols *)(void *)&scene);
	scene.freed++;
}

const char *saved_symbols_other_file(struct saved_symbols *symbols)
{
	static const char *const files[] = {"/b", "/a"};

	CHECK(symbols == (struct saved_symbols *)(void *)&scene);
	return scene.other_files ? files[--scene.other_files] : NULL;
}

bool symbols_were_limited(void)
{
	return scene.were_limited;
}

int replay_open(struct replay *replay, int fd, struct failure *failure)
{
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC || strcmp(scene.object, "-") == 0);
	close(fd);
	memset(replay, 0, sizeof(*replay));
	replay->object.manifest = &scene.manifest;
	replay->enums = scene.enums;
	replay->parameters = scene.parameters;
	replay->parameter_count = 2;
	return scene.replay ? fail(failure, scene.replay, "No recording.") : STATUS_OK;
}

void replay_free(struct replay *replay)
{
	CHECK(replay->object.manifest == &scene.manifest);
	scene.replays_freed++;
}

int sizes_settle(struct session *session, struct failure *failure)
{
	CHECK(session->options->parameters == scene.parameters &&
	      session->options->parameter_count == 2 && session->manifest == &scene.manifest);
	CHECK(session->cpus == 1 && session->enums == scene.enums && !session->object);
	return scene.sizes ? fail(failure, scene.sizes, "No sizes.") : STATUS_OK;
}

int output_open_replay(struct output **out, struct session *session, struct replay *replay,
		       struct failure *failure)
{
	CHECK(session->elf == &replay->object.elf);
	scene.debug_folders = session->options->debug_folders;
	*out = (struct output *)(void *)&scene;
	scene.outputs++;
	return scene.output ? fail(failure, scene.output, "No output.") : STATUS_OK;
}

int replay_run(struct output *output, struct failure *failure)
{
	CHECK(output == (struct output *)(void *)&scene);
	puts("shown");
	return scene.shown ? fail(failure, scene.shown, "No end.") : STATUS_OK;
}

bool output_has_failed(const struct output *output)
{
	(void)output;
	return scene.has_failed;
}

int output_close(struct output *output)
{
	CHECK(output == (struct output *)(void *)&scene);
	scene.outputs--;
	return scene.closed;
}

static void begin(const char *object)
{
	failure_clear(&scene.failure);
	memset(&scene, 0, sizeof(scene));
	scene.object = object;
	scene.options.objects = &scene.object;
	scene.options.object_count = 1;
	scene.options.kernel_base = 77;
	scene.options.maps = "maps";
}

static void write_file(const char *name, const char *bytes, size_t size)
{
	FILE *file = fopen(at(name), "w");

	if (CHECK(file)) {
		CHECK(fwrite(bytes, 1, size, file) == size);
		fclose(file);
	}
}

/* What comes out, and what is said beside it. */
static int run(int (*what)(const struct options *options, struct failure *failure),
	       struct strbuf *text, struct strbuf *said)
{
	struct captured out, error;
	int status;

	capture_begin(&error, STDERR_FILENO);
	capture_begin(&out, STDOUT_FILENO);
	status = what(&scene.options, &scene.failure);
	capture_end(&out, text);
	capture_end(&error, said);
	CHECK(status == scene.failure.status || what == report);
	return status;
}

static void expect_lines(const char *text, size_t size, const char *expected)
{
	struct strbuf out = {0}, said = {0};

	write_file("text", text, size);
	begin(at("text"));
	CHECK(run(symbolize, &out, &said) == STATUS_OK && scene.freed == 1);
	CHECK_TEXT(&out, expected);
	CHECK_TEXT(&said, "");
	strbuf_free(&out);
	strbuf_free(&said);
}

static void lines(void)
{
	expect_lines("", 0, "");
	expect_lines("a", 1, "<a>");
	expect_lines("a\n", 2, "<a>\n");
	expect_lines("\n\nab\n\nc", 7, "<>\n<>\n<ab>\n<>\n<c>");
	/* It begins as a recording does, and is none. */
	expect_lines(RECORDING_MAGIC, strlen(RECORDING_MAGIC) - 1, "<bpfrec\r>");
	/* Only at the beginning it is one. */
	expect_lines("x\n" RECORDING_MAGIC, 2 + strlen(RECORDING_MAGIC), "<x>\n<bpfrec\r>\n");
}

/* Long texts come in pieces, wherever those end. */
static void large_texts(void)
{
	struct strbuf text = {0}, expected = {0}, out = {0}, said = {0};
	char line[32];

	for (uint32_t i = 0; text.length < 900000; i++) {
		int length = snprintf(line, sizeof(line), "%u", i * 7919);

		strbuf_put(&text, line, (size_t)length);
		strbuf_char(&text, '\n');
		strbuf_char(&expected, '<');
		strbuf_put(&expected, line, (size_t)length);
		strbuf_text(&expected, ">\n");
		/* And a line that is longer than a piece. */
		if (i == 1000) {
			strbuf_char(&expected, '<');
			for (uint32_t letter = 0; letter < 600000; letter++) {
				strbuf_char(&text, (char)('a' + letter % 26));
				strbuf_char(&expected, (char)('a' + letter % 26));
			}
			strbuf_char(&text, '\n');
			strbuf_text(&expected, ">\n");
		}
	}
	write_file("text", text.data, text.length);
	begin(at("text"));
	CHECK(run(symbolize, &out, &said) == STATUS_OK);
	CHECK(out.length == expected.length && memcmp(out.data, expected.data, out.length) == 0);
	strbuf_free(&text);
	strbuf_free(&expected);
	strbuf_free(&out);
	strbuf_free(&said);
}

/* From standard input, which may be a pipe. */
static void from_input(void)
{
	struct strbuf out = {0}, said = {0};
	int ends[2], before = dup(STDIN_FILENO);

	for (int is_recording = 0; is_recording < 2; is_recording++) {
		CHECK(pipe(ends) == 0);
		CHECK(write(ends[1], is_recording ? RECORDING_MAGIC : "x\ny\n", 4) == 4);
		if (is_recording)
			CHECK(write(ends[1], RECORDING_MAGIC "\n" + 4,
				    strlen(RECORDING_MAGIC) - 3) > 0);
		close(ends[1]);
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		begin("-");
		CHECK(run(symbolize, &out, &said) == (is_recording ? STATUS_FAILED : STATUS_OK));
		CHECK_TEXT(&out, is_recording ? "" : "<x>\n<y>\n");
		if (is_recording) {
			CHECK(says(&scene.failure, STATUS_FAILED,
				   "it is a recording, and comes by a pipe"));
			CHECK(strcmp(scene.failure.file, "-") == 0 &&
			      strstr(scene.failure.hint, "report -"));
		}
	}
	dup2(before, STDIN_FILENO);
	close(before);
	strbuf_free(&out);
	strbuf_free(&said);
}

static void warnings(void)
{
	struct strbuf out = {0}, said = {0};

	write_file("text", "a\n", 2);
	begin(at("text"));
	scene.other_files = 2;
	scene.were_limited = true;
	CHECK(run(symbolize, &out, &said) == STATUS_OK);
	CHECK_TEXT(&said,
		   "WARNING: /a is another file here than the one that was mapped: it names "
		   "nothing. Name the right one with --exe.\n"
		   "WARNING: /b is another file here than the one that was mapped: it names "
		   "nothing. Name the right one with --exe.\n"
		   "WARNING: Some addresses have no name: files that name them are too large.\n");
	strbuf_clear(&out);
	/* Without symbols nothing is read. */
	begin(at("text"));
	scene.symbols = STATUS_USAGE;
	CHECK(run(symbolize, &out, &said) == STATUS_USAGE && scene.freed == 1);
	CHECK_TEXT(&out, "");
	strbuf_free(&out);
	strbuf_free(&said);
}

static void unreadable(int (*what)(const struct options *options, struct failure *failure))
{
	struct strbuf out = {0}, said = {0};

	begin(at("none"));
	CHECK(run(what, &out, &said) == STATUS_FAILED);
	CHECK(says(&scene.failure, STATUS_FAILED, "cannot open it: No such file or directory"));
	CHECK(strcmp(scene.failure.file, at("none")) == 0);
	strbuf_free(&out);
	strbuf_free(&said);
}

static void folders(void)
{
	struct strbuf out = {0}, said = {0};

	begin(folder);
	CHECK(run(symbolize, &out, &said) == STATUS_FAILED);
	CHECK(says(&scene.failure, STATUS_FAILED, "cannot read it: Is a directory") &&
	      strcmp(scene.failure.file, folder) == 0);
	CHECK_TEXT(&out, "");
	strbuf_free(&out);
	strbuf_free(&said);
}

/* A recording says itself what its addresses are; debug files are looked for where they are. */
static void recordings(void)
{
	struct strbuf out = {0}, said = {0};

	write_file("recording", RECORDING_MAGIC "more", strlen(RECORDING_MAGIC) + 4);
	begin(at("recording"));
	CHECK(run(symbolize, &out, &said) == STATUS_OK && scene.replays_freed == 1);
	CHECK(strcmp(scene.debug_folders, "/usr/lib/debug") == 0);
	CHECK_TEXT(&out, "shown\n");
	begin(at("recording"));
	scene.options.debug_folders = "/mine";
	CHECK(run(symbolize, &out, &said) == STATUS_OK &&
	      strcmp(scene.debug_folders, "/mine") == 0);
	CHECK_TEXT(&out, "shown\n");
	begin(at("recording"));
	CHECK(run(report, &out, &said) == STATUS_OK && !scene.debug_folders);
	CHECK_TEXT(&out, "shown\n");
	strbuf_free(&out);
	strbuf_free(&said);
}

static void reports(void)
{
	static const struct {
		int replay, sizes, output, shown, closed, status;
		bool has_failed;
		/* Whether it is shown, and whether it is the recording that is wrong. */
		bool is_shown, is_named;
	} cases[] = {
		{.is_shown = true},
		{.replay = STATUS_FAILED, .status = STATUS_FAILED, .is_named = true},
		{.sizes = STATUS_USAGE, .status = STATUS_USAGE},
		{.output = STATUS_FAILED, .status = STATUS_FAILED},
		{.shown = STATUS_KERNEL,
		 .status = STATUS_KERNEL,
		 .is_shown = true,
		 .is_named = true},
		{.shown = STATUS_FAILED,
		 .status = STATUS_FAILED,
		 .is_shown = true,
		 .has_failed = true},
		{.closed = -1, .status = STATUS_FAILED, .is_shown = true},
		{.shown = STATUS_KERNEL,
		 .closed = -1,
		 .status = STATUS_KERNEL,
		 .is_shown = true,
		 .is_named = true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct strbuf out = {0}, said = {0};

		begin(at("recording"));
		scene.replay = cases[i].replay;
		scene.sizes = cases[i].sizes;
		scene.output = cases[i].output;
		scene.shown = cases[i].shown;
		scene.closed = cases[i].closed;
		scene.has_failed = cases[i].has_failed;
		CHECK(run(report, &out, &said) == cases[i].status && scene.replays_freed == 1);
		CHECK_TEXT(&out, cases[i].is_shown ? "shown\n" : "");
		CHECK(!cases[i].is_shown || scene.outputs == 0);
		if (!CHECK(cases[i].is_named ==
			   (*scene.failure.text && strcmp(scene.failure.file, scene.object) == 0)))
			fprintf(stderr, "  case %zu\n", i);
		strbuf_free(&out);
		strbuf_free(&said);
	}
}

int main(void)
{
	CHECK(mkdtemp(folder));
	lines();
	large_texts();
	from_input();
	warnings();
	unreadable(symbolize);
	unreadable(report);
	folders();
	recordings();
	reports();
	failure_clear(&scene.failure);
	unlink(at("text"));
	unlink(at("recording"));
	CHECK(rmdir(folder) == 0);
	return check_result("named_text");
}
