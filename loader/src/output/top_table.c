#include "output/top_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/screen_text.h"
#include "output/line_value.h"

/* Cells that a column has at most. */
#define MOST_CELLS 40
/* Bytes of a text that are looked at: more than any screen has cells for. */
#define MOST_BYTES (4 * SCREEN_MOST_COLUMNS)
#define GAP "  "
#define GAP_WIDTH 2

void top_table_begin(struct top_table *table, const struct mf_map *map, const struct mf_type *type)
{
	*table = (struct top_table){.map = map};
	table->column_count = top_columns(type, map != NULL, &table->columns);
}

bool top_table_fits(const struct top_table *table, const struct mf_type *type)
{
	const struct top_column *columns;

	top_columns(type, table->map != NULL, &columns);
	return columns == table->columns;
}

void top_table_add(struct top_table *table, const struct top_rows *rows)
{
	memory_grow(table->maps, table->map_count, table->map_room);
	table->maps[table->map_count++] = rows;
	table->wanted += rows->rows.count;
}

/* Maps without keys have a row each, and are few: they stay where they are, by their names. */
static void choose(struct top_table *table, enum top_order order, bool reversed)
{
	size_t most = table->lines;
	uint32_t *chosen;

	table->rows = memory_array(most + 1, sizeof(*table->rows));
	if (!table->map) {
		for (uint32_t i = 0; i < table->map_count && table->row_count < most; i++)
			if (table->maps[i]->rows.count)
				table->rows[table->row_count++].map = table->maps[i];
		return;
	}
	chosen = memory_array(most + 1, sizeof(*chosen));
	table->row_count = top_rows_choose(table->maps[0], order, reversed, chosen, most);
	for (size_t i = 0; i < table->row_count; i++)
		table->rows[i] = (struct top_row){.map = table->maps[0], .row = chosen[i]};
	free(chosen);
}

static void put_name(struct strbuf *to, const struct value_context *context,
		     const struct top_row *row)
{
	const struct map_rows *rows = &row->map->rows;
	const struct mf_type *key = map_rows_key_type(rows, row->row);

	if (key)
		line_key(to, context, key, map_rows_key(rows, row->row));
	else
		strbuf_text(to, rows->map->name);
}

/* The bytes of a column; of one behind the last, of the name. */
static const char *bytes_of(const struct top_table *table, const struct top_row *row, size_t column,
			    size_t *length)
{
	size_t start;

	if (column)
		start = row->ends[column - 1];
	else
		start = row == table->rows ? 0 : row[-1].ends[table->column_count];
	*length = row->ends[column] - start;
	if (*length > MOST_BYTES)
		*length = MOST_BYTES;
	return table->text.data + start;
}

static size_t width_of(const struct top_table *table, size_t column, bool utf8)
{
	size_t most = strlen(table->columns[column].title);

	for (size_t i = 0; i < table->row_count; i++) {
		size_t length;
		const char *bytes = bytes_of(table, &table->rows[i], column, &length);
		size_t width = screen_width(bytes, length, utf8);

		most = width > most ? width : most;
	}
	return most < MOST_CELLS ? most : MOST_CELLS;
}

void top_table_fill(struct top_table *table, const struct value_context *context,
		    enum top_order order, bool reversed, bool utf8)
{
	choose(table, order, reversed);
	for (size_t i = 0; i < table->row_count; i++) {
		struct top_row *row = &table->rows[i];
		const struct map_rows *rows = &row->map->rows;

		for (size_t column = 0; column < table->column_count; column++) {
			top_column_text(&table->text, context, rows->map,
					map_rows_value(rows, row->row), row->map->rates[row->row],
					column, utf8);
			row->ends[column] = table->text.length;
		}
		put_name(&table->text, context, row);
		row->ends[table->column_count] = table->text.length;
	}
	for (size_t column = 0; column < table->column_count; column++)
		table->widths[column] = width_of(table, column, utf8);
}

static void put_error(const struct top_table *table, struct strbuf *to)
{
	for (uint32_t i = 0; i < table->map_count; i++) {
		if (!table->maps[i]->error)
			continue;
		strbuf_text(to, GAP "cannot read ");
		strbuf_text(to, table->maps[i]->rows.map->name);
		strbuf_text(to, ": ");
		strbuf_text(to, strerror(-table->maps[i]->error));
	}
}

void top_table_heading(const struct top_table *table, struct strbuf *to, size_t width, bool utf8)
{
	size_t start = to->length, used, hidden = table->wanted - table->row_count;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct top_column *column = &table->columns[i];

		screen_cell(to, column->title, strlen(column->title), table->widths[i],
			    !column->is_text, utf8);
		strbuf_text(to, GAP);
	}
	strbuf_text(to, table->map ? table->map->name : "");
	if (table->map && !table->wanted) {
		strbuf_text(to, GAP "empty");
	} else if (table->map) {
		strbuf_text(to, GAP);
		strbuf_u64(to, table->wanted);
		strbuf_text(to, table->wanted == 1 ? " key" : " keys");
	}
	if (hidden) {
		strbuf_text(to, table->map ? ", " : GAP);
		strbuf_u64(to, hidden);
		strbuf_text(to, " not shown");
	}
	put_error(table, to);
	used = to->length - start;
	if (used < width)
		strbuf_fill(to, ' ', width - used);
}

void top_table_row(const struct top_table *table, size_t index, struct strbuf *to, size_t width,
		   bool utf8)
{
	const struct top_row *row = &table->rows[index];
	size_t used = 0, length;
	const char *bytes;

	for (size_t i = 0; i < table->column_count && used < width; i++) {
		size_t room = width - used;

		bytes = bytes_of(table, row, i, &length);
		if (table->widths[i] > room) {
			screen_text(to, bytes, length, room, utf8);
			return;
		}
		screen_cell(to, bytes, length, table->widths[i], !table->columns[i].is_text, utf8);
		used += table->widths[i];
		if (used + GAP_WIDTH > width)
			return;
		strbuf_text(to, GAP);
		used += GAP_WIDTH;
	}
	bytes = bytes_of(table, row, table->column_count, &length);
	screen_text(to, bytes, length, width - used, utf8);
}

void top_table_empty(struct top_table *table)
{
	free(table->maps);
	free(table->rows);
	strbuf_free(&table->text);
	*table = (struct top_table){0};
}
