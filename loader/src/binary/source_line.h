/* Code of source lines, and source lines of code, from debug information. */
#ifndef BPFLOAD_SOURCE_LINE_H
#define BPFLOAD_SOURCE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binary/debug_file.h"

/* A place in the source as people write it. */
struct source_place {
	/* The whole path, or its last parts. */
	const char *file;
	uint32_t line;
	/* 0: any. */
	uint32_t column;
};

/* Reads FILE:LINE or FILE:LINE:COLUMN; the file's text is cut out of `text`. False: it is none. */
bool source_place_read(struct source_place *place, char *text);

struct source_addresses {
	/* Sorted, each once; to be freed. */
	uint64_t *addresses;
	size_t count;
	/* Some unit has a file of that name. */
	bool file_found;
	/* The closest lines of it that have code, before and behind; 0: none. */
	uint32_t before, behind;
};

/*
 * Where the statements of a line begin: every place in the code where the line is entered from
 * another, in each copy of an inlined function. False without memory.
 */
bool source_line_addresses(const struct debug_file *file, const struct source_place *place,
			   struct source_addresses *found);

/* Which code belongs to which lines, for looking addresses up. */
struct source_lines;

/* Reads the ranges of all lines' code; NULL without memory. The file must outlive it. */
struct source_lines *source_lines_read(const struct debug_file *file);
void source_lines_free(struct source_lines *lines);

struct strbuf;

/* Appends `FILE:LINE` of the line that an address (of the file's own space) belongs to. False: it
 * has none. */
bool source_lines_find(const struct source_lines *lines, uint64_t address, struct strbuf *to);

#endif
