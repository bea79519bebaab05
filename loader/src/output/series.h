/*
 * tseries(): numbers of the last intervals. A value in memory is `count` slots; number `i` holds
 * the newest interval whose number, counted from the epoch, is `i` modulo `count`.
 */
#ifndef BPFLOAD_SERIES_H
#define BPFLOAD_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "object/manifest.h"
#include "base/strbuf.h"
#include "output/time_format.h"

/*
 * Puts `slots` slots of all CPUs, `stride` bytes apart, together: what counts is the newest
 * interval that any CPU saw.
 */
void series_combine(uint8_t *to, const struct mf_type *type, uint32_t slots, const uint8_t *values,
		    size_t stride, uint32_t cpus);

/* The graph, a line for each interval from the first to the newest; values are divided by `div`. */
void series_text(struct strbuf *to, struct wall_clock *clock, const struct mf_type *type,
		 const uint8_t *slots, uint32_t div);

/* [{"interval_start":"2026-01-31 12:00:00.000000000","value":1},...]: intervals with a value. */
void series_json(struct strbuf *to, struct wall_clock *clock, const struct mf_type *type,
		 const uint8_t *slots, uint32_t div);

/* The last intervals, `most` or fewer: their numbers, the oldest first, NAN where an interval has
 * none. How many they are. */
uint32_t series_numbers(double *numbers, uint32_t most, const struct mf_type *type,
			const uint8_t *slots);

/* Appends the number of the newest interval; nothing of a series without numbers. */
void series_newest_text(struct strbuf *to, const struct mf_type *type, const uint8_t *slots);

#endif
