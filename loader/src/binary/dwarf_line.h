/*
 * The line table of a program, .debug_line of DWARF 2 to 5: which code belongs to which source
 * line. Nothing in it is trusted. Numbers in comments are sections of the DWARF 5 standard.
 */
#ifndef BPFLOAD_DWARF_LINE_H
#define BPFLOAD_DWARF_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binary/debug_file.h"
#include "binary/dwarf_reader.h"
#include "base/strbuf.h"

/* The header of one unit's table. */
struct dwarf_line_unit {
	const struct debug_file *file;
	/* Of the unit in .debug_line. */
	uint64_t offset;
	uint16_t version;
	uint8_t offset_size, address_size;
	uint8_t min_instruction, max_operations, line_range, opcode_base;
	int8_t line_base;
	bool default_is_stmt;
	/* Operands of standard opcodes, from opcode 1. */
	const uint8_t *operands;
	/* Tables of folders and of files, as they stand; then the program. */
	struct dwarf_reader folders, files, program;
	/* Number of the first file: 1 up to DWARF 4. */
	uint32_t first_file, file_count, folder_count;
	/* Content types and forms of entries, from DWARF 5 on: pairs of numbers. */
	struct dwarf_reader folder_format, file_format;
	uint8_t folder_forms, file_forms;
};

struct dwarf_line_row {
	uint64_t address;
	uint32_t file, line, column;
	bool is_stmt, end_sequence;
};

/* The unit at an offset; `*next` is that of the one behind it. False at the end, or where the table
 * is damaged beyond reading on. A unit of an unknown version has an empty program. */
bool dwarf_line_unit_at(struct dwarf_line_unit *unit, const struct debug_file *file,
			uint64_t offset, uint64_t *next);

/* The name of the next file, without its folder; `files` begins as that of the unit. */
bool dwarf_line_file_next(const struct dwarf_line_unit *unit, struct dwarf_reader *files,
			  const char **name);

/* Appends the path of a file: its folder's name before it unless it is absolute. */
void dwarf_line_path(struct strbuf *to, const struct dwarf_line_unit *unit, uint32_t number);

/* Runs a unit's program from where it stands, a row a call. */
struct dwarf_line_machine {
	const struct dwarf_line_unit *unit;
	struct dwarf_reader program;
	struct dwarf_line_row row;
	uint32_t operation;
};

void dwarf_line_start(struct dwarf_line_machine *machine, const struct dwarf_line_unit *unit,
		      struct dwarf_reader program);

/* The next row; false after the last. */
bool dwarf_line_next(struct dwarf_line_machine *machine, struct dwarf_line_row *row);

#endif
