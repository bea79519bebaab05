/* Calls that the compiler replaced by the function's code, from .debug_info. */
#ifndef BPFLOAD_INLINE_CALLS_H
#define BPFLOAD_INLINE_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "binary/debug_file.h"

/* Deepest nesting that is shown. */
#define INLINE_CALLS_MAX 64

struct inline_call {
	/* Of the function that was inlined, as the file has it; "" where it has none. */
	const char *name;
	/* Where it is called: a file of the line table at `lines` in .debug_line. */
	uint64_t lines;
	uint32_t file, line;
};

struct inline_calls;

/* Reads which code is whose; what of functions is needed is read later. NULL without memory. The
 * file must outlive it. */
struct inline_calls *inline_calls_read(const struct debug_file *file);
void inline_calls_free(struct inline_calls *calls);

/* The folder that relative paths of the code at an address start from; "": not known. */
const char *inline_calls_folder(struct inline_calls *calls, uint64_t address);

/* The calls that an address (of the file's own space) is in, outermost first. */
size_t inline_calls_find(struct inline_calls *calls, uint64_t address,
			 struct inline_call found[INLINE_CALLS_MAX]);

#endif
