#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/say.h"

_Noreturn void memory_exhausted(void)
{
	/* Who takes lines keeps them in memory. */
	say_divert(NULL, NULL);
	say_error("out of memory");
	exit(STATUS_FAILED);
}

static void *there(void *memory)
{
	if (!memory)
		memory_exhausted();
	return memory;
}

void *memory_array(size_t count, size_t size)
{
	return there(memory_try_array(count, size));
}

void *memory_bytes(size_t size)
{
	return there(memory_try_bytes(size));
}

void *memory_resize(void *memory, size_t count, size_t size)
{
	return there(memory_try_resize(memory, count, size));
}

char *memory_text(const char *text)
{
	return memory_text_of(text, strlen(text));
}

char *memory_text_of(const char *bytes, size_t length)
{
	char *copy = memory_bytes(length + 1);

	memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

char *memory_format_list(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		memory_exhausted();
	return text;
}

char *memory_format(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = memory_format_list(format, arguments);
	va_end(arguments);
	return text;
}

size_t memory_more(size_t room, size_t most)
{
	size_t larger;

	if (__builtin_mul_overflow(room, 2, &larger) || larger > most)
		memory_exhausted();
	return larger ? larger : 16;
}

void *memory_try_array(size_t count, size_t size)
{
	return calloc(count ? count : 1, size);
}

void *memory_try_bytes(size_t size)
{
	return malloc(size ? size : 1);
}

void *memory_try_resize(void *memory, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, bytes ? bytes : 1);
}
