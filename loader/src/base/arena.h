/*
 * Memory that is given back all at once: a parsed manifest, a session's tables. Without memory the
 * process ends (memory.h), but for arena_try.
 */
#ifndef BPFLOAD_ARENA_H
#define BPFLOAD_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

/* Zeroed memory aligned to 8 bytes, valid until arena_free. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same for `count` items of `size` bytes. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* The same where a file that is not believed names the size: NULL without memory. */
void *arena_try_array(struct arena *arena, size_t count, size_t size);

/* Copy of `length` bytes with a NUL behind them. */
char *arena_text(struct arena *arena, const char *bytes, size_t length);

/* Text built as printf does. */
char *arena_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void arena_free(struct arena *arena);

#endif
