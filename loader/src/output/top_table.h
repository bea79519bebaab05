/* One table of the screen of --top: the first rows of a map, or maps without keys, a row each. */
#ifndef BPFLOAD_TOP_TABLE_H
#define BPFLOAD_TOP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "output/top_columns.h"
#include "output/top_rows.h"

struct top_row {
	const struct top_rows *map;
	uint32_t row;
	/* Where in `text` its columns end, and its key behind them. */
	size_t ends[TOP_COLUMNS + 1];
};

struct top_table {
	/* NULL: values without keys. */
	const struct mf_map *map;
	const struct top_column *columns;
	size_t column_count;
	/* What it holds: one map, or those without keys. */
	const struct top_rows **maps;
	uint32_t map_count, map_room;
	/* Rows that there are, and those that there is room for. */
	size_t wanted, lines;
	/* Once it is filled. */
	struct top_row *rows;
	size_t row_count;
	size_t widths[TOP_COLUMNS];
	struct strbuf text;
};

void top_table_begin(struct top_table *table, const struct mf_map *map, const struct mf_type *type);

/* Whether values of a type have its columns. */
bool top_table_fits(const struct top_table *table, const struct mf_type *type);

/* `rows` stay as long as the table. */
void top_table_add(struct top_table *table, const struct top_rows *rows);

/* Chooses the rows that there are `lines` for, and makes their text. */
void top_table_fill(struct top_table *table, const struct value_context *context,
		    enum top_order order, bool reversed, bool utf8);

/* One line of at most `width` cells: the columns' titles, the map's name, what is not shown; as
 * text that is not yet made harmless. */
void top_table_heading(const struct top_table *table, struct strbuf *to, size_t width, bool utf8);

/* The same for a row; harmless. */
void top_table_row(const struct top_table *table, size_t index, struct strbuf *to, size_t width,
		   bool utf8);

void top_table_empty(struct top_table *table);

#endif
