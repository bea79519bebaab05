/* Elements of a kernel map in batches, as kernels give them, and one by one where they do not. */
#include "output/map_batch.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "check.h"

/* The map: keys and values are numbers; a bucket has those of one hundred. */
#define MOST 4096
static uint64_t keys[MOST];
static uint32_t count, entries;
static size_t value_size;
/* What the kernel answers to the first or the second batch; 0: the elements. */
static int first_error, second_error;
static uint32_t batches, lookups, removed, largest_room;
/* A key that is gone when it is looked up. */
static uint64_t vanishing;

static uint32_t bucket_end(uint32_t from)
{
	uint32_t to = from;

	while (to < count && keys[to] / 100 == keys[from] / 100)
		to++;
	return to;
}

/* Whole buckets, as many as there is room for (kernel/bpf/hashtab.c). */
static int give(const void *in, void *out, uint64_t *to_keys, uint8_t *values, uint32_t *room)
{
	uint64_t at = in ? *(const uint64_t *)in : 0;
	uint32_t given = 0;

	batches++;
	largest_room = *room > largest_room ? *room : largest_room;
	if ((first_error && !in) || (second_error && in)) {
		*room = 0;
		return in ? second_error : first_error;
	}
	while (at < count) {
		uint32_t end = bucket_end((uint32_t)at);

		if (end - at > *room - given)
			break;
		for (; at < end; at++, given++) {
			to_keys[given] = keys[at];
			*(uint64_t *)(values + given * value_size) = keys[at] * 2;
		}
	}
	*(uint64_t *)out = at;
	*room = given;
	return at == count ? -ENOENT : given ? 0 : -ENOSPC;
}

int bpf_map_lookup_batch(int fd, void *in, void *out, void *to_keys, void *values, uint32_t *room,
			 const struct bpf_map_batch_opts *options)
{
	CHECK(fd == 9 && !options);
	return give(in, out, to_keys, values, room);
}

int bpf_map_lookup_and_delete_batch(int fd, void *in, void *out, void *to_keys, void *values,
				    uint32_t *room, const struct bpf_map_batch_opts *options)
{
	int result;

	CHECK(fd == 9 && !options);
	result = give(in, out, to_keys, values, room);
	removed += *room;
	return result;
}

/* The first key where the one before is gone (htab_map_get_next_key). */
int bpf_map_get_next_key(int fd, const void *key, void *next)
{
	uint32_t at = 0;

	CHECK(fd == 9);
	for (uint32_t i = 0; key && i < count; i++)
		if (keys[i] == *(const uint64_t *)key)
			at = i + 1;
	if (at == count)
		return -ENOENT;
	*(uint64_t *)next = keys[at];
	return 0;
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	CHECK(fd == 9);
	lookups++;
	if (*(const uint64_t *)key == vanishing)
		return -ENOENT;
	*(uint64_t *)value = *(const uint64_t *)key * 2;
	return 0;
}

int bpf_map_delete_elem(int fd, const void *key)
{
	CHECK(fd == 9);
	if (*(const uint64_t *)key == 666)
		return -EPERM;
	for (uint32_t i = 0; i < count; i++)
		if (keys[i] == *(const uint64_t *)key) {
			memmove(&keys[i], &keys[i + 1], (count - i - 1) * sizeof(*keys));
			count--;
			removed++;
			return *(const uint64_t *)key == vanishing ? -ENOENT : 0;
		}
	return -ENOENT;
}

static uint64_t sum, seen, stop_at;

static bool add(void *context, const uint8_t *key, const uint8_t *value)
{
	uint64_t number, doubled;

	CHECK(context == &sum);
	memcpy(&number, key, sizeof(number));
	memcpy(&doubled, value, sizeof(doubled));
	CHECK(doubled == 2 * number);
	sum += number;
	return ++seen != stop_at;
}

/* Numbers `from`, `from` + `step`, ... */
static void fill(uint32_t many, uint64_t from, uint64_t step)
{
	count = many;
	for (uint32_t i = 0; i < many; i++)
		keys[i] = from + i * step;
	entries = many;
	value_size = 8;
	first_error = second_error = 0;
	batches = lookups = removed = largest_room = 0;
	vanishing = UINT64_MAX;
	stop_at = 0;
}

static int walk(bool remove)
{
	const struct map_walk walk = {.fd = 9,
				      .key_size = 8,
				      .value_size = value_size,
				      .max_entries = entries,
				      .remove = remove,
				      .element = add,
				      .context = &sum};

	sum = seen = 0;
	return map_walk(&walk);
}

static void in_batches(void)
{
	fill(0, 0, 0);
	CHECK(walk(false) == 0 && seen == 0 && batches == 1);
	/* All in one: there is room for as many as the map has. */
	fill(1000, 1, 1);
	CHECK(walk(false) == 0 && seen == 1000 && sum == 500500 && batches == 1);
	CHECK(largest_room == 1000 && removed == 0);
	CHECK(walk(true) == 0 && seen == 1000 && removed == 1000);
	/* The fewest that are asked for. */
	fill(3, 1, 1);
	CHECK(walk(false) == 0 && seen == 3 && largest_room == 64);
}

static void buckets_that_have_no_room(void)
{
	/* 100 in a bucket, where 64 are asked for first: twice as many is enough. */
	fill(300, 0, 1);
	value_size = 32768;
	CHECK(walk(false) == 0 && seen == 300);
	CHECK(largest_room == 128 && batches == 4);
	/* But not where the map cannot hold so many. */
	fill(100, 0, 1);
	entries = 64;
	CHECK(walk(false) == -ENOSPC && seen == 0 && largest_room == 64);
}

static void a_visitor_that_has_enough(void)
{
	fill(250, 0, 1);
	stop_at = 120;
	CHECK(walk(false) == -ECANCELED && seen == 120);
	fill(250, 0, 1);
	first_error = -EOPNOTSUPP;
	stop_at = 120;
	CHECK(walk(false) == -ECANCELED && seen == 120);
}

static void errors_of_the_kernel(void)
{
	fill(250, 0, 1);
	first_error = -EPERM;
	CHECK(walk(false) == -EPERM && seen == 0 && lookups == 0);
	fill(10, 0, 100);
	entries = 70;
	second_error = -EINVAL;
	first_error = 0;
	CHECK(walk(false) == 0 && batches == 1);
}

static void one_by_one(void)
{
	static const int lacks[] = {-524, -EOPNOTSUPP, -EINVAL};

	for (size_t i = 0; i < sizeof(lacks) / sizeof(*lacks); i++) {
		fill(250, 5, 3);
		first_error = lacks[i];
		CHECK(walk(false) == 0 && seen == 250 && batches == 1 && removed == 0);
		CHECK(sum == 250 * 5 + 3 * 249 * 250 / 2);
		CHECK(walk(true) == 0 && seen == 250 && removed == 250 && count == 0);
	}
	/* One that another removes meanwhile has no value, and is not missed. */
	fill(3, 1, 1);
	first_error = -524;
	vanishing = 2;
	CHECK(walk(true) == 0 && seen == 2 && sum == 4 && count == 0);
	/* What cannot be removed ends it. */
	fill(3, 665, 1);
	first_error = -524;
	CHECK(walk(true) == -EPERM && seen == 2);
}

/* Keys that come as fast as they are visited: it ends. */
static void a_map_without_end(void)
{
	fill(4000, 0, 1);
	first_error = -524;
	entries = 10;
	CHECK(walk(false) == 0 && seen == 21);
}

int main(void)
{
	in_batches();
	buckets_that_have_no_room();
	a_visitor_that_has_enough();
	errors_of_the_kernel();
	one_by_one();
	a_map_without_end();
	return check_result("map_walk");
}
