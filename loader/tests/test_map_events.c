/* Events about maps: what print, clear and zero do to them, in text and as JSON, and what is said
 * where the kernel's map is gone. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/failure.h"
#include "captured.h"
#include "check.h"
#include "fixture.h"
#include "output/internal.h"
#include "output/map_change.h"
#include "output/output.h"

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type uint64 = {.kind = MF_INT, .size = 8};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
static const struct mf_type average = {.kind = MF_AVG, .size = 16, .is_signed = true};
static const struct mf_type stats = {.kind = MF_STATS, .size = 16};
static const struct mf_type hist = {.kind = MF_HIST, .size = 8 * 65, .buckets = 65};
static const struct mf_type lhist = {
	.kind = MF_LHIST, .size = 8 * 4, .buckets = 4, .min = 0, .max = 20, .step = 10};

#define STORE(NAME, SIZE)                                                              \
	{                                                                              \
		.kind = MF_STORE_HASH, .map = NAME, .key_size = 8, .value_size = SIZE, \
		.key = &int64                                                          \
	}
static const struct mf_store stores[] = {
	STORE("n", 8),	 STORE("t", 8),	 STORE("a", 16), STORE("s", 16),
	STORE("h", 520), STORE("l", 32), STORE("u", 8),
};
static const struct mf_store variable = {.kind = MF_STORE_GLOBAL, .value_size = 8, .present = 8};
static struct mf_map maps[] = {
	{.name = "@n", .key = &int64, .value = &int64, .stores = &stores[0], .store_count = 1},
	{.name = "@t", .key = &int64, .value = &string8, .stores = &stores[1], .store_count = 1},
	{.name = "@a", .key = &int64, .value = &average, .stores = &stores[2], .store_count = 1},
	{.name = "@s", .key = &int64, .value = &stats, .stores = &stores[3], .store_count = 1},
	{.name = "@h", .key = &int64, .value = &hist, .stores = &stores[4], .store_count = 1},
	{.name = "@l", .key = &int64, .value = &lhist, .stores = &stores[5], .store_count = 1},
	{.name = "@u", .key = &int64, .value = &uint64, .stores = &stores[6], .store_count = 1},
	{.name = "@v", .value = &int64, .stores = &variable, .store_count = 1},
};
enum { PRINT, TOP, DIVIDED, PARAMETERS, CLEAR, ZERO, THEN_CLEAR, THEN_ZERO, SCALAR };
static const struct mf_event events[] = {
	{.kind = MF_EVENT_PRINT_MAP, .index = PRINT, .size = 8, .map = &maps[0]},
	{.kind = MF_EVENT_PRINT_MAP, .index = TOP, .size = 8, .map = &maps[0], .top = 2},
	{.kind = MF_EVENT_PRINT_MAP, .index = DIVIDED, .size = 8, .map = &maps[0], .div = 10},
	{.kind = MF_EVENT_PRINT_MAP,
	 .index = PARAMETERS,
	 .size = 8,
	 .map = &maps[0],
	 .top_parameter = 1,
	 .div_parameter = 2},
	{.kind = MF_EVENT_CLEAR, .index = CLEAR, .size = 8, .map = &maps[0]},
	{.kind = MF_EVENT_ZERO, .index = ZERO, .size = 8, .map = &maps[0]},
	{.kind = MF_EVENT_PRINT_MAP,
	 .index = THEN_CLEAR,
	 .size = 8,
	 .map = &maps[0],
	 .then = MF_THEN_CLEAR},
	{.kind = MF_EVENT_PRINT_MAP,
	 .index = THEN_ZERO,
	 .size = 8,
	 .map = &maps[0],
	 .then = MF_THEN_ZERO},
	{.kind = MF_EVENT_PRINT_MAP, .index = SCALAR, .size = 8, .map = &maps[7]},
};

struct tester {
	struct fixture fixture;
	struct output *output;
	struct captured out, said;
	struct strbuf text;
};

static void begin(struct tester *tester, enum output_form form)
{
	static const char *parameters[] = {"1", "100"};
	struct fixture *fixture = &tester->fixture;

	*tester = (struct tester){0};
	fixture_init(fixture);
	fixture->manifest.maps = maps;
	fixture->manifest.map_count = sizeof(maps) / sizeof(*maps);
	fixture->manifest.events = events;
	fixture->manifest.event_count = sizeof(events) / sizeof(*events);
	fixture->options.form = form;
	fixture->options.parameters = parameters;
	fixture->options.parameter_count = 2;
	for (size_t i = 0; i < sizeof(stores) / sizeof(*stores); i++)
		CHECK(fixture_map(fixture, stores[i].map, BPF_MAP_TYPE_HASH, 8,
				  stores[i].value_size, 8) >= 0);
	failure_clear(&failure);
	CHECK(output_open(&tester->output, &fixture->session, &failure) == STATUS_OK);
	capture_begin(&tester->said, STDERR_FILENO);
	capture_begin(&tester->out, STDOUT_FILENO);
}

static void end(struct tester *tester, const char *printed, const char *said)
{
	struct strbuf beside = {0};
	int closed = output_close(tester->output);

	capture_end(&tester->out, &tester->text);
	capture_end(&tester->said, &beside);
	CHECK(closed == 0);
	CHECK_TEXT(&tester->text, printed);
	CHECK_TEXT(&beside, said);
	strbuf_free(&beside);
	strbuf_free(&tester->text);
	fixture_free(&tester->fixture);
}

static void put(const struct tester *tester, const char *map, int64_t key, const void *value)
{
	CHECK(bpf_map_update_elem(session_map_fd(&tester->fixture.session, map), &key, value,
				  BPF_ANY) == 0);
}

static void put_numbers(const struct tester *tester)
{
	for (int64_t key = 1; key <= 3; key++)
		put(tester, "n", key, &(int64_t){key * 110});
}

static void happen(struct tester *tester, uint32_t event)
{
	CHECK(output_event(tester->output, &events[event], (const uint32_t[]){0, 0}, 8) == 0);
}

static void prints_and_what_follows(void)
{
	struct tester tester;

	begin(&tester, FORM_TEXT);
	put_numbers(&tester);
	happen(&tester, PRINT);
	happen(&tester, TOP);
	happen(&tester, DIVIDED);
	happen(&tester, PARAMETERS);
	happen(&tester, THEN_ZERO);
	happen(&tester, PRINT);
	put_numbers(&tester);
	happen(&tester, THEN_CLEAR);
	happen(&tester, PRINT);
	put_numbers(&tester);
	happen(&tester, ZERO);
	happen(&tester, PRINT);
	happen(&tester, CLEAR);
	happen(&tester, PRINT);
	/* A scalar that was never written is zero where it is asked for. */
	happen(&tester, SCALAR);
	end(&tester,
	    "@n[1]: 110\n@n[2]: 220\n@n[3]: 330\n"
	    "@n[2]: 220\n@n[3]: 330\n"
	    "@n[1]: 11\n@n[2]: 22\n@n[3]: 33\n"
	    "@n[3]: 3\n"
	    "@n[1]: 110\n@n[2]: 220\n@n[3]: 330\n"
	    "@n[1]: 0\n@n[2]: 0\n@n[3]: 0\n"
	    "@n[1]: 110\n@n[2]: 220\n@n[3]: 330\n"
	    "@n[1]: 0\n@n[2]: 0\n@n[3]: 0\n"
	    "@v: 0\n",
	    "");
}

/* Of more rows than are fetched ahead, each is there. */
static void many_rows(void)
{
	struct strbuf expected = {0};
	struct tester tester;

	begin(&tester, FORM_TEXT);
	for (int64_t key = 1; key <= 8; key++) {
		put(&tester, "n", key, &key);
		strbuf_text(&expected, "@n[");
		strbuf_i64(&expected, key);
		strbuf_text(&expected, "]: ");
		strbuf_i64(&expected, key);
		strbuf_char(&expected, '\n');
	}
	happen(&tester, PRINT);
	end(&tester, strbuf_c_text(&expected), "");
	strbuf_free(&expected);
}

/* Divided are numbers, and averages of statistics; texts are not. */
static void each_kind_is_divided_as_it_is(void)
{
	struct tester tester;
	uint64_t counts[65] = {[3] = 40};

	begin(&tester, FORM_TEXT);
	put(&tester, "t", 1, "text\0\0\0");
	put(&tester, "a", 1, (const uint64_t[]){(uint64_t)-90, 3});
	put(&tester, "s", 1, (const uint64_t[]){90, 3});
	put(&tester, "u", 1, &(uint64_t){UINT64_MAX});
	put(&tester, "h", 1, counts);
	put(&tester, "l", 1, (const uint64_t[]){0, 40, 0, 0});
	for (int i = 1; i < 7; i++)
		CHECK(output_map(tester.output, &maps[i], 0, 10) == 0);
	end(&tester,
	    "@t[1]: text\n"
	    "@a[1]: -3\n"
	    "@s[1]: { .count = 3, .average = 3, .total = 90 }\n"
	    "@h[1]:\n"
	    "[2, 4)                 4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
	    "\n"
	    "@l[1]:\n"
	    "[0, 10)               40 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
	    "\n"
	    "@u[1]: 1844674407370955161\n",
	    "");
}

static void each_kind_has_its_message(void)
{
	struct tester tester;
	uint64_t counts[65] = {[3] = 40};

	begin(&tester, FORM_JSON);
	put(&tester, "t", 1, "te\"t\0\0\0");
	put(&tester, "a", 1, (const uint64_t[]){(uint64_t)-90, 3});
	put(&tester, "s", 1, (const uint64_t[]){90, 3});
	put(&tester, "h", 1, counts);
	put(&tester, "l", 1, (const uint64_t[]){0, 40, 0, 0});
	put_numbers(&tester);
	for (int i = 0; i < 6; i++)
		CHECK(output_map(tester.output, &maps[i], 0, 10) == 0);
	CHECK(output_map(tester.output, &maps[7], 0, 1) == 0);
	end(&tester,
	    "{\"type\": \"map\", \"data\": {\"@n\": {\"1\": 11, \"2\": 22, \"3\": 33}}}\n"
	    "{\"type\": \"map\", \"data\": {\"@t\": {\"1\": \"te\\\"t\"}}}\n"
	    "{\"type\": \"stats\", \"data\": {\"@a\": {\"1\": -3}}}\n"
	    "{\"type\": \"stats\", \"data\": {\"@s\": {\"1\": {\"count\": 3, \"average\": 3, "
	    "\"total\": 90}}}}\n"
	    "{\"type\": \"hist\", \"data\": {\"@h\": {\"1\": [{\"min\": 2, \"max\": 3, \"count\": "
	    "4}]}}}\n"
	    "{\"type\": \"hist\", \"data\": {\"@l\": {\"1\": [{\"min\": 0, \"max\": 9, \"count\": "
	    "40}]}}}\n"
	    "{\"type\": \"map\", \"data\": {\"@v\": 0}}\n",
	    "");
}

/* Tracing goes on. */
static void a_map_that_is_gone(void)
{
	struct tester tester;

	begin(&tester, FORM_TEXT);
	tester.fixture.maps[0].name = "gone";
	happen(&tester, PRINT);
	happen(&tester, CLEAR);
	happen(&tester, ZERO);
	happen(&tester, THEN_CLEAR);
	happen(&tester, SCALAR);
	end(&tester, "@v: 0\n",
	    "ERROR: cannot read map @n: Bad file descriptor\n"
	    "ERROR: cannot clear map @n: Bad file descriptor\n"
	    "ERROR: cannot set map @n to zero: Bad file descriptor\n"
	    "ERROR: cannot read map @n: Bad file descriptor\n");
}

/* Whatever its elements are kept in. */
static void each_store_tells_that_it_is_gone(void)
{
	static const enum mf_store_kind kinds[] = {MF_STORE_HASH, MF_STORE_PERCPU_HASH,
						   MF_STORE_PERCPU_SLOT, MF_STORE_PERCPU_SLOTS};
	const struct mf_type count = {.kind = MF_COUNT, .size = 8};
	struct fixture fixture;

	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct mf_store store = {.kind = kinds[i],
					       .map = "gone",
					       .key_size = 8,
					       .value_size = 16,
					       .present = 8,
					       .entries = 2,
					       .key = &int64};
		const struct mf_map map = {
			.name = "@", .value = &count, .stores = &store, .store_count = 1};

		CHECK(map_clear(&fixture.session, &map) < 0 &&
		      map_zero(&fixture.session, &map) < 0);
	}
	fixture_free(&fixture);
}

int main(void)
{
	prints_and_what_follows();
	many_rows();
	each_kind_is_divided_as_it_is();
	each_kind_has_its_message();
	a_map_that_is_gone();
	each_store_tells_that_it_is_gone();
	failure_clear(&failure);
	return check_result("map events");
}
