/* What a map held when it was last read, what changed since the reading before, and which of its
 * rows are greatest. */
#ifndef BPFLOAD_TOP_ROWS_H
#define BPFLOAD_TOP_ROWS_H

#include "output/map_rows.h"

struct top_rows {
	struct map_rows rows;
	/* By row: the number that a rate is made of, and how much it grew in a second; NAN: that is
	 * not known. */
	uint64_t *numbers;
	double *rates;
	/* Monotonic time of the reading, ns; 0: there was none. */
	uint64_t read_at;
	/* Of the reading, or 0. */
	int error;
};

enum top_order { TOP_BY_VALUE, TOP_BY_RATE, TOP_BY_KEY };

/* Whether values of a type have a rate: counts, sums, numbers, and what counts along. */
bool top_has_rate(const struct mf_type *type);

/*
 * Reads a map, and leaves it as it is. `emptied`: it was emptied since the last reading, so that
 * there are no rates. `seed` is a number that nobody knows.
 */
void top_rows_read(struct top_rows *top, const struct session *session, const struct mf_map *map,
		   uint64_t now, bool emptied, uint64_t seed);

/*
 * The `most` first rows of an order: by value and by rate the greatest come first, by key the
 * least; `reversed`: the other way round. To `chosen`; how many they are. Work grows with the rows,
 * and only little with `most`.
 */
size_t top_rows_choose(const struct top_rows *top, enum top_order order, bool reversed,
		       uint32_t *chosen, size_t most);

void top_rows_free(struct top_rows *top);

#endif
