/* Sections of debug information, out of an input. */
#ifndef BPFLOAD_FUZZ_DEBUG_BYTES_H
#define BPFLOAD_FUZZ_DEBUG_BYTES_H

#include "binary/debug_file.h"
#include "fuzz.h"

#define DEBUG_SECTIONS 9

struct debug_bytes {
	struct debug_file file;
	struct budget budget;
	uint8_t *own[DEBUG_SECTIONS];
	/* What the input says to look up. */
	uint64_t addresses[4];
};

/* The input: four addresses of u32, nine lengths of u16, and the sections in the order of struct
 * debug_file (line, line_str, str, info, abbrev, ranges, rnglists, addr, str_offsets). */
void debug_bytes_read(struct debug_bytes *bytes, const uint8_t *data, size_t size);
void debug_bytes_free(struct debug_bytes *bytes);

#endif
