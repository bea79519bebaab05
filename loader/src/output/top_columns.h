/* Values of maps as columns of a table. */
#ifndef BPFLOAD_TOP_COLUMNS_H
#define BPFLOAD_TOP_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "object/manifest.h"
#include "output/value.h"

#define TOP_COLUMNS 6

struct top_column {
	const char *title;
	/* Numbers end at the same place, texts begin there. */
	bool is_text;
};

/* The columns of a type's values, of maps with keys or without, TOP_COLUMNS at most; how many they
 * are. Types with the same columns can stand in one table. */
size_t top_columns(const struct mf_type *type, bool has_key, const struct top_column **columns);

/*
 * Appends what stands in one column of a map's row, as text that is not yet made harmless. `rate`:
 * per second; NAN is not known.
 */
void top_column_text(struct strbuf *to, const struct value_context *context,
		     const struct mf_map *map, const uint8_t *value, double rate, size_t column,
		     bool utf8);

#endif
