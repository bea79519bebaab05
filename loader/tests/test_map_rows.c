/* Rows as they stand in memory, and their order: no kernel is asked. */
#include <stdlib.h>

#include "output/map_rows.h"
#include "check.h"

enum { BUCKETS = 5, ROWS = 3000 };

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type uint16 = {.kind = MF_INT, .size = 2};
static const struct mf_type int32 = {.kind = MF_INT, .size = 4, .is_signed = true};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
static const struct mf_type hist = {.kind = MF_HIST, .size = 8 * BUCKETS, .buckets = BUCKETS};
static const struct mf_type lhist = {.kind = MF_LHIST, .size = 8 * BUCKETS, .buckets = BUCKETS};

static const uint64_t histograms[][BUCKETS] = {
	{1, 2, 3, 4, 5}, {0, 0, 7, 0, 0}, {0, 0, 0, 0, 0},
	{9, 0, 0, 0, 0}, {0, 1, 0, 1, 0}, {0, 0, 0, 0, UINT64_MAX},
};

enum { HISTOGRAMS = sizeof(histograms) / sizeof(histograms[0]) };

static bool is(const struct row_values *values, size_t row, const uint64_t *counts)
{
	return memcmp(row_values_get(values, row), counts, values->size) == 0;
}

/* In order and against it: what one has shown the next must not have. */
static void check_histograms(const struct row_values *values)
{
	CHECK(values->count == HISTOGRAMS);
	for (size_t i = 0; i < HISTOGRAMS; i++)
		CHECK(is(values, i, histograms[i]));
	for (size_t i = HISTOGRAMS; i-- > 0;)
		CHECK(is(values, i, histograms[i]));
	CHECK(row_values_total(values, 0) == 15);
	CHECK(row_values_total(values, 2) == 0);
	CHECK(row_values_total(values, 4) == 2);
}

static void histograms_are_shown_with_their_zeros(void)
{
	struct row_values values;
	uint64_t *whole = malloc(sizeof(histograms));

	row_values_init(&values, &hist);
	for (size_t i = 0; i < HISTOGRAMS; i++)
		CHECK(row_values_add(&values, (const uint8_t *)histograms[i]));
	check_histograms(&values);
	row_values_zero(&values);
	for (size_t i = 0; i < HISTOGRAMS; i++)
		CHECK(is(&values, i, histograms[2]) && row_values_total(&values, i) == 0);
	row_values_free(&values);

	row_values_init(&values, &lhist);
	memcpy(whole, histograms, sizeof(histograms));
	CHECK(row_values_take(&values, (uint8_t *)whole, HISTOGRAMS));
	check_histograms(&values);
	row_values_free(&values);
}

static void many_histograms_are_kept(void)
{
	struct row_values values;

	row_values_init(&values, &hist);
	for (size_t i = 0; i < ROWS; i++)
		CHECK(row_values_add(&values, (const uint8_t *)histograms[i % HISTOGRAMS]));
	for (size_t i = 0; i < ROWS; i++)
		CHECK(is(&values, i, histograms[i % HISTOGRAMS]));
	row_values_free(&values);
}

static void other_values_are_kept_whole(void)
{
	static const struct mf_type string12 = {.kind = MF_STRING, .size = 12, .capacity = 12};
	static const char texts[][16] = {"one", "a longer one", ""};
	struct row_values values;
	uint8_t *whole = malloc(sizeof(texts));

	row_values_init(&values, &string12);
	CHECK(values.size == 16);
	memcpy(whole, texts, sizeof(texts));
	CHECK(row_values_take(&values, whole, 2));
	CHECK(row_values_add(&values, (const uint8_t *)texts[2]));
	/* What is taken behind others is added to them. */
	whole = malloc(sizeof(texts));
	memcpy(whole, texts, sizeof(texts));
	CHECK(row_values_take(&values, whole, 3));
	CHECK(values.count == 6);
	for (size_t i = 0; i < 6; i++)
		CHECK(memcmp(row_values_get(&values, i), texts[i % 3], 16) == 0);
	row_values_zero(&values);
	CHECK(memcmp(row_values_get(&values, 1), texts[2], 16) == 0);
	row_values_free(&values);
}

struct key {
	int32_t number;
	char text[20];
	int32_t behind;
};

struct expected {
	int64_t value;
	struct key key;
};

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static int sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_value_number_text(const void *left, const void *right)
{
	const struct expected *a = left, *b = right;
	int order = sign(a->value, b->value);

	if (!order)
		order = sign(a->key.number, b->key.number);
	return order ? order : memcmp(a->key.text, b->key.text, sizeof(a->key.text));
}

static int by_value_behind_text(const void *left, const void *right)
{
	const struct expected *a = left, *b = right;
	int order = sign(a->value, b->value);

	if (!order)
		order = sign(a->key.behind, b->key.behind);
	return order ? order : memcmp(a->key.text, b->key.text, sizeof(a->key.text));
}

static int by_value_text_number(const void *left, const void *right)
{
	const struct expected *a = left, *b = right;
	int order = sign(a->value, b->value);

	if (!order)
		order = memcmp(a->key.text, b->key.text, sizeof(a->key.text));
	return order ? order : sign(a->key.number, b->key.number);
}

/* Rows of a map whose keys are of that type, in their order beside what `compare` says. */
static void check_order(const struct mf_type *key,
			int (*compare)(const void *left, const void *right))
{
	const struct mf_store store = {
		.kind = MF_STORE_HASH, .key_size = sizeof(struct key), .value_size = 8, .key = key};
	const struct mf_map map = {.key = key, .value = &int64, .stores = &store, .store_count = 1};
	struct expected *items = calloc(ROWS, sizeof(*items));
	uint32_t *order = calloc(ROWS, sizeof(*order));
	int64_t *values = calloc(ROWS, sizeof(*values));
	struct map_rows rows;
	uint64_t state = 1;

	map_rows_of_map(&rows, &map);
	rows.keys = calloc(ROWS, rows.key_stride);
	rows.count = rows.room = rows.store_ends[0] = ROWS;
	for (size_t i = 0; i < ROWS; i++) {
		struct expected *item = &items[i];

		/* Each number many times, near and far, of either sign. */
		item->value =
			((int64_t)(next_random(&state) % 5) - 2) * ((int64_t)1 << 8 * (i % 8));
		item->key.number = (int32_t)(next_random(&state) % 7 - 3) * (i % 3 ? 1 : 123456789);
		item->key.text[0] = (char)('a' + next_random(&state) % 20);
		item->key.text[1] = (char)('a' + i % 26);
		/* Often the same up to one of its last bytes. */
		if (i % 4)
			memcpy(item->key.text, "the same for most, ", 19);
		item->key.text[(i % 3) * 9] = (char)('a' + next_random(&state) % 26);
		/* The last has the numbers of the first, whatever stands between them. */
		if (i == ROWS - 1) {
			item->value = items[0].value;
			item->key.number = items[0].key.number;
		}
		item->key.behind = -item->key.number;
		memcpy(rows.keys + i * rows.key_stride, &item->key, sizeof(item->key));
		values[i] = item->value;
	}
	CHECK(row_values_take(&rows.values, (uint8_t *)values, ROWS));
	map_rows_sort(&rows, order);
	qsort(items, ROWS, sizeof(*items), compare);
	for (size_t i = 0; i < ROWS; i++) {
		const uint8_t *got = map_rows_key(&rows, order[i]);

		if (!CHECK(memcmp(got, &items[i].key, sizeof(items[i].key)) == 0 &&
			   memcmp(map_rows_value(&rows, order[i]), &items[i].value, 8) == 0))
			break;
	}
	map_rows_free(&rows);
	free(items);
	free(order);
}

static void rows_stand_by_value_then_by_all_of_the_key(void)
{
	const struct mf_type text = {.kind = MF_STRING, .size = 20, .capacity = 20};
	const struct mf_field number_text[] = {{.offset = 0, .type = &int32},
					       {.offset = 4, .type = &text}};
	const struct mf_field text_number[] = {{.offset = 4, .type = &text},
					       {.offset = 0, .type = &int32}};
	const struct mf_type first = {
		.kind = MF_TUPLE, .size = 24, .fields = number_text, .field_count = 2};
	const struct mf_type second = {
		.kind = MF_TUPLE, .size = 24, .fields = text_number, .field_count = 2};
	/* The number stands deeper, and behind others in memory. */
	const struct mf_field inner[] = {{.offset = 20, .type = &int32}};
	const struct mf_type behind = {
		.kind = MF_TUPLE, .size = 24, .fields = inner, .field_count = 1};
	const struct mf_field outer[] = {{.offset = 4, .type = &behind},
					 {.offset = 4, .type = &text}};
	const struct mf_type nested = {
		.kind = MF_TUPLE, .size = 28, .fields = outer, .field_count = 2};
	/* More than are told apart as numbers. */
	struct mf_field often[12];
	const struct mf_type longer = {
		.kind = MF_TUPLE, .size = 24, .fields = often, .field_count = 12};

	for (size_t i = 0; i < 12; i++)
		often[i] = number_text[i / 11];
	check_order(&first, by_value_number_text);
	check_order(&second, by_value_text_number);
	check_order(&nested, by_value_behind_text);
	check_order(&longer, by_value_number_text);
}

/* Numbers that stand behind texts of two sizes, in stores of their own. */
static void texts_of_two_sizes_have_numbers_behind_them(void)
{
	enum { EACH = 50 };
	const struct mf_type string16 = {.kind = MF_STRING, .size = 16, .capacity = 16};
	const struct mf_field short_fields[] = {{.offset = 0, .type = &string8},
						{.offset = 8, .type = &int32}};
	const struct mf_field long_fields[] = {{.offset = 0, .type = &string16},
					       {.offset = 16, .type = &int32}};
	const struct mf_type short_key = {
		.kind = MF_TUPLE, .size = 16, .fields = short_fields, .field_count = 2};
	const struct mf_type long_key = {
		.kind = MF_TUPLE, .size = 24, .fields = long_fields, .field_count = 2};
	const struct mf_store stores[] = {
		{.kind = MF_STORE_HASH, .key_size = 16, .value_size = 8, .key = &short_key},
		{.kind = MF_STORE_HASH, .key_size = 24, .value_size = 8, .key = &long_key},
	};
	const struct mf_map map = {
		.key = &long_key, .value = &string8, .stores = stores, .store_count = 2};
	uint32_t order[2 * EACH];
	struct map_rows rows;

	map_rows_of_map(&rows, &map);
	rows.keys = calloc(2 * EACH, rows.key_stride);
	rows.store_ends[0] = EACH;
	rows.count = rows.room = rows.store_ends[1] = 2 * EACH;
	/* The same text everywhere: 98, 96, ... in one store, 99, 97, ... in the other. */
	for (uint32_t i = 0; i < 2 * EACH; i++) {
		uint32_t number = i < EACH ? 98 - 2 * i : 99 - 2 * (i - EACH);

		memcpy(rows.keys + i * rows.key_stride, "same", 4);
		memcpy(rows.keys + i * rows.key_stride + (i < EACH ? 8 : 16), &number, 4);
	}
	CHECK(row_values_take(&rows.values, calloc(2 * EACH, 8), 2 * EACH));
	map_rows_sort(&rows, order);
	for (uint32_t i = 0; i < 2 * EACH; i++)
		CHECK(order[i] == (i % 2 ? 2 * EACH - 1 - i / 2 : EACH - 1 - i / 2));
	map_rows_free(&rows);
}

/* Their bytes stand in different places: a map keeps short keys and long ones apart. */
static void keys_of_two_widths_are_compared_as_numbers(void)
{
	const struct mf_store stores[] = {
		{.kind = MF_STORE_HASH, .key_size = 2, .value_size = 8, .key = &uint16},
		{.kind = MF_STORE_HASH, .key_size = 8, .value_size = 8, .key = &int64},
	};
	const struct mf_map map = {
		.key = &int64, .value = &string8, .stores = stores, .store_count = 2};
	const int64_t keys[] = {300, 7, 65535, -1, 40000, 8, INT64_MIN};
	/* As signed numbers of their width, unsigned ones too. */
	const uint32_t expected[] = {6, 2, 3, 1, 5, 0, 4};
	uint32_t order[7];
	struct map_rows rows;

	map_rows_of_map(&rows, &map);
	rows.keys = malloc(sizeof(keys));
	memcpy(rows.keys, keys, sizeof(keys));
	rows.count = rows.room = rows.store_ends[1] = 7;
	rows.store_ends[0] = 3;
	CHECK(row_values_take(&rows.values, calloc(7, 8), 7));
	map_rows_sort(&rows, order);
	for (size_t i = 0; i < 7; i++)
		CHECK(order[i] == expected[i]);
	map_rows_free(&rows);
}

static void histograms_stand_by_their_totals(void)
{
	const struct mf_store store = {
		.kind = MF_STORE_HASH, .key_size = 8, .value_size = hist.size, .key = &int64};
	const struct mf_map map = {
		.key = &int64, .value = &hist, .stores = &store, .store_count = 1};
	const int64_t keys[] = {5, 4, 3, 2, 1, 0};
	/* 15, 7, 0, 9, 2 and the greatest of all. */
	const uint32_t expected[] = {2, 4, 1, 3, 0, 5};
	uint32_t order[HISTOGRAMS];
	struct map_rows rows;

	map_rows_of_map(&rows, &map);
	rows.keys = malloc(sizeof(keys));
	memcpy(rows.keys, keys, sizeof(keys));
	rows.count = rows.room = rows.store_ends[0] = HISTOGRAMS;
	for (size_t i = 0; i < HISTOGRAMS; i++)
		CHECK(row_values_add(&rows.values, (const uint8_t *)histograms[i]));
	map_rows_sort(&rows, order);
	for (size_t i = 0; i < HISTOGRAMS; i++)
		CHECK(order[i] == expected[i]);
	map_rows_zero(&rows);
	map_rows_sort(&rows, order);
	/* All alike: by key. */
	for (size_t i = 0; i < HISTOGRAMS; i++)
		CHECK(order[i] == HISTOGRAMS - 1 - i);
	map_rows_free(&rows);
}

/* As a damaged object may have it. */
static void a_scalar_without_stores_has_an_order(void)
{
	const struct mf_map map = {.value = &int64};
	uint32_t order[1] = {1};
	struct map_rows rows;

	map_rows_of_map(&rows, &map);
	CHECK(map_rows_add_zero(&rows) == 0);
	map_rows_sort(&rows, order);
	CHECK(order[0] == 0);
	map_rows_free(&rows);
}

int main(void)
{
	a_scalar_without_stores_has_an_order();
	histograms_are_shown_with_their_zeros();
	many_histograms_are_kept();
	other_values_are_kept_whole();
	rows_stand_by_value_then_by_all_of_the_key();
	texts_of_two_sizes_have_numbers_behind_them();
	keys_of_two_widths_are_compared_as_numbers();
	histograms_stand_by_their_totals();
	return check_result("map rows");
}
