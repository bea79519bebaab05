/* The name of an address in a file, with its source lines: for whoever found the file. */
#ifndef BPFLOAD_FILE_SYMBOL_H
#define BPFLOAD_FILE_SYMBOL_H

#include <stdbool.h>
#include <stdint.h>

struct code_source;
struct mapped_file;
struct symbol;

enum file_lines {
	FILE_LINES_NONE,
	FILE_LINES_OF_PLACE,
	/* The address is the one behind a call, and its line is that of the call. */
	FILE_LINES_OF_CALL,
};

/*
 * Sets name and offset of a symbol by an address of the file's own space, and its frames where
 * lines are wanted and known; the module stays. False: no function holds it, and the name is NULL.
 * The texts live until another file is used.
 */
bool file_symbol(struct mapped_file *file, const struct code_source *source, uint64_t address,
		 enum file_lines lines, struct symbol *symbol);

#endif
