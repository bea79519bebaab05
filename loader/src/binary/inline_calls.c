#include "binary/inline_calls.h"

#include <stdlib.h>

#include "base/memory.h"
#include "binary/dwarf_die.h"
#include "base/id_table.h"

/* Entries that are followed for a name: an inlined function, its declaration, its first
 * declaration. */
#define ORIGINS_MAX 8
/* For one address, beyond what its unit takes once. */
#define LOOK_UP_STEPS (4u << 20)

/* Code of a unit, or of a function in it: `offset` is that of its header, or entry. */
struct range {
	uint64_t low, high, offset;
};

struct ranges {
	struct range *items;
	size_t count, room;
	/* Whose ranges are being added. */
	uint64_t offset;
	struct budget *budget;
	bool failed;
};

struct known_unit {
	struct dwarf_unit unit;
	const char *folder;
	/* Of its functions. */
	struct ranges functions;
	bool functions_read;
};

struct inline_calls {
	const struct debug_file *file;
	struct ranges units;
	/* Offsets of all units, rising. */
	uint64_t *offsets;
	size_t count, room;
	/* Those that were needed, by offset + 1. */
	struct id_table known;
	struct dwarf_tables tables;
};

static bool add_range(void *context, uint64_t low, uint64_t high)
{
	struct ranges *ranges = context;

	/* Functions that the linker dropped begin at 0. */
	if (!low || low >= high)
		return true;
	if (!budget_grow(ranges->budget, ranges->items, ranges->count, ranges->room)) {
		ranges->failed = true;
		return false;
	}
	ranges->items[ranges->count++] = (struct range){low, high, ranges->offset};
	return true;
}

static int by_low(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	return a->low < b->low ? -1 : a->low > b->low;
}

static void sort(struct ranges *ranges)
{
	if (ranges->count)
		qsort(ranges->items, ranges->count, sizeof(*ranges->items), by_low);
}

static const struct range *find_range(const struct ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->items[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < ranges->items[low - 1].high ? &ranges->items[low - 1] : NULL;
}

static bool add_offset(struct inline_calls *calls, uint64_t offset)
{
	if (!budget_grow(calls->file->budget, calls->offsets, calls->count, calls->room))
		return false;
	calls->offsets[calls->count++] = offset;
	return true;
}

struct inline_calls *inline_calls_read(const struct debug_file *file)
{
	struct inline_calls *calls = memory_zeroed(sizeof(*calls));
	uint64_t offset = 0, next;
	struct dwarf_unit unit;
	struct dwarf_die own;
	bool enough = true;

	calls->file = file;
	calls->units.budget = file->budget;
	/* Twice what takes a byte for each step. */
	budget_begin(file->budget, 2 * (file->info.size + file->abbrev.size + file->ranges.size +
					file->rnglists.size));
	for (; enough && dwarf_unit_read(&unit, file, &calls->tables, offset, &next, &own);
	     offset = next) {
		calls->units.offset = offset;
		dwarf_die_ranges(&own, &unit, add_range, &calls->units);
		enough = add_offset(calls, offset) && !calls->units.failed;
	}
	if (!enough) {
		inline_calls_free(calls);
		return NULL;
	}
	sort(&calls->units);
	return calls;
}

static void free_known(void *item)
{
	struct known_unit *known = item;

	if (known->functions.room)
		budget_give_array(known->functions.budget, known->functions.items,
				  known->functions.room);
	free(known->functions.items);
	free(known);
}

void inline_calls_free(struct inline_calls *calls)
{
	if (!calls)
		return;
	id_table_free(&calls->known, free_known);
	dwarf_tables_free(&calls->tables);
	budget_give_array(calls->file->budget, calls->units.items, calls->units.room);
	budget_give_array(calls->file->budget, calls->offsets, calls->room);
	free(calls->units.items);
	free(calls->offsets);
	free(calls);
}

static struct known_unit *unit_at(struct inline_calls *calls, uint64_t offset)
{
	struct known_unit *known = id_table_find(&calls->known, offset + 1);
	struct dwarf_die own;
	uint64_t next;

	if (known)
		return known;
	known = memory_zeroed(sizeof(*known));
	known->functions.budget = calls->file->budget;
	if (!dwarf_unit_read(&known->unit, calls->file, &calls->tables, offset, &next, &own)) {
		free_known(known);
		return NULL;
	}
	id_table_add(&calls->known, offset + 1, known);
	known->folder = dwarf_text_of(&own.folder);
	return known;
}

static void read_functions(struct inline_calls *calls, struct known_unit *known)
{
	struct dwarf_reader entries = dwarf_unit_entries(&known->unit, known->unit.first);
	struct dwarf_die die;

	known->functions_read = true;
	/* Once: more than a look-up may take. */
	budget_begin(calls->file->budget,
		     LOOK_UP_STEPS + 4 * (known->unit.end - known->unit.first));
	while (dwarf_die_next(&die, &known->unit, &entries) && !known->functions.failed) {
		if (die.tag != DW_TAG_FUNCTION)
			continue;
		known->functions.offset = die.offset;
		dwarf_die_ranges(&die, &known->unit, add_range, &known->functions);
	}
	sort(&known->functions);
}

/* The unit that an entry is in. */
static struct known_unit *unit_of(struct inline_calls *calls, uint64_t offset)
{
	size_t low = 0, high = calls->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (calls->offsets[middle] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? unit_at(calls, calls->offsets[low - 1]) : NULL;
}

static const char *name_of(struct inline_calls *calls, const struct dwarf_die *inlined)
{
	struct dwarf_die die = *inlined;
	const char *name = "";

	for (int i = 0; i < ORIGINS_MAX; i++) {
		const char *linkage_name = dwarf_text_of(&die.linkage_name);
		struct dwarf_reader entries;
		struct known_unit *known;

		if (*linkage_name)
			return linkage_name;
		if (!*name)
			name = dwarf_text_of(&die.name);
		known = die.origin ? unit_of(calls, die.origin) : NULL;
		if (!known)
			break;
		entries = dwarf_unit_entries(&known->unit, die.origin);
		if (!dwarf_die_next(&die, &known->unit, &entries))
			break;
	}
	return name;
}

struct sought {
	uint64_t address;
	bool found;
};

static bool is_within(void *context, uint64_t low, uint64_t high)
{
	struct sought *sought = context;

	sought->found = sought->address >= low && sought->address < high;
	return !sought->found;
}

const char *inline_calls_folder(struct inline_calls *calls, uint64_t address)
{
	const struct range *range = find_range(&calls->units, address);
	const struct known_unit *known = range ? unit_at(calls, range->offset) : NULL;

	return known ? known->folder : "";
}

size_t inline_calls_find(struct inline_calls *calls, uint64_t address,
			 struct inline_call found[INLINE_CALLS_MAX])
{
	const struct range *range = find_range(&calls->units, address);
	struct known_unit *known = range ? unit_at(calls, range->offset) : NULL;
	struct dwarf_reader entries;
	struct dwarf_die die;
	size_t count = 0, depth = 0;

	budget_begin(calls->file->budget, LOOK_UP_STEPS);
	if (known && !known->functions_read)
		read_functions(calls, known);
	range = known ? find_range(&known->functions, address) : NULL;
	if (!range || !known->unit.has_lines)
		return 0;
	entries = dwarf_unit_entries(&known->unit, range->offset);
	while (count < INLINE_CALLS_MAX && dwarf_die_next(&die, &known->unit, &entries)) {
		struct sought sought = {.address = address};

		/* The function itself is the first; with its children's end all has been seen. */
		depth = die.tag ? depth + die.has_children : depth - 1;
		if (!depth)
			break;
		if (die.tag != DW_TAG_INLINED)
			continue;
		dwarf_die_ranges(&die, &known->unit, is_within, &sought);
		if (sought.found) {
			found[count++] = (struct inline_call){
				.name = name_of(calls, &die),
				.lines = known->unit.lines,
				.file = die.call_file,
				.line = die.call_line,
			};
		} else if (die.has_children && die.sibling > die.offset) {
			/* Nothing in it is at the address. */
			entries = dwarf_unit_entries(&known->unit, die.sibling);
			depth--;
		}
	}
	return count;
}
