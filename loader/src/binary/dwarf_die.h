/*
 * Entries of .debug_info, DWARF 2 to 5, as far as functions and what was inlined into them need it.
 * Nothing in it is trusted. Numbers in comments are sections of the DWARF 5 standard.
 */
#ifndef BPFLOAD_DWARF_DIE_H
#define BPFLOAD_DWARF_DIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binary/debug_file.h"
#include "binary/dwarf_abbreviations.h"
#include "binary/dwarf_reader.h"

enum { DW_TAG_INLINED = 0x1d, DW_TAG_FUNCTION = 0x2e };

struct dwarf_unit {
	const struct debug_file *file;
	/* Offsets in .debug_info: of the header, of the first entry, and behind the last. */
	uint64_t offset, first, end;
	uint16_t version;
	uint8_t offset_size, address_size;
	/* Of the tables. */
	const struct dwarf_abbreviations *abbreviations;
	/* Of the unit's own entry. */
	uint64_t address_base, ranges_base, texts_base, low;
	/* Its line table in .debug_line. */
	uint64_t lines;
	bool has_lines;
};

struct dwarf_die {
	/* In .debug_info. */
	uint64_t offset;
	/* 0: the end of a list of children. */
	uint16_t tag;
	bool has_children;
	struct dwarf_text name, linkage_name;
	/* Of a unit: the folder that relative paths start from. */
	struct dwarf_text folder;
	/* Offsets in .debug_info; 0: none. */
	uint64_t origin, sibling;
	uint64_t low, high;
	bool has_low, has_high, high_is_length;
	/* Of its list of ranges: an offset in its section, or an index of the unit's. */
	uint64_t ranges;
	bool has_ranges, ranges_is_index;
	uint32_t call_file, call_line;
};

/*
 * Reads the header of the unit at an offset, its abbreviations and its own entry. `*next` is the
 * offset of the one behind it. False at the end, where the section is damaged, without memory and
 * beyond the budget. Units of an unknown kind have no entries. The tables must outlive the unit.
 */
bool dwarf_unit_read(struct dwarf_unit *unit, const struct debug_file *file,
		     struct dwarf_tables *tables, uint64_t offset, uint64_t *next,
		     struct dwarf_die *own);

/* A reader of the unit's entries from an offset on, which may be any. */
struct dwarf_reader dwarf_unit_entries(const struct dwarf_unit *unit, uint64_t offset);

/* Reads the next entry. False: damaged, or the end. */
bool dwarf_die_next(struct dwarf_die *die, const struct dwarf_unit *unit,
		    struct dwarf_reader *reader);

/* Calls `visit` with each range of its code, until that gives false. */
void dwarf_die_ranges(const struct dwarf_die *die, const struct dwarf_unit *unit,
		      bool (*visit)(void *context, uint64_t low, uint64_t high), void *context);

#endif
