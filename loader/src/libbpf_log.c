#include "libbpf_log.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Lines of a verifier log that are shown without -v. */
#define SHOWN_LINES 8
/* The kernel's own limit of a verifier log is 16 MiB (libbpf's UINT32_MAX >> 8). */
#define MAX_LOG (32u << 20)

/* libbpf's print function has no argument for its user. */
static struct libbpf_log *current_log;

static int collect(enum libbpf_print_level level, const char *format, va_list arguments)
{
	struct libbpf_log *log = current_log;
	va_list again;
	int length;

	if (!log || (level == LIBBPF_DEBUG && !log->verbose))
		return 0;
	if (log->verbose) {
		va_copy(again, arguments);
		vfprintf(stderr, format, again);
		va_end(again);
	}
	if (level != LIBBPF_WARN)
		return 0;
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length <= 0 || (size_t)length > MAX_LOG - log->length)
		return 0;
	if (log->room - log->length <= (size_t)length) {
		size_t room = 2 * log->room + (size_t)length + 4096;
		char *text = realloc(log->text, room);

		if (!text)
			return 0;
		log->text = text;
		log->room = room;
	}
	vsnprintf(log->text + log->length, log->room - log->length, format, arguments);
	log->length += (size_t)length;
	return length;
}

void libbpf_log_start(struct libbpf_log *log, bool verbose)
{
	memset(log, 0, sizeof(*log));
	log->verbose = verbose;
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

void libbpf_log_explain(const struct libbpf_log *log)
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
		say("  (%zu lines left out; -v shows them)", total - shown);
	for (size_t i = total - shown; i < total; i++)
		say("  %.*s", (int)lengths[i % SHOWN_LINES], starts[i % SHOWN_LINES]);
}
