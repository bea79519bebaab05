/* Pictures of hist() and lhist(). */
#ifndef BPFLOAD_HIST_H
#define BPFLOAD_HIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/*
 * Appends the rows from the first to the last bucket that is not empty. `div` divides the counts
 * that are shown, not the bars; 0 and 1 leave them.
 */
void hist_text(struct strbuf *to, const uint64_t *counts, uint32_t buckets, uint32_t bits,
	       uint32_t div);

/* The same for linear buckets: underflow, the steps, overflow. They are not divided. */
void lhist_text(struct strbuf *to, const uint64_t *counts, uint32_t buckets, int64_t min,
		int64_t max, int64_t step);

/* The buckets from the first that is not empty to behind the last such one. */
struct hist_range {
	uint32_t first, end;
};

struct hist_range hist_range(const uint64_t *counts, uint32_t buckets);

/* The least and greatest number that a bucket counts; those of the outermost may be open. */
struct hist_bounds {
	bool has_low, has_high;
	int64_t low, high;
};

struct hist_bounds hist_bounds(uint32_t index, uint32_t bits);
struct hist_bounds lhist_bounds(uint32_t index, int64_t min, int64_t max, int64_t step);

/* Sum over all buckets: what histograms of a map are sorted by. */
uint64_t hist_total(const uint64_t *counts, uint32_t buckets);

#endif
