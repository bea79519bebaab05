/* [OUT-022..029] Pictures of histograms. */
#include "output/hist.h"
#include "check.h"

#define FULL "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"
#define HALF "@@@@@@@@@@@@@@@@@@@@@@@@@@                          "
#define NONE "                                                    "

static void log2_rows_have_fixed_widths(void)
{
	struct strbuf text = {0};
	uint64_t counts[65] = {0};

	counts[1] = 1;
	counts[3] = 2;
	hist_text(&text, counts, 65, 0, 1);
	CHECK_TEXT(&text, "[0]                    1 |" HALF "|\n"
			  "[1]                    0 |" NONE "|\n"
			  "[2, 4)                 2 |" FULL "|\n");
	strbuf_free(&text);
}

static void log2_labels(void)
{
	static const struct {
		uint32_t bits, bucket;
		const char *label;
	} table[] = {
		{0, 0, "(..., 0)"},	 {0, 2, "[1]"},	      {0, 4, "[4, 8)"},
		{0, 11, "[512, 1K)"},	 {0, 12, "[1K, 2K)"}, {0, 21, "[512K, 1M)"},
		{0, 22, "[1M, 2M)"},	 {0, 32, "[1G, 2G)"}, {0, 42, "[1T, 2T)"},
		{0, 52, "[1P, 2P)"},	 {0, 62, "[1E, 2E)"}, {0, 64, "[4E, 8E)"},
		{1, 4, "[3]"},		 {1, 5, "[4, 6)"},    {1, 6, "[6, 8)"},
		{2, 8, "[7]"},		 {2, 9, "[8, 10)"},   {2, 12, "[14, 16)"},
		{2, 37, "[1024, 1280)"}, {5, 64, "[63]"},     {5, 65, "[64, 66)"},
	};
	uint64_t counts[2100];
	struct strbuf text = {0}, expected = {0};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		memset(counts, 0, sizeof(counts));
		counts[table[i].bucket] = 7;
		hist_text(&text, counts, 2100, table[i].bits, 1);
		strbuf_text(&expected, table[i].label);
		strbuf_fill(&expected, ' ', 16 - strlen(table[i].label));
		strbuf_text(&expected, "       7 |" FULL "|\n");
		CHECK_TEXT(&text, strbuf_c_text(&expected));
		strbuf_clear(&expected);
	}
	strbuf_free(&text);
	strbuf_free(&expected);
}

static void bars_are_of_the_divided_numbers(void)
{
	struct strbuf text = {0};
	uint64_t counts[65] = {[1] = 1009, [2] = 500, [3] = 9};
	uint64_t few[65] = {[1] = 9, [2] = 8};

	hist_text(&text, counts, 65, 0, 10);
	CHECK_TEXT(&text, "[0]                  100 |" FULL "|\n"
			  "[1]                   50 |" HALF "|\n"
			  "[2, 4)                 0 |" NONE "|\n");
	strbuf_clear(&text);
	hist_text(&text, few, 65, 0, 10);
	CHECK_TEXT(&text, "[0]                    0 |" NONE "|\n"
			  "[1]                    0 |" NONE "|\n");
	strbuf_free(&text);
}

static void wide_counts_push_the_bar(void)
{
	struct strbuf text = {0};
	uint64_t counts[65] = {[1] = 4000000000u, [2] = 12345678901u};

	hist_text(&text, counts, 65, 0, 1);
	CHECK_TEXT(&text, "[0]             4000000000 |@@@@@@@@@@@@@@@@"
			  "                                    |\n"
			  "[1]             12345678901 |" FULL "|\n");
	strbuf_free(&text);
}

static void an_empty_histogram_has_no_rows(void)
{
	struct strbuf text = {0};
	uint64_t counts[65] = {0};

	hist_text(&text, counts, 65, 0, 1);
	CHECK_TEXT(&text, "");
	strbuf_free(&text);
}

static void linear_labels(void)
{
	struct strbuf text = {0};
	uint64_t counts[12] = {[0] = 1, [1] = 2, [2] = 2};

	/* min 0, max 100, step 10: ten steps, then the overflow. */
	lhist_text(&text, counts, 12, 0, 100, 10);
	CHECK_TEXT(&text, "(..., 0)               1 |" HALF "|\n"
			  "[0, 10)                2 |" FULL "|\n"
			  "[10, 20)               2 |" FULL "|\n");

	memset(counts, 0, sizeof(counts));
	counts[11] = 4;
	lhist_text(&text, counts, 12, 0, 100, 10);
	CHECK_TEXT(&text, "[100, ...)             4 |" FULL "|\n");

	/* A last step that max cuts short takes what overflows. */
	memset(counts, 0, sizeof(counts));
	counts[4] = 4;
	lhist_text(&text, counts, 5, 0, 10, 3);
	CHECK_TEXT(&text, "[9, ...)               4 |" FULL "|\n");

	memset(counts, 0, sizeof(counts));
	counts[1] = counts[2] = 4;
	lhist_text(&text, counts, 12, -1, 9, 1);
	CHECK_TEXT(&text, "[-1]                   4 |" FULL "|\n"
			  "[0]                    4 |" FULL "|\n");
	strbuf_free(&text);
}

static void linear_labels_in_binary_units(void)
{
	struct strbuf text = {0};
	uint64_t counts[5] = {[0] = 1, [1] = 1, [2] = 1};

	lhist_text(&text, counts, 5, 0, 3072 * 1024, 1024 * 1024);
	CHECK_TEXT(&text, "(..., 0)               1 |" FULL "|\n"
			  "[0, 1M)                1 |" FULL "|\n"
			  "[1M, 2M)               1 |" FULL "|\n");
	lhist_text(&text, counts, 5, 1024, 4096, 1024);
	CHECK_TEXT(&text, "(..., 1K)              1 |" FULL "|\n"
			  "[1K, 2K)               1 |" FULL "|\n"
			  "[2K, 3K)               1 |" FULL "|\n");
	/* A step that is no multiple of 1024 leaves the numbers plain. */
	lhist_text(&text, counts, 5, 1024, 4024, 1000);
	CHECK_TEXT(&text, "(..., 1024)            1 |" FULL "|\n"
			  "[1024, 2024)           1 |" FULL "|\n"
			  "[2024, 3024)           1 |" FULL "|\n");
	strbuf_free(&text);
}

/* Where a bucket begins by the definition: whole numbers up to twice 2^bits, and from there on
 * 2^bits parts of each power of two. */
static uint64_t begin_of(uint32_t bits, uint32_t j)
{
	uint64_t at = 0, width = 1;

	for (uint32_t i = 0; i < j; i++) {
		if (i >= 2u << bits && i % (1u << bits) == 0)
			width *= 2;
		at += width;
	}
	return at;
}

static void bounds_of_buckets_are_those_of_the_definition(void)
{
	for (uint32_t bits = 0; bits <= 5; bits++) {
		uint32_t last = (64 - bits) << bits;
		struct hist_bounds bounds = hist_bounds(0, bits);

		CHECK(!bounds.has_low && bounds.has_high && bounds.high == -1);
		for (uint32_t index = 1; index <= last; index++) {
			bounds = hist_bounds(index, bits);
			if (!CHECK(bounds.has_low && bounds.has_high &&
				   (uint64_t)bounds.low == begin_of(bits, index - 1) &&
				   (uint64_t)bounds.high == begin_of(bits, index) - 1))
				fprintf(stderr, "  hist of %u bits, bucket %u\n", bits, index);
		}
		CHECK(bounds.high == INT64_MAX);
	}
}

static void bounds_of_steps_are_those_of_the_definition(void)
{
	struct hist_bounds bounds = lhist_bounds(0, -20, 20, 10);

	CHECK(!bounds.has_low && bounds.has_high && bounds.high == -21);
	for (uint32_t index = 1; index <= 4; index++) {
		bounds = lhist_bounds(index, -20, 20, 10);
		CHECK(bounds.has_low && bounds.low == -20 + 10 * (int64_t)(index - 1));
		CHECK(bounds.has_high && bounds.high == bounds.low + 9);
	}
	bounds = lhist_bounds(5, -20, 20, 10);
	CHECK(bounds.has_low && bounds.low == 20 && !bounds.has_high);
	/* A last step that max cuts short. */
	bounds = lhist_bounds(4, 0, 10, 3);
	CHECK(bounds.low == 9 && !bounds.has_high);
	bounds = lhist_bounds(3, 0, 10, 3);
	CHECK(bounds.low == 6 && bounds.has_high && bounds.high == 8);
}

static void totals_and_ranges_take_every_bucket(void)
{
	uint64_t counts[10] = {0};
	struct hist_range range = hist_range(counts, 10);

	CHECK(range.first == range.end && hist_total(counts, 10) == 0);
	counts[0] = 1;
	counts[9] = 1ull << 40;
	range = hist_range(counts, 10);
	CHECK(range.first == 0 && range.end == 10 && hist_total(counts, 10) == (1ull << 40) + 1);
	range = hist_range(counts, 9);
	CHECK(range.first == 0 && range.end == 1 && hist_total(counts, 9) == 1);
	counts[0] = 0;
	range = hist_range(counts, 10);
	CHECK(range.first == 9 && range.end == 10);
	range = hist_range(counts, 9);
	CHECK(range.first == 9 && range.end == 9);
}

/* A label may fill its column. */
static void long_labels_push_the_count(void)
{
	struct strbuf text = {0};
	uint64_t counts[3] = {[1] = 1};

	lhist_text(&text, counts, 3, 100000, 200000, 50000);
	CHECK_TEXT(&text, "[100000, 150000)       1 |" FULL "|\n");
	lhist_text(&text, counts, 3, 1000000, 2000000, 500000);
	CHECK_TEXT(&text, "[1000000, 1500000)       1 |" FULL "|\n");
	/* No step, as a hostile object may have it; and parts of units. */
	lhist_text(&text, counts, 3, 7, 9, 0);
	CHECK_TEXT(&text, "[7]                    1 |" FULL "|\n");
	lhist_text(&text, counts, 3, 1, 9000, 1024);
	CHECK_TEXT(&text, "[1, 1025)              1 |" FULL "|\n");
	lhist_text(&text, counts, 3, -1048576, 1048576, 1048576);
	CHECK_TEXT(&text, "[-1M, 0)               1 |" FULL "|\n");
	strbuf_free(&text);
}

int main(void)
{
	bounds_of_buckets_are_those_of_the_definition();
	bounds_of_steps_are_those_of_the_definition();
	totals_and_ranges_take_every_bucket();
	long_labels_push_the_count();
	log2_rows_have_fixed_widths();
	log2_labels();
	bars_are_of_the_divided_numbers();
	wide_counts_push_the_bar();
	an_empty_histogram_has_no_rows();
	linear_labels();
	linear_labels_in_binary_units();
	return check_result("hist");
}
