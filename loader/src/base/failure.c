#include "base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"
#include "base/memory.h"
#include "base/say.h"

int fail(struct failure *failure, int status, const char *format, ...)
{
	va_list arguments;

	if (failure->status != STATUS_OK)
		return failure->status;
	failure->status = status;
	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	return status;
}

int fail_also(struct failure *failure, int status, const char *format, ...)
{
	size_t length = strlen(failure->text);
	va_list arguments;

	if (failure->status == STATUS_OK)
		failure->status = status;
	else if (length < sizeof(failure->text) - 1)
		failure->text[length++] = '\n';
	va_start(arguments, format);
	vsnprintf(failure->text + length, sizeof(failure->text) - length, format, arguments);
	va_end(arguments);
	return failure->status;
}

int fail_hint(struct failure *failure, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->hint, sizeof(failure->hint), format, arguments);
	va_end(arguments);
	return failure->status;
}

void fail_detail(struct failure *failure, const char *format, ...)
{
	char *before = failure->details, *line;
	va_list arguments;

	va_start(arguments, format);
	line = memory_format_list(format, arguments);
	va_end(arguments);
	failure->details = memory_format("%s%s\n", before ? before : "", line);
	free(before);
	free(line);
}

int fail_at(struct failure *failure, const char *file, uint32_t line)
{
	if (!failure->file[0]) {
		snprintf(failure->file, sizeof(failure->file), "%s", file);
		failure->line = line;
	}
	return failure->status;
}

int fail_at_column(struct failure *failure, const char *file, uint32_t line, uint32_t column,
		   const char *text)
{
	return fail_at_columns(failure, file, line, column, excerpt_end(text, column), text);
}

int fail_at_columns(struct failure *failure, const char *file, uint32_t line, uint32_t column,
		    uint32_t end, const char *text)
{
	struct strbuf marked = {0};

	if (failure->file[0])
		return failure->status;
	fail_at(failure, file, line);
	failure->column = column;
	/* Of code in C the text is not always known. */
	if (end <= column)
		return failure->status;
	excerpt_put(&marked, text, column, end);
	/* The last line break is fail_detail's. */
	fail_detail(failure, "%.*s", (int)marked.length - 1, marked.data);
	strbuf_free(&marked);
	return failure->status;
}

void failure_clear(struct failure *failure)
{
	free(failure->details);
	memset(failure, 0, sizeof(*failure));
}

static void tell_as(const struct failure *failure, const char *kind)
{
	if (failure->status == STATUS_OK)
		return;
	if (!failure->file[0])
		say("%s: %s", kind, failure->text);
	else if (failure->line && failure->column)
		say("%s:%u:%u: %s: %s", failure->file, failure->line, failure->column, kind,
		    failure->text);
	else if (failure->line)
		say("%s:%u: %s: %s", failure->file, failure->line, kind, failure->text);
	else
		say("%s: %s: %s", kind, failure->file, failure->text);
	for (const char *line = failure->details; line && *line; line += strcspn(line, "\n") + 1)
		say("%.*s", (int)strcspn(line, "\n"), line);
	if (failure->hint[0])
		say("HINT: %s", failure->hint);
}

void failure_tell(const struct failure *failure)
{
	tell_as(failure, "ERROR");
}

void failure_warn(const struct failure *failure)
{
	tell_as(failure, "WARNING");
}
