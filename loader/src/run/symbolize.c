#include "run/symbolize.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/say.h"
#include "base/sink.h"
#include "base/strbuf.h"
#include "base/terminal_text.h"
#include "binary/debug_file.h"
#include "output/symbolize.h"
#include "recording/recording.h"
#include "run/report.h"
#include "session/options.h"
#include "symbols/saved_symbols.h"
#include "symbols/symbols.h"

/* What is read at once. */
#define CHUNK (256u << 10)
/* A map of a million stacks is one line of JSON. */
#define LINE_MOST (256u << 20)

struct text {
	struct symbolizer symbolizer;
	struct strbuf input, output;
	uint64_t lines;
	struct sink sink;
	bool is_terminal;
};

static int put_line(struct text *text, const char *line, size_t length, bool has_end)
{
	size_t start = text->output.length;

	symbolize_line(&text->symbolizer, line, length, &text->output);
	if (text->is_terminal)
		terminal_text(&text->output, start);
	if (has_end)
		strbuf_char(&text->output, '\n');
	text->lines++;
	return text->output.length < CHUNK ? 0 : sink_write(&text->sink, &text->output);
}

/* The whole lines that were read: what is left is the start of one. */
static int put_lines(struct text *text, size_t searched)
{
	size_t at = 0;
	char *newline;

	while ((newline = memchr(text->input.data + at + searched, '\n',
				 text->input.length - at - searched))) {
		size_t length = (size_t)(newline - text->input.data) - at;

		if (put_line(text, text->input.data + at, length, true) != 0)
			return -1;
		at += length + 1;
		searched = 0;
	}
	strbuf_drop(&text->input, at);
	return sink_write(&text->sink, &text->output);
}

static bool begins_as_recording(const char *start, size_t length)
{
	return length >= strlen(RECORDING_MAGIC) &&
	       memcmp(start, RECORDING_MAGIC, strlen(RECORDING_MAGIC)) == 0;
}

/* Failures of the input alone; the sink has its own. */
static int put_text(struct text *text, int fd, struct failure *failure)
{
	for (;;) {
		size_t searched = text->input.length;
		ssize_t got;

		strbuf_reserve(&text->input, CHUNK);
		got = read(fd, text->input.data + searched, CHUNK);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(failure, STATUS_FAILED, "cannot read it: %s", strerror(errno));
		if (!got)
			break;
		text->input.length += (size_t)got;
		if (!text->lines && begins_as_recording(text->input.data, text->input.length)) {
			fail(failure, STATUS_FAILED, "it is a recording, and comes by a pipe");
			return fail_hint(failure, "Put it into a file, or show it by: report -");
		}
		if (put_lines(text, searched) != 0)
			return STATUS_OK;
		if (text->input.length > LINE_MOST)
			return fail(failure, STATUS_FAILED, "line %llu has more than %u MiB",
				    (unsigned long long)text->lines + 1, LINE_MOST >> 20);
	}
	if (text->input.length && put_line(text, text->input.data, text->input.length, false) != 0)
		return STATUS_OK;
	sink_write(&text->sink, &text->output);
	return STATUS_OK;
}

static void warn(struct saved_symbols *symbols)
{
	const char *path;

	while ((path = saved_symbols_other_file(symbols)))
		say_warning("%s is another file here than the one that was mapped: it names "
			    "nothing. Name the right one with --exe.",
			    path);
	if (symbols_were_limited())
		say_warning("Some addresses have no name: files that name them are too large.");
}

static int name_text(const struct options *options, int fd, struct failure *failure)
{
	const struct saved_files files = {
		.debug_folders = options->debug_folders,
		.programs = options->programs,
		.program_count = options->program_count,
		.maps = options->maps,
		.kallsyms = options->kallsyms,
		.kernel_base = options->kernel_base,
	};
	struct text text = {.is_terminal = isatty(STDOUT_FILENO) == 1};

	if (saved_symbols_open(&text.symbolizer.symbols, &files, failure) == STATUS_OK &&
	    sink_open(&text.sink, NULL, "the text", failure) == STATUS_OK) {
		if (put_text(&text, fd, failure) != STATUS_OK)
			fail_at(failure, options->objects[0], 0);
		sink_close(&text.sink);
		warn(text.symbolizer.symbols);
	}
	strbuf_free(&text.input);
	strbuf_free(&text.output);
	saved_symbols_free(text.symbolizer.symbols);
	return failure->status;
}

static bool is_recording(int fd)
{
	char start[sizeof(RECORDING_MAGIC)];
	ssize_t got = pread(fd, start, sizeof(start), 0);

	return got > 0 && begins_as_recording(start, (size_t)got);
}

int symbolize(const struct options *options, struct failure *failure)
{
	const char *path = options->objects[0];
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct options shown = *options;
	int status;

	if (fd < 0) {
		fail(failure, STATUS_FAILED, "cannot open it: %s", strerror(errno));
		return fail_at(failure, path, 0);
	}
	if (!shown.debug_folders)
		shown.debug_folders = DEBUG_FILE_FOLDER;
	/* A recording says itself what its addresses are. */
	status = is_recording(fd) ? report(&shown, failure) : name_text(options, fd, failure);
	close(fd);
	return status;
}
