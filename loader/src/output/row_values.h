/*
 * The values of a map's rows. Histograms are kept without the zeros around their counts: most have
 * a few counts in hundreds of bytes, and what is small stays near the processor until it is
 * printed.
 */
#ifndef BPFLOAD_ROW_VALUES_H
#define BPFLOAD_ROW_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/manifest.h"

struct whole_histogram;

struct row_values {
	/* Bytes of one: a multiple of 8, so values stand aligned. */
	size_t size;
	size_t count, room;
	/* One behind the other; NULL where they are histograms. */
	uint8_t *whole;
	/* Of histograms: a range and its counts for each (struct hist_range), and where that
	 * begins. */
	bool are_histograms;
	uint64_t *kept;
	size_t kept_used, kept_room;
	uint32_t *places;
	/* The one that was asked for last. */
	struct whole_histogram *shown;
};

/* No values yet, of a type. */
void row_values_init(struct row_values *values, const struct mf_type *type);
void row_values_free(struct row_values *values);

/* Adds a copy of a value of `size` bytes, which stands aligned. False: there is no memory. */
bool row_values_add(struct row_values *values, const uint8_t *value);

/* Adds so many, one behind the other, whose memory it takes. */
bool row_values_take(struct row_values *values, uint8_t *whole, size_t count);

/* A value; of histograms, until the next one is asked for. */
const uint8_t *row_values_get(const struct row_values *values, size_t row);

/* Has the processor fetch what leads to a value, and later the value. */
void row_values_expect_place(const struct row_values *values, size_t row);
void row_values_expect(const struct row_values *values, size_t row);

/* What a histogram's counts add up to. */
uint64_t row_values_total(const struct row_values *values, size_t row);

/* Sets all to zero. */
void row_values_zero(struct row_values *values);

#endif
