#include "base/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/terminal_text.h"
#include "base/write_text.h"

static int stop_by = -1;

void say_stop_by(int stop)
{
	stop_by = stop;
}

static void (*taker)(void *context, const char *text, size_t length);
static void *taker_context;

void say_divert(void (*take)(void *context, const char *text, size_t length), void *context)
{
	taker = take;
	taker_context = context;
}

static void say_line(const char *prefix, const char *format, va_list arguments)
{
	char line[4096];
	int start = snprintf(line, sizeof(line), "%s", prefix);
	int length = vsnprintf(line + start, sizeof(line) - 1 - (size_t)start, format, arguments);
	size_t end, written;

	if (length < 0)
		length = 0;
	end = (size_t)start + (size_t)length;
	if (end > sizeof(line) - 2)
		end = sizeof(line) - 2;
	/* Names out of hostile files must not steer the terminal; our own messages use LF and TAB.
	 */
	for (size_t i = (size_t)start, size; i < end; i += size) {
		bool harmful;

		size = terminal_character((const uint8_t *)line + i, end - i, &harmful);
		if (harmful)
			memset(line + i, '?', size);
	}
	line[end++] = '\n';
	if (taker) {
		taker(taker_context, line, end);
		return;
	}
	/* One write a line, so that lines of the -c child do not cut ours. Nobody to tell when it
	 * fails. */
	write_text(STDERR_FILENO, stop_by, line, end, &written);
}

void say_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_line("ERROR: ", format, arguments);
	va_end(arguments);
}

void say_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_line("WARNING: ", format, arguments);
	va_end(arguments);
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_line("", format, arguments);
	va_end(arguments);
}
