/* The order of rows of maps, as they are printed and as --top has them, and rates of each kind of
 * value: rows that the test puts together. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <bpf/bpf.h>

#include "base/failure.h"
#include "check.h"
#include "fixture.h"
#include "output/map_rows.h"
#include "output/map_stores.h"
#include "output/top_rows.h"

#define SECOND 1000000000u
#define MOST 8

static const struct mf_type int32 = {.kind = MF_INT, .size = 4, .is_signed = true};
static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type uint64 = {.kind = MF_INT, .size = 8};
static const struct mf_type string4 = {.kind = MF_STRING, .size = 4, .capacity = 4};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};

/* Rows with keys 1, 2 ...; values of so many words each. */
static void make_rows(struct map_rows *rows, const struct mf_map *map, const uint64_t *values,
		      size_t words, size_t count)
{
	uint8_t *whole = calloc(count, 8 * words);

	map_rows_none(rows, map);
	rows->keys = calloc(count, rows->key_stride);
	rows->count = rows->room = count;
	memcpy(whole, values, count * 8 * words);
	CHECK(rows->values.size == 8 * words && row_values_take(&rows->values, whole, count));
	for (size_t i = 0; i < count; i++)
		rows->keys[i * rows->key_stride] = (uint8_t)(i + 1);
}

/* `expected`: numbers of rows, the first is 1. */
static bool is_order(const uint32_t *order, size_t count, const char *expected)
{
	char text[MOST + 1] = "";

	for (size_t i = 0; i < count; i++)
		text[i] = (char)('1' + order[i]);
	if (strcmp(text, expected) == 0)
		return true;
	fprintf(stderr, "  %s\n", text);
	return false;
}

/* The order in which the rows are printed, and the one of --top, greatest first. */
static void check_order(const struct mf_type *value, const uint64_t *values, size_t words,
			size_t count, const char *printed, const char *top_order)
{
	const struct mf_map map = {.name = "@", .value = value};
	struct top_rows top = {0};
	uint32_t order[MOST];

	make_rows(&top.rows, &map, values, words, count);
	map_rows_sort(&top.rows, order);
	CHECK(is_order(order, count, printed));
	CHECK(top_rows_choose(&top, TOP_BY_VALUE, false, order, count) == count);
	CHECK(is_order(order, count, top_order));
	/* Of a few, the first. */
	CHECK(top_rows_choose(&top, TOP_BY_VALUE, false, order, 2) == 2 && count > 2);
	CHECK(order[0] + '1' == (uint32_t)top_order[0] && order[1] + '1' == (uint32_t)top_order[1]);
	CHECK(top_rows_choose(&top, TOP_BY_KEY, true, order, count) == count);
	CHECK(order[0] == count - 1 && order[count - 1] == 0);
	map_rows_free(&top.rows);
}

#define MINUS(number) ((uint64_t) - (number))

static void values_have_their_order(void)
{
	const struct mf_type min = {.kind = MF_MIN, .size = 16, .is_signed = true};
	const struct mf_type max = {.kind = MF_MAX, .size = 16};
	const struct mf_type avg = {.kind = MF_AVG, .size = 16, .is_signed = true};
	const struct mf_type stats = {.kind = MF_STATS, .size = 16};
	const struct mf_type sum = {.kind = MF_SUM, .size = 8, .is_signed = true};
	const struct mf_type count = {.kind = MF_COUNT, .size = 8};
	const struct mf_type hist = {.kind = MF_HIST, .size = 24, .buckets = 3};
	const struct mf_type lhist = {.kind = MF_LHIST, .size = 24, .buckets = 3};

	check_order(&int64, (const uint64_t[]){5, MINUS(1), 7, 5}, 1, 4, "2143", "3142");
	check_order(&uint64, (const uint64_t[]){5, MINUS(1), 7, 5}, 1, 4, "1432", "2314");
	check_order(&sum, (const uint64_t[]){5, MINUS(1), 7, 5}, 1, 4, "2143", "3142");
	check_order(&count, (const uint64_t[]){5, 1, 7, 5}, 1, 4, "2143", "3142");
	/* The least and the greatest are printed as if they had no sign; --top knows it. */
	check_order(&min, (const uint64_t[]){5, 1, MINUS(1), 1, 7, 1}, 2, 3, "132", "312");
	check_order(&max, (const uint64_t[]){5, 1, MINUS(1), 1, 7, 1}, 2, 3, "132", "231");
	/* By the average: sum and number. */
	check_order(&avg, (const uint64_t[]){9, 3, MINUS(8), 1, 8, 2}, 2, 3, "213", "312");
	check_order(&stats, (const uint64_t[]){9, 3, 8, 1, 8, 2}, 2, 3, "132", "231");
	/* By how many there are in all. */
	check_order(&hist, (const uint64_t[]){1, 1, 1, 0, 0, 4, 2, 0, 0}, 3, 3, "312", "213");
	check_order(&lhist, (const uint64_t[]){1, 1, 1, 0, 0, 4, 2, 0, 0}, 3, 3, "312", "213");
	/* What has no order goes by its key. */
	check_order(&string8, (const uint64_t[]){'c', 'b', 'a'}, 1, 3, "123", "123");
}

/* Keys, one of which is less than the other, of the types of two stores. */
static void check_keys(const struct mf_type *left, const void *less, const struct mf_type *right,
		       const void *more)
{
	const struct mf_store stores[] = {{.key = left, .key_size = left->size},
					  {.key = right, .key_size = right->size}};
	const struct mf_map map = {
		.name = "@", .key = left, .value = &string8, .stores = stores, .store_count = 2};
	struct map_rows rows;

	map_rows_of_map(&rows, &map);
	rows.keys = calloc(2, rows.key_stride);
	rows.count = rows.room = 2;
	rows.store_ends[0] = 1;
	rows.store_ends[1] = 2;
	memcpy(rows.keys, less, left->size);
	memcpy(rows.keys + rows.key_stride, more, right->size);
	CHECK(map_rows_compare_keys(&rows, 0, 1) < 0);
	CHECK(map_rows_compare_keys(&rows, 1, 0) > 0);
	CHECK(map_rows_compare_keys(&rows, 0, 0) == 0);
	map_rows_free(&rows);
}

static void keys_have_their_order(void)
{
	const struct mf_field fields[] = {{.offset = 0, .type = &int32},
					  {.offset = 4, .type = &string4},
					  {.offset = 8, .type = &int64}};
	const struct mf_type pair = {
		.kind = MF_TUPLE, .size = 8, .fields = fields, .field_count = 2};
	const struct mf_type triple = {
		.kind = MF_TUPLE, .size = 16, .fields = fields, .field_count = 3};
	const struct mf_type boolean = {.kind = MF_BOOL, .size = 1};
	const struct mf_type pointer = {.kind = MF_POINTER, .size = 8};
	struct {
		int32_t number;
		char text[4];
		int64_t last;
	} a = {1, "b", 5}, b = {1, "b", 6}, c = {1, "c", 0}, d = {-2, "z", 9};

	check_keys(&int64, &(int64_t){-1}, &int64, &(int64_t){1});
	check_keys(&int32, &(int32_t){-300}, &int64, &(int64_t){-299});
	check_keys(&int64, &(int64_t){255}, &int32, &(int32_t){256});
	check_keys(&string4, "abc", &string8, "abd\0\0\0\0");
	check_keys(&string4, "abcd", &string8, "abcde\0\0");
	check_keys(&string8, "ab\0\0\0\0\0", &string8, "abc\0\0\0\0");
	check_keys(&triple, &a, &triple, &b);
	check_keys(&triple, &b, &triple, &c);
	check_keys(&triple, &d, &triple, &a);
	check_keys(&pair, &a, &triple, &c);
	/* What has no order of its own has the one of its bytes, and kinds do not mix. */
	check_keys(&boolean, &(uint8_t){0}, &boolean, &(uint8_t){1});
	check_keys(&pointer, &(uint64_t){5}, &pointer, &(uint64_t){6});
	check_keys(&int64, &(int64_t){'a'}, &string8, "b\0\0\0\0\0\0");
}

static const struct mf_store one = {
	.map = "h", .kind = MF_STORE_HASH, .key_size = 8, .value_size = 24, .key = &int64};

/* The rate of a key that has the first value, and a second later the other one; and that of one
 * that comes then. */
static void check_rate(const struct mf_type *value, const uint64_t *before, const uint64_t *now,
		       double old, double added)
{
	const struct mf_map map = {
		.name = "@h", .key = &int64, .value = value, .stores = &one, .store_count = 1};
	struct top_rows top = {0};
	struct fixture fixture;
	int64_t key = 1;
	int fd;

	fixture_init(&fixture);
	fd = fixture_map(&fixture, "h", BPF_MAP_TYPE_HASH, 8, 24, 4);
	CHECK(bpf_map_update_elem(fd, &key, before, BPF_ANY) == 0);
	top_rows_read(&top, &fixture.session, &map, SECOND, false, 7);
	CHECK(top.rows.count == 1 && isnan(top.rates[0]));
	CHECK(bpf_map_update_elem(fd, &key, now, BPF_ANY) == 0);
	key = 2;
	CHECK(bpf_map_update_elem(fd, &key, now, BPF_ANY) == 0);
	top_rows_read(&top, &fixture.session, &map, 2ull * SECOND, false, 7);
	if (CHECK(top.rows.count == 2)) {
		size_t first = map_rows_key(&top.rows, 0)[0] == 1 ? 0 : 1;

		CHECK(isnan(old) ? isnan(top.rates[first]) : top.rates[first] == old);
		CHECK(isnan(added) ? isnan(top.rates[!first]) : top.rates[!first] == added);
	}
	top_rows_free(&top);
	fixture_free(&fixture);
}

static void each_kind_has_its_rate(void)
{
	const struct mf_type avg = {.kind = MF_AVG, .size = 24, .is_signed = true};
	const struct mf_type stats = {.kind = MF_STATS, .size = 24};
	const struct mf_type sum = {.kind = MF_SUM, .size = 24, .is_signed = true};
	const struct mf_type plain_sum = {.kind = MF_SUM, .size = 24};
	const struct mf_type hist = {.kind = MF_HIST, .size = 24, .buckets = 3};
	const struct mf_type lhist = {.kind = MF_LHIST, .size = 24, .buckets = 3};
	const struct mf_type most = {.kind = MF_MAX, .size = 24};
	const struct mf_type count = {.kind = MF_COUNT, .size = 24};
	const uint64_t before[] = {10, 4, 1}, now[] = {MINUS(6), 9, 2}, more[] = {30, 9, 2};

	/* Those that count along: by how many there were. */
	check_rate(&avg, before, now, 5, 9);
	check_rate(&stats, before, now, 5, 9);
	check_rate(&hist, before, more, 26, 41);
	check_rate(&lhist, before, more, 26, 41);
	check_rate(&sum, before, now, -16, -6);
	check_rate(&plain_sum, before, more, 20, 30);
	check_rate(&plain_sum, more, before, NAN, 10);
	check_rate(&count, before, more, 20, 30);
	/* What has a rate at all. */
	check_rate(&most, before, more, NAN, NAN);
	CHECK(top_has_rate(&int64) && top_has_rate(&avg) && top_has_rate(&stats) &&
	      top_has_rate(&hist) && top_has_rate(&lhist) && top_has_rate(&sum) &&
	      top_has_rate(&count) && !top_has_rate(&most) && !top_has_rate(&string8));
}

/* One key in both stores of a map is two. */
static void stores_have_keys_of_their_own(void)
{
	const struct mf_store stores[] = {
		{.map = "a", .kind = MF_STORE_HASH, .key_size = 8, .value_size = 8, .key = &int64},
		{.map = "b", .kind = MF_STORE_HASH, .key_size = 8, .value_size = 8, .key = &int64},
	};
	const struct mf_map map = {
		.name = "@", .key = &int64, .value = &uint64, .stores = stores, .store_count = 2};
	struct top_rows top = {0};
	struct fixture fixture;
	int64_t key = 1;
	int fds[2];

	fixture_init(&fixture);
	for (int i = 0; i < 2; i++)
		fds[i] = fixture_map(&fixture, stores[i].map, BPF_MAP_TYPE_HASH, 8, 8, 4);
	for (uint64_t round = 1; round < 3; round++) {
		for (uint64_t i = 0; i < 2; i++) {
			uint64_t value = round * (i ? 100 : 10);

			CHECK(bpf_map_update_elem(fds[i], &key, &value, BPF_ANY) == 0);
		}
		top_rows_read(&top, &fixture.session, &map, round * SECOND, false, 7);
	}
	CHECK(top.rows.count == 2 && top.rates[0] == 10 && top.rates[1] == 100);
	/* At the same moment there is no rate. */
	top_rows_read(&top, &fixture.session, &map, 2ull * SECOND, false, 7);
	CHECK(top.rows.count == 2 && isnan(top.rates[0]));
	/* What cannot be read has no rows, and the next reading no rate. */
	fixture.maps[1].name = "gone";
	top_rows_read(&top, &fixture.session, &map, 3ull * SECOND, false, 7);
	CHECK(top.error < 0 && top.rows.count == 0 && top.rows.map == &map);
	fixture.maps[1].name = "b";
	top_rows_read(&top, &fixture.session, &map, 4ull * SECOND, false, 7);
	CHECK(!top.error && top.rows.count == 2 && isnan(top.rates[0]));
	top_rows_free(&top);
	fixture_free(&fixture);
}

static bool is_refused(const struct session *session, struct mf_store store, const char *why)
{
	const char *is = map_store_check(session, &store);

	if (why ? is && strcmp(is, why) == 0 : !is)
		return true;
	fprintf(stderr, "  %s\n", is ? is : "taken");
	return false;
}

/* A store of the object is a map of the kernel of that type, and as large. */
static void stores_are_what_the_object_says(void)
{
	static const struct {
		const char *name;
		uint32_t type, key_size;
	} maps[] = {
		{"hash", BPF_MAP_TYPE_HASH, 8},
		{"lru", BPF_MAP_TYPE_LRU_HASH, 8},
		{"percpu", BPF_MAP_TYPE_PERCPU_HASH, 8},
		{"lru-percpu", BPF_MAP_TYPE_LRU_PERCPU_HASH, 8},
		{"slots", BPF_MAP_TYPE_PERCPU_ARRAY, 4},
		{"array", BPF_MAP_TYPE_ARRAY, 4},
	};
	struct fixture fixture;
	const struct session *session = &fixture.session;
	struct mf_store hash = {
		.kind = MF_STORE_HASH, .map = "hash", .key_size = 8, .value_size = 16};
	struct mf_store slot = {.kind = MF_STORE_PERCPU_SLOT,
				.map = "slots",
				.value_size = 16,
				.present = 8,
				.first = 3};
	struct mf_store slots = {.kind = MF_STORE_PERCPU_SLOTS,
				 .map = "slots",
				 .value_size = 16,
				 .first = 1,
				 .entries = 3};

	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		CHECK(fixture_map(&fixture, maps[i].name, maps[i].type, maps[i].key_size, 16, 4) >=
		      0);
	CHECK(is_refused(session, (struct mf_store){.kind = MF_STORE_GLOBAL}, NULL));
	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		bool is_hash = i < 2, is_percpu = i == 2 || i == 3, is_slots = i == 4;
		const char *other = "its kernel map has another type";

		hash.map = maps[i].name;
		hash.kind = MF_STORE_HASH;
		CHECK(is_refused(session, hash, is_hash ? NULL : other));
		hash.kind = MF_STORE_PERCPU_HASH;
		CHECK(is_refused(session, hash, is_percpu ? NULL : other));
		slot.map = slots.map = maps[i].name;
		CHECK(is_refused(session, slot, is_slots ? NULL : other));
		CHECK(is_refused(session, slots, is_slots ? NULL : other));
	}
	hash = (struct mf_store){
		.kind = MF_STORE_HASH, .map = "none", .key_size = 8, .value_size = 16};
	CHECK(is_refused(session, hash, "its kernel map is not there"));
	hash.map = "hash";
	hash.key_size = 4;
	CHECK(is_refused(session, hash, "keys of its kernel map have another size"));
	hash.key_size = 8;
	hash.value_size = 8;
	CHECK(is_refused(session, hash, "values of its kernel map have another size"));
	slot.map = slots.map = "slots";
	slot.first = 4;
	CHECK(is_refused(session, slot, "its flag lies outside of its value"));
	slot.first = 0;
	slot.present = 9;
	CHECK(is_refused(session, slot, "its flag lies outside of its value"));
	slot.present = 0;
	CHECK(is_refused(session, slot, NULL));
	slots.first = 2;
	CHECK(is_refused(session, slots, "its kernel map is too small"));
	slots.first = UINT32_MAX;
	CHECK(is_refused(session, slots, "its kernel map is too small"));
	fixture_free(&fixture);
}

int main(void)
{
	values_have_their_order();
	keys_have_their_order();
	each_kind_has_its_rate();
	stores_have_keys_of_their_own();
	stores_are_what_the_object_says();
	return check_result("row order");
}
