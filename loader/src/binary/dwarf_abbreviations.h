/* Tables of abbreviations (DWARF 5, 7.5.3): what the entries of .debug_info are made of. */
#ifndef BPFLOAD_DWARF_ABBREVIATIONS_H
#define BPFLOAD_DWARF_ABBREVIATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id_table.h"
#include "binary/debug_file.h"
#include "binary/dwarf_reader.h"

struct dwarf_abbreviation {
	uint64_t code;
	uint16_t tag;
	bool has_children;
	/* Pairs of attribute and form. */
	struct dwarf_reader attributes;
};

/* By code. */
struct dwarf_abbreviations {
	struct dwarf_abbreviation *items;
	size_t count, room;
};

/* Tables of abbreviations by their offset + 1: many units may share one. */
struct dwarf_tables {
	struct id_table by_offset;
	/* In all of them. */
	uint64_t count;
	struct budget *budget;
};

/* The table at an offset. NULL without memory, and beyond the budget. */
const struct dwarf_abbreviations *
dwarf_abbreviations_at(struct dwarf_tables *tables, const struct debug_file *file, uint64_t offset);
void dwarf_tables_free(struct dwarf_tables *tables);

/* NULL: none has this code. */
const struct dwarf_abbreviation *dwarf_abbreviation_of(const struct dwarf_abbreviations *table,
						       uint64_t code);

#endif
