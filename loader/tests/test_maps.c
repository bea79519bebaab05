/* [OUT-004..011, OUT-018..021, OUT-030..032, OUT-063, OUT-064, FUN-061] Maps, as the kernel holds
 * them. */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "output/map_change.h"
#include "output/map_rows.h"
#include "output/output.h"
#include "base/failure.h"
#include "check.h"
#include "fixture.h"

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type uint32 = {.kind = MF_INT, .size = 4};
static const struct mf_type int8 = {.kind = MF_INT, .size = 1, .is_signed = true};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
static const struct mf_type count = {.kind = MF_COUNT, .size = 8};
static const struct mf_type hist0 = {.kind = MF_HIST, .size = 8 * 65, .buckets = 65};

struct tester {
	struct fixture fixture;
	char path[64];
	struct output *output;
	struct strbuf text;
};

/* Output goes to a file; `maps` are what the manifest has. */
static bool setup(struct tester *tester, struct mf_map *maps, uint32_t map_count)
{
	int fd;

	tester->output = NULL;
	tester->text = (struct strbuf){0};
	tester->fixture.manifest.maps = maps;
	tester->fixture.manifest.map_count = map_count;
	strcpy(tester->path, "/tmp/bpfload-test-XXXXXX");
	fd = mkstemp(tester->path);
	if (!CHECK(fd >= 0))
		return false;
	close(fd);
	tester->fixture.options.output = tester->path;
	return CHECK(output_open(&tester->output, &tester->fixture.session, &failure) == 0);
}

static void teardown(struct tester *tester)
{
	CHECK(output_close(tester->output) == 0);
	unlink(tester->path);
	strbuf_free(&tester->text);
	fixture_free(&tester->fixture);
}

/* What was written since the last call. */
static void check_output(struct tester *tester, const char *expected)
{
	int fd;
	ssize_t got;

	CHECK(output_flush(tester->output) == 0);
	fd = open(tester->path, O_RDWR);
	strbuf_reserve(&tester->text, 1 << 20);
	got = read(fd, tester->text.data, 1 << 20);
	tester->text.length = got > 0 ? (size_t)got : 0;
	CHECK_TEXT(&tester->text, expected);
	/* The writer's position stays, and leaves a hole of NULs: start over instead. */
	close(fd);
	CHECK(output_close(tester->output) == 0);
	CHECK(output_open(&tester->output, &tester->fixture.session, &failure) == 0);
}

static void put(int fd, const void *key, const void *value)
{
	CHECK(bpf_map_update_elem(fd, key, value, BPF_ANY) == 0);
}

/* A per-CPU value: `first` on CPU 0, `last` on the last CPU, zeros elsewhere. Sizes are multiples
 * of 8. */
static void put_percpu(const struct tester *tester, int fd, const void *key, const void *first,
		       const void *last, size_t size)
{
	uint32_t cpus = tester->fixture.session.cpus;
	uint8_t *values = calloc(cpus, size);

	memcpy(values + (cpus - 1) * size, last, size);
	memcpy(values, first, size);
	put(fd, key, values);
	free(values);
}

static void scalars_in_variables(void)
{
	struct tester tester;
	const struct mf_store store_x = {
		.kind = MF_STORE_GLOBAL, .value_size = 8, .offset = 0, .present = 8};
	const struct mf_store store_s = {
		.kind = MF_STORE_GLOBAL, .value_size = 8, .offset = 16, .present = 24};
	struct mf_map maps[] = {
		{.name = "@x", .value = &int64, .stores = &store_x, .store_count = 1},
		{.name = "@", .value = &string8, .stores = &store_s, .store_count = 1},
	};
	int64_t value = -42;
	uint64_t yes = 1;

	fixture_init(&tester.fixture);
	if (!setup(&tester, maps, 2))
		return;
	/* Never written: nothing at the end, zero when asked for. */
	CHECK(output_all_maps(tester.output) == 0);
	check_output(&tester, "");
	CHECK(output_map(tester.output, &maps[0], 0, 0) == 0);
	CHECK(output_map(tester.output, &maps[1], 0, 0) == 0);
	check_output(&tester, "@x: 0\n@: \n");

	memcpy(tester.fixture.bss, &value, 8);
	memcpy(tester.fixture.bss + 8, &yes, 8);
	memcpy(tester.fixture.bss + 16, "abc", 4);
	memcpy(tester.fixture.bss + 24, &yes, 8);
	CHECK(output_finish(tester.output) == 0);
	check_output(&tester, "\n\n@: abc\n@x: -42\n");
	CHECK(output_map(tester.output, &maps[0], 0, 5) == 0);
	check_output(&tester, "@x: -8\n");

	CHECK(map_zero(&tester.fixture.session, &maps[0]) == 0);
	CHECK(map_clear(&tester.fixture.session, &maps[1]) == 0);
	CHECK(output_all_maps(tester.output) == 0);
	check_output(&tester, "@x: 0\n");

	tester.fixture.manifest.config.print_maps_on_exit = false;
	CHECK(output_finish(tester.output) == 0);
	check_output(&tester, "\n\n");
	teardown(&tester);
}

static void scalar_aggregates_in_slots(void)
{
	struct tester tester;
	const struct mf_type signed_min = {.kind = MF_MIN, .size = 16, .is_signed = true};
	const struct mf_type stats = {.kind = MF_STATS, .size = 16, .is_signed = true};
	const struct mf_store stores[] = {
		{.kind = MF_STORE_PERCPU_SLOT, .map = "c", .value_size = 16, .present = 8},
		{.kind = MF_STORE_PERCPU_SLOT, .map = "m", .value_size = 24, .present = 16},
		{.kind = MF_STORE_PERCPU_SLOT, .map = "s", .value_size = 24, .present = 16},
		{.kind = MF_STORE_PERCPU_SLOT, .map = "h", .value_size = 528, .present = 520},
	};
	struct mf_map maps[] = {
		{.name = "@c", .value = &count, .stores = &stores[0], .store_count = 1},
		{.name = "@m", .value = &signed_min, .stores = &stores[1], .store_count = 1},
		{.name = "@s", .value = &stats, .stores = &stores[2], .store_count = 1},
		{.name = "@h", .value = &hist0, .stores = &stores[3], .store_count = 1},
	};
	uint64_t hist[66] = {[1] = 1, [65] = 1};
	uint32_t zero = 0;
	int fds[4];

	fixture_init(&tester.fixture);
	for (int i = 0; i < 4; i++)
		fds[i] = fixture_map(&tester.fixture, stores[i].map, BPF_MAP_TYPE_PERCPU_ARRAY, 4,
				     stores[i].value_size, 1);
	if (!CHECK(fds[3] >= 0) || !setup(&tester, maps, 4))
		return;
	for (int i = 0; i < 4; i++)
		CHECK(output_map(tester.output, &maps[i], 0, 0) == 0);
	check_output(&tester, "@c: 0\n@m: 0\n@s: { .count = 0, .average = 0, .total = 0 }\n");

	put_percpu(&tester, fds[0], &zero, (uint64_t[]){3, 1}, (uint64_t[]){4, 1}, 16);
	put_percpu(&tester, fds[1], &zero, (int64_t[]){5, 1, 1}, (int64_t[]){-6, 1, 1}, 24);
	put_percpu(&tester, fds[2], &zero, (int64_t[]){10, 2, 1}, (int64_t[]){20, 1, 1}, 24);
	put_percpu(&tester, fds[3], &zero, hist, hist, 528);
	CHECK(output_all_maps(tester.output) == 0);
	if (tester.fixture.session.cpus > 1)
		check_output(&tester, "@c: 7\n"
				      "@h:\n"
				      "[0]                    2 "
				      "|@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|"
				      "\n"
				      "\n"
				      "@m: -6\n"
				      "@s: { .count = 3, .average = 10, .total = 30 }\n");
	/* Statistics have their average divided, nothing else; a count is divided itself. */
	CHECK(output_map(tester.output, &maps[2], 0, 5) == 0);
	CHECK(output_map(tester.output, &maps[0], 0, 2) == 0);
	if (tester.fixture.session.cpus > 1)
		check_output(&tester, "@s: { .count = 3, .average = 2, .total = 30 }\n@c: 3\n");
	for (int i = 0; i < 4; i++)
		CHECK(map_zero(&tester.fixture.session, &maps[i]) == 0);
	CHECK(output_all_maps(tester.output) == 0);
	check_output(&tester, "@c: 0\n@h:\n\n@m: 0\n"
			      "@s: { .count = 0, .average = 0, .total = 0 }\n");
	for (int i = 0; i < 4; i++)
		CHECK(map_clear(&tester.fixture.session, &maps[i]) == 0);
	CHECK(output_all_maps(tester.output) == 0);
	check_output(&tester, "");
	teardown(&tester);
}

static void keyed_ints_sort_by_value_then_key(void)
{
	struct tester tester;
	const struct mf_store store = {
		.kind = MF_STORE_HASH, .map = "m", .key_size = 8, .value_size = 8, .key = &string8};
	struct mf_map map = {
		.name = "@x", .key = &string8, .value = &int64, .stores = &store, .store_count = 1};
	int fd;

	fixture_init(&tester.fixture);
	fd = fixture_map(&tester.fixture, "m", BPF_MAP_TYPE_HASH, 8, 8, 100);
	if (!CHECK(fd >= 0) || !setup(&tester, &map, 1))
		return;
	put(fd, "b\0\0\0\0\0\0", &(int64_t){5});
	put(fd, "a\0\0\0\0\0\0", &(int64_t){5});
	put(fd, "(z)\0\0\0\0", &(int64_t){-1});
	put(fd, "c\0\0\0\0\0\0", &(int64_t){300});
	put(fd, "d\0\0\0\0\0\0", &(int64_t){7});
	CHECK(output_map(tester.output, &map, 0, 0) == 0);
	check_output(&tester, "@x[z]: -1\n@x[a]: 5\n@x[b]: 5\n@x[d]: 7\n@x[c]: 300\n");
	CHECK(output_map(tester.output, &map, 2, 0) == 0);
	check_output(&tester, "@x[d]: 7\n@x[c]: 300\n");
	CHECK(output_map(tester.output, &map, 1, 100) == 0);
	check_output(&tester, "@x[c]: 3\n");
	CHECK(output_map(tester.output, &map, 99, 1) == 0);
	check_output(&tester, "@x[z]: -1\n@x[a]: 5\n@x[b]: 5\n@x[d]: 7\n@x[c]: 300\n");
	CHECK(map_zero(&tester.fixture.session, &map) == 0);
	CHECK(output_map(tester.output, &map, 0, 0) == 0);
	check_output(&tester, "@x[z]: 0\n@x[a]: 0\n@x[b]: 0\n@x[c]: 0\n@x[d]: 0\n");
	CHECK(map_clear(&tester.fixture.session, &map) == 0);
	CHECK(output_map(tester.output, &map, 0, 0) == 0);
	check_output(&tester, "");
	teardown(&tester);
}

static void values_without_order_sort_by_key(void)
{
	struct tester tester;
	const struct mf_field fields[] = {{.offset = 0, .type = &uint32},
					  {.offset = 4, .type = &int8}};
	const struct mf_type tuple = {
		.kind = MF_TUPLE, .size = 8, .fields = fields, .field_count = 2};
	const struct mf_store store = {
		.kind = MF_STORE_HASH, .map = "m", .key_size = 8, .value_size = 8, .key = &tuple};
	struct mf_map map = {
		.name = "@", .key = &tuple, .value = &string8, .stores = &store, .store_count = 1};
	const struct {
		uint32_t a;
		int8_t b[4];
	} keys[] = {{2, {1}}, {1, {5}}, {1, {-5}}, {4294967295u, {0}}};
	int fd;

	fixture_init(&tester.fixture);
	fd = fixture_map(&tester.fixture, "m", BPF_MAP_TYPE_HASH, 8, 8, 100);
	if (!CHECK(fd >= 0) || !setup(&tester, &map, 1))
		return;
	for (int i = 0; i < 4; i++)
		put(fd, &keys[i], "zyxwvuts" + 2 * i);
	CHECK(output_all_maps(tester.output) == 0);
	/* Ints are compared as signed numbers, as bpftrace does: 2^32 - 1 comes first. */
	check_output(&tester, "@[4294967295, 0]: ts\n@[1, -5]: vuts\n@[1, 5]: xwvuts\n"
			      "@[2, 1]: zyxwvuts..\n");
	teardown(&tester);
}

static void keyed_aggregates_are_put_together(void)
{
	struct tester tester;
	const struct mf_type avg = {.kind = MF_AVG, .size = 16, .is_signed = true};
	const struct mf_type max = {.kind = MF_MAX, .size = 16, .is_signed = true};
	const struct mf_store avg_store = {.kind = MF_STORE_PERCPU_HASH,
					   .map = "a",
					   .key_size = 4,
					   .value_size = 16,
					   .key = &uint32};
	const struct mf_store max_store = {.kind = MF_STORE_PERCPU_HASH,
					   .map = "m",
					   .key_size = 4,
					   .value_size = 16,
					   .key = &uint32};
	struct mf_map maps[] = {
		{.name = "@a",
		 .key = &uint32,
		 .value = &avg,
		 .stores = &avg_store,
		 .store_count = 1},
		{.name = "@m",
		 .key = &uint32,
		 .value = &max,
		 .stores = &max_store,
		 .store_count = 1},
	};
	int a, m;

	fixture_init(&tester.fixture);
	a = fixture_map(&tester.fixture, "a", BPF_MAP_TYPE_PERCPU_HASH, 4, 16, 100);
	m = fixture_map(&tester.fixture, "m", BPF_MAP_TYPE_PERCPU_HASH, 4, 16, 100);
	if (!CHECK(a >= 0 && m >= 0) || !setup(&tester, maps, 2))
		return;
	put_percpu(&tester, a, &(uint32_t){1}, (int64_t[]){100, 1}, (int64_t[]){100, 1}, 16);
	put_percpu(&tester, a, &(uint32_t){2}, (int64_t[]){-9, 3}, (int64_t[]){0, 0}, 16);
	put_percpu(&tester, m, &(uint32_t){1}, (int64_t[]){-8, 1}, (int64_t[]){0, 0}, 16);
	put_percpu(&tester, m, &(uint32_t){2}, (int64_t[]){3, 1}, (int64_t[]){2, 1}, 16);
	CHECK(output_all_maps(tester.output) == 0);
	/* min and max sort as unsigned numbers: negative ones come last. */
	check_output(&tester, "@a[2]: -3\n@a[1]: 100\n@m[2]: 3\n@m[1]: -8\n");
	CHECK(output_map(tester.output, &maps[0], 1, 7) == 0);
	check_output(&tester, "@a[1]: 14\n");
	teardown(&tester);
}

static void keyed_histograms_sort_by_total(void)
{
	struct tester tester;
	const struct mf_type lhist = {
		.kind = MF_LHIST, .size = 8 * 4, .buckets = 4, .min = 0, .max = 20, .step = 10};
	const struct mf_store store = {
		.kind = MF_STORE_HASH, .map = "m", .key_size = 8, .value_size = 32, .key = &int64};
	struct mf_map map = {
		.name = "@l", .key = &int64, .value = &lhist, .stores = &store, .store_count = 1};
	int fd;

	fixture_init(&tester.fixture);
	fd = fixture_map(&tester.fixture, "m", BPF_MAP_TYPE_HASH, 8, 32, 100);
	if (!CHECK(fd >= 0) || !setup(&tester, &map, 1))
		return;
	put(fd, &(int64_t){1}, (uint64_t[]){0, 2, 2, 0});
	put(fd, &(int64_t){2}, (uint64_t[]){0, 0, 0, 3});
	CHECK(output_map(tester.output, &map, 0, 10) == 0);
	check_output(
		&tester,
		"@l[2]:\n"
		"[20, ...)              3 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
		"\n"
		"@l[1]:\n"
		"[0, 10)                2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
		"[10, 20)               2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
		"\n");
	teardown(&tester);
}

static void keys_may_be_spread_over_stores(void)
{
	struct tester tester;
	const struct mf_store stores[] = {
		{.kind = MF_STORE_HASH, .map = "n", .key_size = 4, .value_size = 8, .key = &uint32},
		{.kind = MF_STORE_HASH, .map = "w", .key_size = 8, .value_size = 8, .key = &int64},
	};
	struct mf_map map = {
		.name = "@", .key = &int64, .value = &string8, .stores = stores, .store_count = 2};
	int narrow, wide;

	fixture_init(&tester.fixture);
	narrow = fixture_map(&tester.fixture, "n", BPF_MAP_TYPE_HASH, 4, 8, 10);
	wide = fixture_map(&tester.fixture, "w", BPF_MAP_TYPE_HASH, 8, 8, 10);
	if (!CHECK(narrow >= 0 && wide >= 0) || !setup(&tester, &map, 1))
		return;
	put(narrow, &(uint32_t){7}, "b\0\0\0\0\0\0");
	put(wide, &(int64_t){-1}, "a\0\0\0\0\0\0");
	put(wide, &(int64_t){1ll << 40}, "c\0\0\0\0\0\0");
	CHECK(output_all_maps(tester.output) == 0);
	check_output(&tester, "@[-1]: a\n@[7]: b\n@[1099511627776]: c\n");
	teardown(&tester);
}

static void maps_that_are_not_what_the_manifest_says_are_refused(void)
{
	struct tester tester = {0};
	const struct mf_store small = {
		.kind = MF_STORE_HASH, .map = "m", .key_size = 8, .value_size = 8, .key = &int64};
	const struct mf_store slot = {
		.kind = MF_STORE_PERCPU_SLOT, .map = "p", .value_size = 16, .present = 16};
	struct mf_map map = {
		.name = "@", .key = &int64, .value = &count, .stores = &small, .store_count = 1};

	fixture_init(&tester.fixture);
	CHECK(fixture_map(&tester.fixture, "m", BPF_MAP_TYPE_HASH, 8, 4096, 10) >= 0);
	CHECK(fixture_map(&tester.fixture, "p", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, 1) >= 0);
	tester.fixture.manifest.maps = &map;
	tester.fixture.manifest.map_count = 1;
	failure_clear(&failure);
	CHECK(output_open(&tester.output, &tester.fixture.session, &failure) == STATUS_OBJECT);
	map = (struct mf_map){.name = "@", .value = &count, .stores = &slot, .store_count = 1};
	failure_clear(&failure);
	CHECK(output_open(&tester.output, &tester.fixture.session, &failure) == STATUS_OBJECT);
	fixture_free(&tester.fixture);
}

static void stacks_as_keys(void)
{
	struct tester tester;
	const struct mf_type raw = {
		.kind = MF_STACK, .size = 16, .stack_mode = MF_STACK_RAW, .stack_limit = 127};
	const struct mf_store store = {
		.kind = MF_STORE_HASH, .map = "m", .key_size = 16, .value_size = 8, .key = &raw};
	struct mf_map map = {
		.name = "@", .key = &raw, .value = &int64, .stores = &store, .store_count = 1};
	/* Number of frames in the token: as many as were captured, of those the map has four. */
	const struct {
		uint64_t id;
		uint32_t pid, frames;
	} keys[] = {{77, 0, 2}, {78, 0, 99}, {79, 0, 2}, {0, 0, 0}};
	int stacks, fd;

	fixture_init(&tester.fixture);
	stacks = fixture_map(&tester.fixture, MF_MAP_STACKS, BPF_MAP_TYPE_HASH, 8, 32, 10);
	fd = fixture_map(&tester.fixture, "m", BPF_MAP_TYPE_HASH, 16, 8, 10);
	if (!CHECK(stacks >= 0 && fd >= 0) || !setup(&tester, &map, 1))
		return;
	put(stacks, &keys[0].id, (uint64_t[]){0xffffffff81000010, 0xffffffff81000020, 0, 0});
	put(stacks, &keys[1].id, (uint64_t[]){1, 2, 3, 4});
	for (int i = 0; i < 4; i++)
		put(fd, &keys[i], &(int64_t){i});
	CHECK(output_all_maps(tester.output) == 0);
	check_output(&tester, "@[\nffffffff81000010\nffffffff81000020\n]: 0\n"
			      "@[\n1\n2\n3\n4\n]: 1\n"
			      "@[\n]: 2\n"
			      "@[\n]: 3\n");
	teardown(&tester);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void a_hundred_thousand_keys_are_quick(void)
{
	enum { KEYS = 100000 };
	struct tester tester;
	const struct mf_store store = {.kind = MF_STORE_PERCPU_HASH,
				       .map = "m",
				       .key_size = 4,
				       .value_size = 8,
				       .key = &uint32};
	struct mf_map map = {
		.name = "@", .key = &uint32, .value = &count, .stores = &store, .store_count = 1};
	struct map_rows rows;
	uint32_t *order = calloc(KEYS, sizeof(*order));
	double start, read, sorted, printed, zeroed, cleared;
	uint64_t total = 0;
	int fd;

	fixture_init(&tester.fixture);
	fd = fixture_map(&tester.fixture, "m", BPF_MAP_TYPE_PERCPU_HASH, 4, 8, KEYS);
	if (!CHECK(fd >= 0) || !setup(&tester, &map, 1))
		return;
	for (uint32_t i = 0; i < KEYS; i++) {
		uint64_t value = i * 2654435761u % KEYS;

		put_percpu(&tester, fd, &i, &value, &value, 8);
		total += tester.fixture.session.cpus > 1 ? 2 * value : value;
	}
	start = seconds();
	CHECK(map_rows_read(&rows, &tester.fixture.session, &map) == 0);
	CHECK(rows.count == KEYS);
	read = seconds();
	map_rows_sort(&rows, order);
	sorted = seconds();
	for (size_t i = 0; i < rows.count; i++) {
		uint64_t value;

		memcpy(&value, map_rows_value(&rows, order[i]), sizeof(value));
		total -= value;
	}
	CHECK(total == 0);
	map_rows_free(&rows);
	CHECK(output_map(tester.output, &map, 0, 0) == 0);
	printed = seconds();
	CHECK(map_zero(&tester.fixture.session, &map) == 0);
	zeroed = seconds();
	CHECK(map_clear(&tester.fixture.session, &map) == 0);
	cleared = seconds();
	CHECK(map_rows_read(&rows, &tester.fixture.session, &map) == 0 && rows.count == 0);
	map_rows_free(&rows);
	fprintf(stderr,
		"100,000 keys: read %.1f ms, sort %.1f ms, print %.1f ms, zero %.1f ms, clear %.1f "
		"ms\n",
		1e3 * (read - start), 1e3 * (sorted - read), 1e3 * (printed - sorted),
		1e3 * (zeroed - printed), 1e3 * (cleared - zeroed));
	/* Far above what it takes; quadratic work would take minutes. */
	CHECK(cleared - start < 10);
	free(order);
	teardown(&tester);
}

int main(void)
{
	scalars_in_variables();
	scalar_aggregates_in_slots();
	keyed_ints_sort_by_value_then_key();
	values_without_order_sort_by_key();
	keyed_aggregates_are_put_together();
	keyed_histograms_sort_by_total();
	keys_may_be_spread_over_stores();
	stacks_as_keys();
	maps_that_are_not_what_the_manifest_says_are_refused();
	a_hundred_thousand_keys_are_quick();
	return check_result("maps");
}
