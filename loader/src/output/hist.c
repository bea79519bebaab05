#include "output/hist.h"

#define LABEL_WIDTH 16
#define COUNT_WIDTH 8
#define BAR_WIDTH 52

/* A histogram as the row printer needs it: what to call bucket `index`. */
struct labels {
	void (*put)(struct strbuf *to, const struct labels *labels, uint32_t index);
	uint32_t bits;
	int64_t min, max, step;
};

/*
 * Buckets of hist() have sub-buckets: bound j is j itself up to 2 * 2^bits, where buckets begin to
 * be wider than 1.
 */
static bool is_plain_bound(uint32_t bits, uint32_t j)
{
	return j <= 2u << bits;
}

static void put_bound(struct strbuf *to, uint32_t bits, uint32_t j)
{
	static const char suffixes[] = " KMGTPE";
	uint32_t n = 1u << bits;
	uint32_t power;

	if (is_plain_bound(bits, j)) {
		strbuf_u64(to, j);
		return;
	}
	power = (j >> bits) - 1;
	strbuf_u64(to, (uint64_t)(n + (j & (n - 1))) << power % 10);
	if (power >= 10 && power / 10 < sizeof(suffixes) - 1)
		strbuf_char(to, suffixes[power / 10]);
}

static void put_hist_label(struct strbuf *to, const struct labels *labels, uint32_t index)
{
	if (index == 0) {
		strbuf_text(to, "(..., 0)");
		return;
	}
	strbuf_char(to, '[');
	put_bound(to, labels->bits, index - 1);
	if (is_plain_bound(labels->bits, index)) {
		strbuf_char(to, ']');
		return;
	}
	strbuf_text(to, ", ");
	put_bound(to, labels->bits, index);
	strbuf_char(to, ')');
}

static void put_linear_bound(struct strbuf *to, int64_t step, int64_t bound)
{
	if (bound == 0 || step % 1024 != 0 || bound % 1024 != 0) {
		strbuf_i64(to, bound);
	} else if (bound % 1048576 == 0) {
		strbuf_i64(to, bound / 1048576);
		strbuf_char(to, 'M');
	} else {
		strbuf_i64(to, bound / 1024);
		strbuf_char(to, 'K');
	}
}

static void put_lhist_label(struct strbuf *to, const struct labels *labels, uint32_t index)
{
	int64_t low, high;

	if (index == 0) {
		strbuf_text(to, "(..., ");
		put_linear_bound(to, labels->step, labels->min);
		strbuf_char(to, ')');
		return;
	}
	/* A manifest may hold any bounds; labels of wrapped ones are wrong, but harmless. */
	low = (int64_t)((uint64_t)labels->min + (uint64_t)(index - 1) * (uint64_t)labels->step);
	high = (int64_t)((uint64_t)low + (uint64_t)labels->step);
	strbuf_char(to, '[');
	put_linear_bound(to, labels->step, low);
	if (high > labels->max) {
		strbuf_text(to, ", ...)");
	} else if (labels->step == 1) {
		strbuf_char(to, ']');
	} else {
		strbuf_text(to, ", ");
		put_linear_bound(to, labels->step, high);
		strbuf_char(to, ')');
	}
}

struct hist_range hist_range(const uint64_t *counts, uint32_t buckets)
{
	struct hist_range range = {.first = 0, .end = buckets};

	while (range.first < buckets && !counts[range.first])
		range.first++;
	while (range.end > range.first && !counts[range.end - 1])
		range.end--;
	return range;
}

static uint64_t bound(uint32_t bits, uint32_t j)
{
	uint32_t n = 1u << bits;

	if (is_plain_bound(bits, j))
		return j;
	/* The last bucket ends at 2^63: powers stay below 64. */
	return (uint64_t)(n + (j & (n - 1))) << (((j >> bits) - 1) & 63);
}

struct hist_bounds hist_bounds(uint32_t index, uint32_t bits)
{
	struct hist_bounds bounds = {.has_low = index > 0, .has_high = true, .high = -1};

	if (index) {
		bounds.low = (int64_t)bound(bits, index - 1);
		bounds.high = (int64_t)(bound(bits, index) - 1);
	}
	return bounds;
}

struct hist_bounds lhist_bounds(uint32_t index, int64_t min, int64_t max, int64_t step)
{
	struct hist_bounds bounds = {.has_low = index > 0, .has_high = true};
	int64_t high;

	/* A manifest may hold any bounds; labels of wrapped ones are wrong, but harmless. */
	if (!index) {
		bounds.high = (int64_t)((uint64_t)min - 1);
		return bounds;
	}
	bounds.low = (int64_t)((uint64_t)min + (uint64_t)(index - 1) * (uint64_t)step);
	high = (int64_t)((uint64_t)bounds.low + (uint64_t)step);
	bounds.has_high = high <= max;
	bounds.high = (int64_t)((uint64_t)high - 1);
	return bounds;
}

static void put_rows(struct strbuf *to, const uint64_t *counts, uint32_t buckets,
		     const struct labels *labels, uint32_t div)
{
	struct hist_range range = hist_range(counts, buckets);
	uint64_t max = 0;

	for (uint32_t i = range.first; i < range.end; i++)
		max = counts[i] / div > max ? counts[i] / div : max;

	for (uint32_t i = range.first; i < range.end; i++) {
		uint64_t shown = counts[i] / div;
		/* In single precision, so that bars end where users of bpftrace expect them. */
		size_t bar = max ? (size_t)((float)shown / (float)max * BAR_WIDTH) : 0;
		size_t start = to->length;
		char digits[STRBUF_NUMBER_MAX];
		char *end = digits + sizeof(digits);
		char *number = digits_decimal(end, shown);

		labels->put(to, labels, i);
		if (to->length - start < LABEL_WIDTH)
			strbuf_fill(to, ' ', LABEL_WIDTH - (to->length - start));
		strbuf_right(to, number, (size_t)(end - number), COUNT_WIDTH);
		strbuf_text(to, " |");
		strbuf_fill(to, '@', bar);
		strbuf_fill(to, ' ', BAR_WIDTH - bar);
		strbuf_text(to, "|\n");
	}
}

void hist_text(struct strbuf *to, const uint64_t *counts, uint32_t buckets, uint32_t bits,
	       uint32_t div)
{
	const struct labels labels = {.put = put_hist_label, .bits = bits};

	put_rows(to, counts, buckets, &labels, div ? div : 1);
}

void lhist_text(struct strbuf *to, const uint64_t *counts, uint32_t buckets, int64_t min,
		int64_t max, int64_t step)
{
	const struct labels labels = {
		.put = put_lhist_label, .min = min, .max = max, .step = step ? step : 1};

	put_rows(to, counts, buckets, &labels, 1);
}

uint64_t hist_total(const uint64_t *counts, uint32_t buckets)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < buckets; i++)
		total += counts[i];
	return total;
}
