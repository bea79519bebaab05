#include "session/libbpf_log.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/say.h"
#include "base/terminal_text.h"

/* Lines of a verifier log that are shown without -v. */
#define SHOWN_LINES 8
/* The kernel's own limit of a verifier log is 16 MiB (libbpf's UINT32_MAX >> 8). */
#define MAX_LOG (32u << 20)
/* Of all programs' logs that --dump keeps. */
#define MAX_KEPT (16u << 20)

/* libbpf's print function has no argument for its user. */
static struct libbpf_log *current_log;

/* What is shown of a message: its end, from the start of a line. Says how much is left out. */
static const char *cut(const char *text, size_t length, size_t limit, bool verbose)
{
	const char *start = text + length - limit, *next;

	if (length <= limit)
		return text;
	next = memchr(start, '\n', limit);
	if (next && next[1])
		start = next + 1;
	if (verbose)
		say("(%zu bytes left out; log_size is %zu)", (size_t)(start - text), limit);
	return start;
}

static bool append(struct libbpf_log *log, const char *text, size_t length)
{
	if (length > MAX_LOG - log->length)
		return false;
	if (log->room - log->length <= length) {
		size_t room = 2 * log->room + length + 4096;

		log->text = memory_resize(log->text, room, 1);
		log->room = room;
	}
	memcpy(log->text + log->length, text, length + 1);
	log->length += length;
	return true;
}

/* The end of a program's log, of which so many bytes are left out. */
static void keep(struct strbuf *kept, const char *log, size_t left_out)
{
	size_t length = strlen(log);

	if (kept->length >= MAX_KEPT || length > MAX_KEPT - kept->length) {
		left_out += length;
		length = 0;
	}
	if (left_out) {
		strbuf_char(kept, '(');
		strbuf_u64(kept, left_out);
		strbuf_text(kept, " bytes of a log left out)\n");
	}
	strbuf_put(kept, log, length);
}

static int collect(enum libbpf_print_level level, const char *format, va_list arguments)
{
	struct libbpf_log *log = current_log;
	struct strbuf said = {0};
	const char *shown;
	bool is_log, show;
	char *text;
	int length;

	if (!log || (level != LIBBPF_WARN && !log->verbose && !log->verifier && !log->kept))
		return 0;
	length = vasprintf(&text, format, arguments);
	if (length < 0)
		return 0;
	/* libbpf frames logs like this, at debug level those of programs that were taken. */
	is_log = strstr(text, "BEGIN PROG LOAD LOG");
	show = log->verbose || (is_log && log->verifier);
	shown = cut(text, (size_t)length, log->limit, show);
	if (show) {
		/* Names of sections and symbols in it are the object's. */
		strbuf_text(&said, shown);
		terminal_write(stderr, &said);
	}
	if (log->kept && is_log)
		keep(log->kept, shown, (size_t)(shown - text));
	if (level == LIBBPF_WARN && !append(log, shown, strlen(shown)))
		length = 0;
	free(text);
	return length;
}

void libbpf_log_start(struct libbpf_log *log, const struct options *options, size_t limit)
{
	memset(log, 0, sizeof(*log));
	log->verbose = options->verbose || options->dump_libbpf;
	log->verifier = options->dump_verifier;
	log->limit = limit;
	current_log = log;
	libbpf_set_print(collect);
}

void libbpf_log_stop(struct libbpf_log *log)
{
	current_log = NULL;
	libbpf_set_print(NULL);
	free(log->text);
	memset(log, 0, sizeof(*log));
}

bool libbpf_log_has(const struct libbpf_log *log, const char *words)
{
	return log->text && strstr(log->text, words);
}

bool libbpf_log_name(const struct libbpf_log *log, const char *words, char *name, size_t size)
{
	const char *found = log->text ? strstr(log->text, words) : NULL;
	size_t length;

	if (!found)
		return false;
	found += strlen(words);
	found += *found == '\'';
	length = strcspn(found, "'\n");
	snprintf(name, size, "%.*s", (int)length, found);
	return true;
}

/* Lines that say nothing to a user: statistics, libbpf's frames around the log, what follows from
 * the failure. */
static bool is_noise(const char *line, size_t length)
{
	static const char *const noise[] = {"processed ",
					    "verification time ",
					    "stack depth ",
					    "-- BEGIN PROG LOAD LOG --",
					    "-- END PROG LOAD LOG --",
					    "libbpf: failed to load object",
					    "libbpf: failed to load program"};

	if (length == 0)
		return true;
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++)
		if (length >= strlen(noise[i]) && memcmp(line, noise[i], strlen(noise[i])) == 0)
			return true;
	return memmem(line, length, "PROG LOAD LOG", strlen("PROG LOAD LOG")) ||
	       memmem(line, length, "failed to load: ", strlen("failed to load: ")) ||
	       memmem(line, length, "failed to load object", strlen("failed to load object"));
}

void libbpf_log_explain(const struct libbpf_log *log, struct failure *failure)
{
	const char *starts[SHOWN_LINES];
	size_t lengths[SHOWN_LINES], total = 0, shown;
	const char *line = log->text;

	if (!line || log->verbose)
		return;
	while (*line) {
		size_t length = strcspn(line, "\n");

		if (!is_noise(line, length)) {
			starts[total % SHOWN_LINES] = line;
			lengths[total % SHOWN_LINES] = length;
			total++;
		}
		line += length + (line[length] == '\n');
	}
	shown = total < SHOWN_LINES ? total : SHOWN_LINES;
	if (total > shown)
		fail_detail(failure, "  (%zu lines left out; -v shows them)", total - shown);
	for (size_t i = total - shown; i < total; i++)
		fail_detail(failure, "  %.*s", (int)lengths[i % SHOWN_LINES],
			    starts[i % SHOWN_LINES]);
}
