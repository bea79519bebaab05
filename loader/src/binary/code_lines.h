/* Source lines of a file's code, from its debug information, each address looked up once. */
#ifndef BPFLOAD_CODE_LINES_H
#define BPFLOAD_CODE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binary/debug_file.h"
#include "base/id_table.h"

struct inline_calls;
struct source_lines;

/* One function that an address is in: those that were inlined there first, then the one around
 * them. */
struct code_frame {
	/* Of the inlined function; NULL: the one of the symbol table. */
	const char *function;
	/* FILE:LINE; NULL: not known. */
	const char *line;
};

struct code_lines {
	/* Whether debug information was looked for, found, and read; it may have names and no
	 * `lines`. */
	bool sought, found, read;
	struct debug_file debug;
	struct source_lines *lines;
	/* NULL: nothing is known of inlined calls. */
	struct inline_calls *calls;
	/* Frames by address: struct code_frames. */
	struct id_table frames;
};

/* Where lines come from: an image, which must outlive them; path and folders as in debug_file_open,
 * looked at once. */
struct code_source {
	const struct elf_image *image;
	const char *path, *folders;
	/* Names of C++ and Rust as people read them. */
	bool readable;
};

/*
 * The frames at an address of the file's own space; 0 where nothing is known. They live as long as
 * `lines`.
 */
size_t code_lines_find(struct code_lines *lines, const struct code_source *source, uint64_t address,
		       const struct code_frame **frames);

/* The separate debug file, of which no line was read for that; NULL: there is none. */
const struct elf_image *code_lines_debug_image(struct code_lines *lines,
					       const struct code_source *source);

void code_lines_free(struct code_lines *lines);

#endif
