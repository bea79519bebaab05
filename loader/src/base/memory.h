/*
 * Memory. It is there, or the process ends: "out of memory" on stderr, and status 1. So nothing
 * that allocates can fail, and no caller asks. The kernel takes back what the process held; BPF
 * programs go with their links, and a child of -c that waits for its start ends when its socket
 * closes.
 *
 * Only where a file that is not believed names the size (a section's length, a count in a header)
 * is memory tried for: a traced program's forged header must cost its symbols, not the run. Growing
 * with what such a file holds counts too where few of its bytes can ask for many.
 */
#ifndef BPFLOAD_MEMORY_H
#define BPFLOAD_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Says so and ends the process. */
_Noreturn void memory_exhausted(void);

/* Zeroed memory for `count` items of `size` bytes (at least one byte); free() gives it back. */
void *memory_array(size_t count, size_t size);
#define memory_zeroed(size) memory_array(1, size)

/* Uninitialised memory. */
void *memory_bytes(size_t size);

/* Moves to room for `count` items; what is new is uninitialised. */
void *memory_resize(void *memory, size_t count, size_t size);

char *memory_text(const char *text);
char *memory_text_of(const char *bytes, size_t length);
/* Text built as printf does. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *memory_format_list(const char *format, va_list arguments)
	__attribute__((format(printf, 1, 0)));

/* Makes room for one more item behind `count` in an array of `room` items (a member or variable of
 * any unsigned type), which may be NULL and 0. */
#define memory_grow(items, count, room)                                                    \
	do {                                                                               \
		if ((count) >= (room)) {                                                   \
			size_t memory_larger = memory_more((room), (__typeof__(room))-1);  \
			(items) = memory_resize((items), memory_larger, sizeof(*(items))); \
			(room) = (__typeof__(room))memory_larger;                          \
		}                                                                          \
	} while (0)
/* The room that follows on `room`; ends the process where that is more than `most`. */
size_t memory_more(size_t room, size_t most);

/* For sizes that files name: NULL, with errno, without memory or for a size beyond all. */
void *memory_try_array(size_t count, size_t size);
void *memory_try_bytes(size_t size);
void *memory_try_resize(void *memory, size_t count, size_t size);
/* memory_grow that gives false, and leaves everything as it was, without memory. */
#define memory_try_grow(items, count, room)                                                    \
	((count) < (room) || __extension__({                                                   \
		 size_t memory_larger = (room) ? 2 * (size_t)(room) : 16;                      \
		 void *memory_moved =                                                          \
			 memory_larger <= (__typeof__(room))-1                                 \
				 ? memory_try_resize((items), memory_larger, sizeof(*(items))) \
				 : NULL;                                                       \
		 if (memory_moved) {                                                           \
			 (items) = memory_moved;                                               \
			 (room) = (__typeof__(room))memory_larger;                             \
		 }                                                                             \
		 memory_moved != NULL;                                                         \
	 }))

#endif
