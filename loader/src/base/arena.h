/* Memory that is given back all at once: a parsed manifest, a session's tables. */
#ifndef BPFLOAD_ARENA_H
#define BPFLOAD_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

/* Zeroed memory aligned to 8 bytes, valid until arena_free. NULL when there is none left. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same for `count` items of `size` bytes; NULL also when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copy of `length` bytes with a NUL behind them. */
char *arena_text(struct arena *arena, const char *bytes, size_t length);

/* Text built as printf does. */
char *arena_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void arena_free(struct arena *arena);

#endif
