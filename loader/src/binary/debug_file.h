/* Where the debug information of a program is: in the file, or in a separate one. */
#ifndef BPFLOAD_DEBUG_FILE_H
#define BPFLOAD_DEBUG_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "binary/budget.h"
#include "binary/elf_image.h"

/* Where distributions put separate debug files. */
#define DEBUG_FILE_FOLDER "/usr/lib/debug"

/* A section, uncompressed. */
struct debug_section {
	const uint8_t *bytes;
	uint64_t size;
	/* What it was uncompressed to; NULL: it is the image's. */
	uint8_t *own;
};

struct debug_file {
	/* The separate file; without a view where the program's own file is used. */
	struct elf_image image;
	/* Of the file that is used. */
	struct budget *budget;
	struct debug_section line, line_str, str;
	/* Read by debug_file_read_info. */
	bool info_read;
	struct debug_section info, abbrev, ranges, rnglists, addr, str_offsets;
};

/*
 * Finds the debug information of an image that was read from `path` (NULL: unknown): sections of
 * its own, or the file that its build id or .gnu_debuglink names, in `folders` (separated by
 * colons, NULL: none), beside the program, and in /usr/lib/debug. False when there is none. The
 * image must outlive it.
 */
bool debug_file_open(struct debug_file *file, const struct elf_image *image, const char *path,
		     const char *folders);

/* The two halves of it: where it is, which may have names alone, and what lines are read from. What
 * was found is to be closed. */
bool debug_file_find(struct debug_file *file, const struct elf_image *image, const char *path,
		     const char *folders);
bool debug_file_read_lines(struct debug_file *file, const struct elf_image *image);

/* Reads what describes functions and their parts; sections that are not there stay empty. */
void debug_file_read_info(struct debug_file *file, const struct elf_image *image);

void debug_file_close(struct debug_file *file);

#endif
