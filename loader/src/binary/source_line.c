#include "binary/source_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "binary/dwarf_line.h"

/* For finding the code of a line: a table of files is looked into for each that has its name. */
#define LOOK_UP_STEPS (64u << 20)

bool source_place_read(struct source_place *place, char *text)
{
	uint32_t numbers[2] = {0};
	char *colon;
	int count = 0;

	/* From the end, since a file's name may hold colons. */
	for (; count < 2 && (colon = strrchr(text, ':')); count++) {
		char *end;
		unsigned long number = strtoul(colon + 1, &end, 10);

		if (colon[1] < '0' || colon[1] > '9' || *end || number > UINT32_MAX)
			break;
		numbers[count] = (uint32_t)number;
		*colon = '\0';
	}
	*place = (struct source_place){
		.file = text,
		.line = numbers[count == 2],
		.column = count == 2 ? numbers[0] : 0,
	};
	return count && *text && place->line;
}

/* Whether a path of the table is the file that was asked for: its last parts, or, where the table
 * has no folder for it, a part of what was asked for. */
static bool is_file(const char *path, const char *wanted)
{
	size_t length, size;

	while (strncmp(wanted, "./", 2) == 0)
		wanted += 2;
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	length = strlen(path);
	size = strlen(wanted);
	if (length >= size)
		return strcmp(path + length - size, wanted) == 0 &&
		       (length == size || *wanted == '/' || path[length - size - 1] == '/');
	return *path && *path != '/' && *path != '?' && strcmp(wanted + size - length, path) == 0 &&
	       wanted[size - length - 1] == '/';
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Marks the files of a unit that are meant: a flag each. NULL: none is, or no memory. */
static bool *matching_files(const struct dwarf_line_unit *unit, const char *wanted, bool *enough)
{
	struct dwarf_reader table = unit->files;
	const char *name, *text, *last = base_name(wanted);
	struct strbuf path = {0};
	bool *files = NULL;

	for (uint32_t i = 0; i < unit->file_count && dwarf_line_file_next(unit, &table, &name);
	     i++) {
		if (strcmp(base_name(name), last) != 0)
			continue;
		strbuf_clear(&path);
		dwarf_line_path(&path, unit, i + unit->first_file);
		text = strbuf_c_text(&path);
		if (!is_file(text, wanted))
			continue;
		if (!files)
			files = memory_try_array(unit->file_count, sizeof(*files));
		if (!files) {
			*enough = false;
			break;
		}
		files[i] = true;
	}
	strbuf_free(&path);
	return files;
}

static bool add_address(struct source_addresses *found, size_t *room, uint64_t address)
{
	if (!memory_try_grow(found->addresses, found->count, *room))
		return false;
	found->addresses[found->count++] = address;
	return true;
}

static bool search_unit(const struct dwarf_line_unit *unit, const bool *files,
			const struct source_place *place, struct source_addresses *found,
			size_t *room)
{
	struct dwarf_line_machine machine;
	struct dwarf_line_row row;
	/* The row before was of that line, so this one does not enter it. */
	bool inside = false;

	dwarf_line_start(&machine, unit, unit->program);
	while (dwarf_line_next(&machine, &row)) {
		uint32_t file = row.file - unit->first_file;
		bool ours = !row.end_sequence && file < unit->file_count && files[file];
		bool meant = ours && row.line == place->line &&
			     (!place->column || row.column == place->column);

		if (meant && row.is_stmt && !inside && !add_address(found, room, row.address))
			return false;
		/* Rows that begin no statement belong to the one before. */
		if (row.is_stmt || row.end_sequence)
			inside = meant;
		if (!ours || !row.is_stmt || !row.line)
			continue;
		if (row.line < place->line && row.line > found->before)
			found->before = row.line;
		if (row.line > place->line && (!found->behind || row.line < found->behind))
			found->behind = row.line;
	}
	return true;
}

static int by_value(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

bool source_line_addresses(const struct debug_file *file, const struct source_place *place,
			   struct source_addresses *found)
{
	struct dwarf_line_unit unit;
	uint64_t offset = 0;
	bool enough = true;
	size_t room = 0, kept = 0;

	*found = (struct source_addresses){0};
	budget_begin(file->budget, LOOK_UP_STEPS + 4 * file->line.size);
	while (enough && dwarf_line_unit_at(&unit, file, offset, &offset)) {
		bool *files = matching_files(&unit, place->file, &enough);

		found->file_found |= files != NULL;
		if (files)
			enough = search_unit(&unit, files, place, found, &room);
		free(files);
	}
	if (!enough) {
		free(found->addresses);
		*found = (struct source_addresses){0};
		return false;
	}
	if (found->count)
		qsort(found->addresses, found->count, sizeof(*found->addresses), by_value);
	for (size_t i = 0; i < found->count; i++)
		if (i == 0 || found->addresses[i] != found->addresses[kept - 1])
			found->addresses[kept++] = found->addresses[i];
	found->count = kept;
	return true;
}

/* Code without a gap: where its rows begin in the table. */
struct sequence {
	uint64_t low, high;
	/* Of the unit, and of the rows in it. */
	uint64_t unit;
	const uint8_t *rows;
};

struct source_lines {
	const struct debug_file *file;
	struct sequence *sequences;
	size_t count, room;
};

static bool add_sequence(struct source_lines *lines, const struct sequence *sequence)
{
	if (!budget_grow(lines->file->budget, lines->sequences, lines->count, lines->room))
		return false;
	lines->sequences[lines->count++] = *sequence;
	return true;
}

static bool add_unit(struct source_lines *lines, const struct dwarf_line_unit *unit)
{
	struct sequence sequence = {.unit = unit->offset, .rows = unit->program.at};
	struct dwarf_line_machine machine;
	struct dwarf_line_row row;
	bool first = true;

	dwarf_line_start(&machine, unit, unit->program);
	while (dwarf_line_next(&machine, &row)) {
		if (first)
			sequence.low = row.address;
		first = row.end_sequence;
		if (!row.end_sequence)
			continue;
		sequence.high = row.address;
		/* Functions that the linker dropped begin at 0, or near the end of all. */
		if (sequence.low && sequence.low < sequence.high && !add_sequence(lines, &sequence))
			return false;
		sequence.rows = machine.program.at;
	}
	return true;
}

static int by_low(const void *left, const void *right)
{
	const struct sequence *a = left, *b = right;

	return a->low < b->low ? -1 : a->low > b->low;
}

struct source_lines *source_lines_read(const struct debug_file *file)
{
	struct source_lines *lines = memory_zeroed(sizeof(*lines));
	struct dwarf_line_unit unit;
	uint64_t offset = 0;

	lines->file = file;
	budget_begin(file->budget, file->line.size);
	while (dwarf_line_unit_at(&unit, file, offset, &offset)) {
		if (add_unit(lines, &unit))
			continue;
		source_lines_free(lines);
		return NULL;
	}
	if (lines->count)
		qsort(lines->sequences, lines->count, sizeof(*lines->sequences), by_low);
	return lines;
}

void source_lines_free(struct source_lines *lines)
{
	if (!lines)
		return;
	budget_give_array(lines->file->budget, lines->sequences, lines->room);
	free(lines->sequences);
	free(lines);
}

static const struct sequence *find_sequence(const struct source_lines *lines, uint64_t address)
{
	size_t low = 0, high = lines->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lines->sequences[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= lines->sequences[low - 1].high)
		return NULL;
	return &lines->sequences[low - 1];
}

bool source_lines_find(const struct source_lines *lines, uint64_t address, struct strbuf *to)
{
	const struct sequence *sequence = find_sequence(lines, address);
	struct dwarf_line_machine machine;
	struct dwarf_line_row row, last = {0};
	struct dwarf_line_unit unit;
	struct dwarf_reader program;
	uint64_t next;

	if (!sequence || !dwarf_line_unit_at(&unit, lines->file, sequence->unit, &next))
		return false;
	program = unit.program;
	program.at = sequence->rows;
	dwarf_line_start(&machine, &unit, program);
	while (dwarf_line_next(&machine, &row) && row.address <= address && !row.end_sequence) {
		if (!budget_step(lines->file->budget))
			return false;
		last = row;
	}
	/* Line 0: code that belongs to none. */
	if (!last.line)
		return false;
	dwarf_line_path(to, &unit, last.file);
	strbuf_char(to, ':');
	strbuf_u64(to, last.line);
	return true;
}
