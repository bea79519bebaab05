#include "binary/dwarf_abbreviations.h"

#include <stdlib.h>

#include "base/memory.h"

static int by_code(const void *left, const void *right)
{
	const struct dwarf_abbreviation *a = left, *b = right;

	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	/* Of two the first counts. */
	return a->attributes.at < b->attributes.at ? -1 : a->attributes.at > b->attributes.at;
}

static bool is_sorted(const struct dwarf_abbreviations *table)
{
	for (size_t i = 1; i < table->count; i++)
		if (table->items[i - 1].code >= table->items[i].code)
			return false;
	return true;
}

/* Steps over pairs of attribute and form. False: too many. */
static bool skip_attributes(struct dwarf_reader *reader, struct budget *budget)
{
	for (;;) {
		uint64_t attribute = dwarf_uleb(reader), form = dwarf_uleb(reader);

		if (form == 0x21)
			dwarf_sleb(reader);
		if (reader->failed || (!attribute && !form))
			return true;
		if (!budget_step(budget))
			return false;
	}
}

static bool read_table(struct dwarf_abbreviations *table, struct dwarf_tables *tables,
		       const struct debug_section *section, uint64_t offset)
{
	struct dwarf_reader reader = dwarf_reader_of(section->bytes, section->size);

	dwarf_skip(&reader, offset);
	for (;;) {
		struct dwarf_abbreviation abbreviation = {.code = dwarf_uleb(&reader)};

		if (reader.failed || !abbreviation.code)
			break;
		abbreviation.tag = (uint16_t)dwarf_uleb(&reader);
		abbreviation.has_children = dwarf_number(&reader, 1) != 0;
		abbreviation.attributes = reader;
		if (!skip_attributes(&reader, tables->budget))
			return false;
		/* Each takes bytes of its own, unless tables begin within one another. */
		if (tables->count++ == section->size) {
			budget_exceed();
			return false;
		}
		if (!budget_grow(tables->budget, table->items, table->count, table->room))
			return false;
		table->items[table->count++] = abbreviation;
	}
	if (!is_sorted(table))
		qsort(table->items, table->count, sizeof(*table->items), by_code);
	return true;
}

const struct dwarf_abbreviations *
dwarf_abbreviations_at(struct dwarf_tables *tables, const struct debug_file *file, uint64_t offset)
{
	struct dwarf_abbreviations *table = id_table_find(&tables->by_offset, offset + 1);

	if (table)
		return table;
	if (offset >= file->abbrev.size)
		offset = file->abbrev.size;
	tables->budget = file->budget;
	table = id_table_find(&tables->by_offset, offset + 1);
	if (table)
		return table;
	table = memory_zeroed(sizeof(*table));
	if (read_table(table, tables, &file->abbrev, offset)) {
		id_table_add(&tables->by_offset, offset + 1, table);
		return table;
	}
	budget_give_array(tables->budget, table->items, table->room);
	free(table->items);
	free(table);
	return NULL;
}

static void free_table(void *item)
{
	struct dwarf_abbreviations *table = item;

	free(table->items);
	free(table);
}

void dwarf_tables_free(struct dwarf_tables *tables)
{
	for (size_t i = 0; i < tables->by_offset.room; i++) {
		const struct dwarf_abbreviations *table = tables->by_offset.slots[i].item;

		if (table)
			budget_give_array(tables->budget, table->items, table->room);
	}
	id_table_free(&tables->by_offset, free_table);
}

const struct dwarf_abbreviation *dwarf_abbreviation_of(const struct dwarf_abbreviations *table,
						       uint64_t code)
{
	size_t low = 0, high = table->count;

	/* Compilers number them from 1. */
	if (code - 1 < table->count && table->items[code - 1].code == code)
		return &table->items[code - 1];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->items[middle].code < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->count && table->items[low].code == code ? &table->items[low] : NULL;
}
