/* Maps with two generations: what is in use, what is left, and what print, clear and zero make of
 * both. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "output/map_change.h"
#include "output/map_rows.h"
#include "output/output.h"
#include "session/generations.h"
#include "check.h"
#include "fixture.h"

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type sum = {.kind = MF_SUM, .size = 8};
static const struct mf_type count_series = {.kind = MF_TSERIES,
					    .size = 16 * 3,
					    .count = 3,
					    .aggregation = MF_SERIES_SUM,
					    .interval = 1};

/* Words of the generations, and the variables of @v, in .bss. */
enum {
	WORD_H = 0,
	WORD_S = 8,
	WORD_V = 16,
	V = 24,
	V_PRESENT = 32,
	V_NEXT = 40,
	V_NEXT_PRESENT = 48,
	WORD_T = 56
};
enum { H, S, VARIABLE, T, MAPS };

static const struct mf_store stores[MAPS][2] = {
	[H] = {{.kind = MF_STORE_HASH, .map = "h", .key_size = 8, .value_size = 8, .key = &int64},
	       {.kind = MF_STORE_HASH,
		.map = "next_h",
		.key_size = 8,
		.value_size = 8,
		.key = &int64}},
	[S] = {{.kind = MF_STORE_PERCPU_SLOT, .map = "s", .value_size = 16, .present = 8},
	       {.kind = MF_STORE_PERCPU_SLOT,
		.map = "s",
		.value_size = 16,
		.present = 8,
		.first = 1}},
	[VARIABLE] = {{.kind = MF_STORE_GLOBAL, .value_size = 8, .offset = V, .present = V_PRESENT},
		      {.kind = MF_STORE_GLOBAL,
		       .value_size = 8,
		       .offset = V_NEXT,
		       .present = V_NEXT_PRESENT}},
	/* Two slots an element, so two elements a generation. */
	[T] = {{.kind = MF_STORE_PERCPU_SLOTS, .map = "t", .value_size = 32, .entries = 2},
	       {.kind = MF_STORE_PERCPU_SLOTS,
		.map = "t",
		.value_size = 32,
		.entries = 2,
		.first = 2}},
};

#define MAP(symbol, title, of_key, of_value, word) \
	[symbol] = {.name = title,                 \
		    .key = of_key,                 \
		    .value = of_value,             \
		    .stores = &stores[symbol][0],  \
		    .store_count = 1,              \
		    .next = &stores[symbol][1],    \
		    .generation = word}

static struct mf_map maps[MAPS] = {
	MAP(H, "@h", &int64, &int64, WORD_H),
	MAP(S, "@s", NULL, &sum, WORD_S),
	MAP(VARIABLE, "@v", NULL, &int64, WORD_V),
	MAP(T, "@t", NULL, &count_series, WORD_T),
};

struct tester {
	struct fixture fixture;
	const struct session *session;
	int first, second, slots, series;
};

static bool setup(struct tester *tester)
{
	struct fixture *fixture = &tester->fixture;

	fixture_init(fixture);
	tester->session = &fixture->session;
	fixture->manifest.maps = maps;
	fixture->manifest.map_count = MAPS;
	tester->first = fixture_map(fixture, "h", BPF_MAP_TYPE_HASH, 8, 8, 4);
	tester->second = fixture_map(fixture, "next_h", BPF_MAP_TYPE_HASH, 8, 8, 4);
	tester->slots = fixture_map(fixture, "s", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, 2);
	tester->series = fixture_map(fixture, "t", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 32, 4);
	failure_clear(&failure);
	return CHECK(tester->first >= 0 && tester->second >= 0 && tester->slots >= 0 &&
		     tester->series >= 0) &&
	       CHECK(generations_prepare(&fixture->session, &failure) == STATUS_OK);
}

static void teardown(struct tester *tester)
{
	generations_free(&tester->fixture.session);
	CHECK(tester->fixture.session.generations == NULL);
	fixture_free(&tester->fixture);
}

static uint64_t word(const struct tester *tester, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, tester->fixture.bss + offset, sizeof(value));
	return value;
}

static void put(int fd, int64_t key, int64_t value)
{
	CHECK(bpf_map_update_elem(fd, &key, &value, BPF_ANY) == 0);
}

/* -1: no such key. */
static int64_t get(int fd, int64_t key)
{
	int64_t value;

	return bpf_map_lookup_elem(fd, &key, &value) == 0 ? value : -1;
}

/* What every CPU has in an element of a per-CPU array: `words` numbers. */
static void put_slot(const struct tester *tester, int fd, uint32_t element, const uint64_t *value,
		     size_t words)
{
	uint64_t *values = calloc(tester->session->cpus, words * 8);

	for (uint32_t cpu = 0; cpu < tester->session->cpus; cpu++)
		memcpy(values + cpu * words, value, words * 8);
	CHECK(bpf_map_update_elem(fd, &element, values, BPF_ANY) == 0);
	free(values);
}

/* Of CPU 0. */
static uint64_t slot_word(const struct tester *tester, int fd, uint32_t element, size_t words,
			  size_t index)
{
	uint64_t *values = calloc(tester->session->cpus, words * 8), value;

	CHECK(bpf_map_lookup_elem(fd, &element, values) == 0);
	value = values[index];
	free(values);
	return value;
}

static int64_t number(const struct map_rows *rows, size_t row)
{
	int64_t value;

	memcpy(&value, map_rows_value(rows, row), sizeof(value));
	return value;
}

/* Takes the map: the number of rows, and the value of the first. */
static size_t take(const struct tester *tester, int map, bool keep, int64_t *value)
{
	struct map_rows rows;
	size_t count;

	CHECK(map_rows_take(&rows, tester->session, &maps[map], keep) == 0);
	count = rows.count;
	*value = count ? number(&rows, 0) : -1;
	map_rows_free(&rows);
	return count;
}

static void a_turn_swaps_both(void)
{
	struct tester tester;

	if (!setup(&tester))
		return;
	CHECK(generation_in_use(tester.session, &maps[H]) == &stores[H][0]);
	CHECK(generation_at_rest(tester.session, &maps[H]) == &stores[H][1]);
	CHECK(generation_turn(tester.session, &maps[H]) == 0);
	CHECK(word(&tester, WORD_H) == 1 && word(&tester, WORD_S) == 0);
	CHECK(generation_in_use(tester.session, &maps[H]) == &stores[H][1]);
	CHECK(generation_at_rest(tester.session, &maps[H]) == &stores[H][0]);
	CHECK(generation_settle(tester.session, &maps[H]) == 0);
	CHECK(generation_turn(tester.session, &maps[H]) == 0);
	CHECK(word(&tester, WORD_H) == 0);
	CHECK(generation_in_use(tester.session, &maps[H]) == &stores[H][0]);
	/* Another number than a program or the loader writes counts as the second. */
	tester.fixture.bss[WORD_H + 5] = 1;
	CHECK(generation_in_use(tester.session, &maps[H]) == &stores[H][1]);
	CHECK(generation_turn(tester.session, &maps[H]) == 0 && word(&tester, WORD_H) == 0);
	teardown(&tester);
}

static void without_memory_nothing_turns(void)
{
	struct tester tester;

	if (!setup(&tester))
		return;
	tester.fixture.session.bss = NULL;
	CHECK(generation_turn(tester.session, &maps[H]) == -EINVAL);
	CHECK(generation_in_use(tester.session, &maps[H]) == &stores[H][0]);
	tester.fixture.session.bss = tester.fixture.bss;
	generations_free(&tester.fixture.session);
	CHECK(generation_turn(tester.session, &maps[H]) == -EINVAL);
	CHECK(generation_settle(tester.session, &maps[H]) == -EINVAL);
	CHECK(!generation_is_left(tester.session, &maps[H]));
	fixture_free(&tester.fixture);
}

/* Nothing is emptied of a map that programs could not be sent out of. */
static void a_map_that_cannot_be_left_stays_as_it_is(void)
{
	struct tester tester;
	struct map_rows rows;

	if (!setup(&tester))
		return;
	put(tester.first, 1, 10);
	put(tester.second, 2, 20);
	tester.fixture.session.bss = NULL;
	CHECK(map_zero(tester.session, &maps[H]) == -EINVAL);
	CHECK(map_rows_take(&rows, tester.session, &maps[H], false) == -EINVAL);
	map_rows_free(&rows);
	CHECK(map_clear(tester.session, &maps[H]) == -EINVAL);
	CHECK(get(tester.first, 1) == 10);
	tester.fixture.session.bss = tester.fixture.bss;
	teardown(&tester);
}

static void a_map_is_taken_from_the_old_one(void)
{
	struct tester tester;
	int64_t value;

	if (!setup(&tester))
		return;
	put(tester.first, 1, 10);
	CHECK(take(&tester, H, false, &value) == 1 && value == 10);
	CHECK(word(&tester, WORD_H) == 1);
	CHECK(get(tester.first, 1) == -1);
	/* What programs count now is in the other one, and in the next print. */
	put(tester.second, 1, 20);
	CHECK(take(&tester, H, false, &value) == 1 && value == 20);
	CHECK(get(tester.second, 1) == -1 && word(&tester, WORD_H) == 0);
	CHECK(take(&tester, H, false, &value) == 0);

	put_slot(&tester, tester.slots, 0, (uint64_t[]){7, 1}, 2);
	CHECK(take(&tester, S, false, &value) == 1);
	CHECK(value == 7 * (int64_t)tester.session->cpus);
	CHECK(slot_word(&tester, tester.slots, 0, 2, 0) == 0);
	CHECK(slot_word(&tester, tester.slots, 0, 2, 1) == 0);
	CHECK(take(&tester, S, false, &value) == 0);

	memcpy(tester.fixture.bss + V, &(int64_t){-3}, 8);
	tester.fixture.bss[V_PRESENT] = 1;
	CHECK(take(&tester, VARIABLE, false, &value) == 1 && value == -3);
	CHECK(word(&tester, V) == 0 && word(&tester, V_PRESENT) == 0);
	CHECK(take(&tester, VARIABLE, false, &value) == 0);
	teardown(&tester);
}

static void slots_of_a_series_are_taken_from_all_elements(void)
{
	struct tester tester;
	/* {interval + 1, value} */
	const uint64_t last[] = {3, 50, 0, 0};
	int64_t value;

	if (!setup(&tester))
		return;
	put_slot(&tester, tester.series, 1, last, 4);
	CHECK(take(&tester, T, false, &value) == 1);
	CHECK(word(&tester, WORD_T) == 1);
	CHECK(slot_word(&tester, tester.series, 1, 4, 0) == 0);
	put_slot(&tester, tester.series, 3, last, 4);
	CHECK(take(&tester, T, false, &value) == 1);
	CHECK(slot_word(&tester, tester.series, 3, 4, 0) == 0);
	CHECK(take(&tester, T, false, &value) == 0);
	CHECK(word(&tester, WORD_T) == 1);
	put_slot(&tester, tester.series, 3, last, 4);
	/* Those of the generation in use alone. */
	CHECK(map_clear(tester.session, &maps[T]) == 0);
	CHECK(slot_word(&tester, tester.series, 3, 4, 0) == 3);
	put_slot(&tester, tester.series, 0, last, 4);
	CHECK(take(&tester, T, false, &value) == 1);
	CHECK(slot_word(&tester, tester.series, 3, 4, 0) == 0);
	CHECK(slot_word(&tester, tester.series, 0, 4, 0) == 0);
	teardown(&tester);
}

static void what_a_clear_left_goes_before_the_next_turn(void)
{
	struct tester tester;
	struct map_rows rows;
	int64_t value;

	if (!setup(&tester))
		return;
	put(tester.first, 1, 10);
	CHECK(map_clear(tester.session, &maps[H]) == 0);
	CHECK(generation_is_left(tester.session, &maps[H]));
	CHECK(!generation_is_left(tester.session, &maps[S]));
	CHECK(map_rows_read(&rows, tester.session, &maps[H]) == 0 && rows.count == 0);
	map_rows_free(&rows);
	/* A program that was still in the old one. */
	put(tester.first, 2, 11);
	put(tester.second, 3, 12);
	CHECK(take(&tester, H, false, &value) == 1 && value == 12);
	CHECK(get(tester.first, 1) == -1 && get(tester.first, 2) == -1);
	CHECK(!generation_is_left(tester.session, &maps[H]));
	CHECK(take(&tester, H, false, &value) == 0);
	teardown(&tester);
}

static void zero_keeps_keys_in_the_one_that_comes(void)
{
	struct tester tester;
	int64_t value;

	if (!setup(&tester))
		return;
	put(tester.first, 1, 10);
	CHECK(map_zero(tester.session, &maps[H]) == 0);
	CHECK(get(tester.second, 1) == 0 && get(tester.first, 1) == -1);
	put(tester.second, 1, 5);
	CHECK(take(&tester, H, true, &value) == 1 && value == 5);
	CHECK(get(tester.first, 1) == 0 && get(tester.second, 1) == -1);

	put_slot(&tester, tester.slots, 0, (uint64_t[]){7, 1}, 2);
	CHECK(map_zero(tester.session, &maps[S]) == 0);
	CHECK(slot_word(&tester, tester.slots, 0, 2, 1) == 0);
	CHECK(slot_word(&tester, tester.slots, 1, 2, 0) == 0);
	CHECK(slot_word(&tester, tester.slots, 1, 2, 1) == 1);
	CHECK(take(&tester, S, true, &value) == 1 && value == 0);

	memcpy(tester.fixture.bss + V, &(int64_t){-3}, 8);
	tester.fixture.bss[V_PRESENT] = 1;
	CHECK(map_zero(tester.session, &maps[VARIABLE]) == 0);
	CHECK(word(&tester, V_NEXT) == 0 && word(&tester, V_NEXT_PRESENT) == 1);
	CHECK(word(&tester, V) == 0 && word(&tester, V_PRESENT) == 0);
	teardown(&tester);
}

static void a_full_map_is_set_to_zero(void)
{
	struct tester tester;
	int64_t value;

	if (!setup(&tester))
		return;
	for (int64_t key = 0; key < 4; key++)
		put(tester.first, key, 1);
	CHECK(take(&tester, H, true, &value) == 4 && value == 1);
	for (int64_t key = 0; key < 4; key++)
		CHECK(get(tester.second, key) == 0);
	/* Keys of programs leave no room for one that would be zero. */
	for (int64_t key = 4; key < 8; key++)
		put(tester.first, key, 1);
	CHECK(map_zero(tester.session, &maps[H]) == 0);
	CHECK(get(tester.first, 4) == 1 && get(tester.first, 0) == -1);
	teardown(&tester);
}

/* Sends events that were all in the ring when the first was handled. */
static void send(struct output *output, const struct mf_event *events, uint32_t number_of)
{
	static uint64_t position;
	uint64_t end = position + number_of;

	for (uint32_t i = 0; i < number_of; i++) {
		output_moment(output, ++position, end);
		CHECK(output_event(output, &events[i], "\0\0\0\0\0\0\0", 8) == 0);
	}
	output_moment(output, UINT64_MAX, end);
}

static void what_was_asked_at_once_is_done_in_order(void)
{
	struct tester tester;
	char path[] = "/tmp/bpfload-test-XXXXXX";
	struct strbuf text = {0};
	struct output *output;
	int fd = mkstemp(path);
#define EVENT(what, and)                                                                  \
	{                                                                                 \
		.kind = what, .size = 8, .map = &maps[H], .control = MF_NONE, .then = and \
	}
	const struct mf_event zero_then_clear[] = {EVENT(MF_EVENT_ZERO, MF_THEN_NOTHING),
						   EVENT(MF_EVENT_CLEAR, MF_THEN_NOTHING)};
	const struct mf_event prints[] = {EVENT(MF_EVENT_PRINT_MAP, MF_THEN_CLEAR),
					  EVENT(MF_EVENT_PRINT_MAP, MF_THEN_CLEAR)};
	const struct mf_event zeroed[] = {EVENT(MF_EVENT_PRINT_MAP, MF_THEN_ZERO),
					  EVENT(MF_EVENT_PRINT_MAP, MF_THEN_CLEAR),
					  EVENT(MF_EVENT_PRINT_MAP, MF_THEN_ZERO)};

	if (!CHECK(fd >= 0) || !setup(&tester))
		return;
	tester.fixture.options.output = path;
	if (!CHECK(output_open(&output, &tester.fixture.session, &failure) == 0))
		return;
	put(tester.first, 1, 10);
	send(output, zero_then_clear, 2);
	CHECK(output_all_maps(output) == 0);
	output_close(output);
	CHECK(output_open(&output, &tester.fixture.session, &failure) == 0);
	strbuf_reserve(&text, 4096);
	text.length = (size_t)read(fd, text.data, 4096);
	CHECK_TEXT(&text, "");

	put(word(&tester, WORD_H) ? tester.second : tester.first, 1, 11);
	send(output, prints, 2);
	/* The second had been sent before the first emptied the map: one turn, one print. */
	put(word(&tester, WORD_H) ? tester.second : tester.first, 1, 12);
	send(output, zeroed, 3);
	CHECK(output_all_maps(output) == 0);
	CHECK(output_flush(output) == 0);
	lseek(fd, 0, SEEK_SET);
	text.length = (size_t)read(fd, text.data, 4096);
	CHECK_TEXT(&text, "@h[1]: 11\n@h[1]: 12\n@h[1]: 0\n");
	CHECK(output_close(output) == 0);
	close(fd);
	unlink(path);
	strbuf_free(&text);
	teardown(&tester);
}

int main(void)
{
	a_turn_swaps_both();
	without_memory_nothing_turns();
	a_map_that_cannot_be_left_stays_as_it_is();
	a_map_is_taken_from_the_old_one();
	slots_of_a_series_are_taken_from_all_elements();
	what_a_clear_left_goes_before_the_next_turn();
	zero_keeps_keys_in_the_one_that_comes();
	a_full_map_is_set_to_zero();
	what_was_asked_at_once_is_done_in_order();
	return check_result("generations");
}
