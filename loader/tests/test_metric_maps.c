/* Maps as metrics: what each is called, what it has, and what stays of what the script removes. */
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/failure.h"
#include "check.h"
#include "fixture.h"
#include "output/map_rows.h"
#include "output/metrics.h"
#include "output/value.h"

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
static const struct mf_type count = {.kind = MF_COUNT, .size = 8};
static const struct mf_type sum = {.kind = MF_SUM, .size = 8, .is_signed = true};
static const struct mf_type least = {.kind = MF_MIN, .size = 16, .is_signed = true};
static const struct mf_type average = {.kind = MF_AVG, .size = 16};
static const struct mf_type linear = {
	.kind = MF_LHIST, .size = 8 * 4, .buckets = 4, .min = 0, .max = 20, .step = 10};
static const struct mf_type powers = {.kind = MF_HIST, .size = 8 * 249, .buckets = 249, .bits = 2};

struct tester {
	struct fixture fixture;
	struct metrics *metrics;
	struct value_context context;
	struct strbuf text;
};

static struct failure failure;

static int setup(struct tester *tester, const struct mf_map *maps, uint32_t map_count,
		 uint32_t most)
{
	tester->fixture.manifest.maps = (struct mf_map *)maps;
	tester->fixture.manifest.map_count = map_count;
	tester->fixture.manifest.script = "my-tool.v2.bt";
	tester->fixture.manifest.producer = "bpfscript";
	tester->context = (struct value_context){.session = &tester->fixture.session,
						 .manifest = &tester->fixture.manifest,
						 .stacks = -1};
	tester->text = (struct strbuf){0};
	failure_clear(&failure);
	return metrics_open(&tester->metrics, &tester->fixture.session, most, &failure);
}

static void teardown(struct tester *tester)
{
	metrics_close(tester->metrics);
	strbuf_free(&tester->text);
	fixture_free(&tester->fixture);
}

/* The samples of maps: comments and what the loader says of itself are left out. */
static void expect_form(struct tester *tester, enum metric_form form, const char *expected)
{
	struct own_figures own = {0};
	struct strbuf lines = {0};
	char *copy, *at, *line;

	strbuf_clear(&tester->text);
	CHECK(metrics_put(tester->metrics, &tester->context, &own, form, &tester->text) == 0);
	strbuf_put(&tester->text, "", 1);
	copy = strdup(tester->text.data);
	for (at = copy; (line = strsep(&at, "\n"));)
		if (*line && *line != '#' && strncmp(line, "bpfload", 7) != 0) {
			strbuf_text(&lines, line);
			strbuf_char(&lines, '\n');
		}
	CHECK_TEXT(&lines, expected);
	free(copy);
	strbuf_free(&lines);
}

static void expect(struct tester *tester, const char *expected)
{
	expect_form(tester, METRICS_OPEN, expected);
}

/* Whether a line stands in the last text. */
static bool says(const struct tester *tester, const char *line)
{
	for (const char *at = tester->text.data; (at = strstr(at, line)); at++)
		if ((at == tester->text.data || at[-1] == '\n'))
			return true;
	return false;
}

static void put(int fd, const void *key, const void *value)
{
	CHECK(bpf_map_update_elem(fd, key, value, BPF_ANY) == 0);
}

static void put_number(int fd, int64_t key, int64_t value)
{
	put(fd, &key, &value);
}

static void remove_key(int fd, int64_t key)
{
	CHECK(bpf_map_delete_elem(fd, &key) == 0);
}

/* As the script removes what its map has. */
static void keep(struct tester *tester, const struct mf_map *map)
{
	struct map_rows rows;

	CHECK(map_rows_take(&rows, &tester->fixture.session, map, false) == 0);
	metrics_keep(tester->metrics, &tester->context, &rows);
	map_rows_free(&rows);
}

static const struct mf_store numbers = {
	.kind = MF_STORE_HASH, .map = "numbers", .key_size = 8, .value_size = 8, .key = &int64};

/* @n[int64] = count() */
static const struct mf_map counts = {
	.name = "@n", .key = &int64, .value = &count, .stores = &numbers, .store_count = 1};

static void counters_go_on(void)
{
	const struct mf_map maps[] = {counts};
	struct tester tester;
	int fd;

	fixture_init(&tester.fixture);
	fd = fixture_map(&tester.fixture, "numbers", BPF_MAP_TYPE_HASH, 8, 8, 16);
	CHECK(setup(&tester, maps, 1, 100) == STATUS_OK && metrics_has(tester.metrics, &maps[0]));
	CHECK(!metrics_has(NULL, &maps[0]));
	expect(&tester, "");
	put_number(fd, 2, 20);
	put_number(fd, 1, 10);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"1\"} 10\n"
			"bpf_my_tool_v2_n_total{key=\"2\"} 20\n");
	/* Reading does not add to what is there. */
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"1\"} 10\n"
			"bpf_my_tool_v2_n_total{key=\"2\"} 20\n");
	CHECK(says(&tester, "# TYPE bpf_my_tool_v2_n counter\n"));
	CHECK(says(&tester, "# HELP bpf_my_tool_v2_n Map @n of my-tool.v2.bt.\n"));
	keep(&tester, &maps[0]);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"1\"} 10\n"
			"bpf_my_tool_v2_n_total{key=\"2\"} 20\n");
	put_number(fd, 2, 5);
	put_number(fd, 3, 1);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"1\"} 10\n"
			"bpf_my_tool_v2_n_total{key=\"2\"} 25\n"
			"bpf_my_tool_v2_n_total{key=\"3\"} 1\n");
	keep(&tester, &maps[0]);
	put_number(fd, 2, 3);
	keep(&tester, &maps[0]);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"1\"} 10\n"
			"bpf_my_tool_v2_n_total{key=\"2\"} 28\n"
			"bpf_my_tool_v2_n_total{key=\"3\"} 1\n");
	/* What the script deletes by key, and was never kept, is there no more. */
	put_number(fd, 4, 9);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"1\"} 10\n"
			"bpf_my_tool_v2_n_total{key=\"2\"} 28\n"
			"bpf_my_tool_v2_n_total{key=\"3\"} 1\n"
			"bpf_my_tool_v2_n_total{key=\"4\"} 9\n");
	remove_key(fd, 4);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"1\"} 10\n"
			"bpf_my_tool_v2_n_total{key=\"2\"} 28\n"
			"bpf_my_tool_v2_n_total{key=\"3\"} 1\n");
	teardown(&tester);
}

/* Series that there are stay when others come that have no room. */
static void no_more_than_asked_for(void)
{
	const struct mf_map maps[] = {counts};
	struct tester tester;
	int fd;

	fixture_init(&tester.fixture);
	fd = fixture_map(&tester.fixture, "numbers", BPF_MAP_TYPE_HASH, 8, 8, 16);
	CHECK(setup(&tester, maps, 1, 2) == STATUS_OK);
	put_number(fd, 7, 70);
	put_number(fd, 5, 50);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"5\"} 50\n"
			"bpf_my_tool_v2_n_total{key=\"7\"} 70\n");
	put_number(fd, 1, 10);
	put_number(fd, 6, 60);
	put_number(fd, 8, 80);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"5\"} 50\n"
			"bpf_my_tool_v2_n_total{key=\"7\"} 70\n");
	CHECK(says(&tester,
		   "bpfload_metric_series_left_out{script=\"my-tool.v2.bt\",map=\"@n\"} 3\n"));
	remove_key(fd, 5);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"1\"} 10\n"
			"bpf_my_tool_v2_n_total{key=\"7\"} 70\n");
	CHECK(says(&tester,
		   "bpfload_metric_series_left_out{script=\"my-tool.v2.bt\",map=\"@n\"} 2\n"));
	/* What was kept has its room for good. */
	keep(&tester, &maps[0]);
	put_number(fd, 5, 1);
	expect(&tester, "bpf_my_tool_v2_n_total{key=\"1\"} 10\n"
			"bpf_my_tool_v2_n_total{key=\"7\"} 70\n");
	CHECK(says(&tester,
		   "bpfload_metric_series_left_out{script=\"my-tool.v2.bt\",map=\"@n\"} 1\n"));
	teardown(&tester);
}

/* A gauge shows what its map held when it was last emptied. */
static void gauges_show_the_last_interval(void)
{
	const struct mf_map maps[] = {
		{.name = "@", .key = &int64, .value = &sum, .stores = &numbers, .store_count = 1}};
	struct tester tester;
	int fd;

	fixture_init(&tester.fixture);
	fd = fixture_map(&tester.fixture, "numbers", BPF_MAP_TYPE_HASH, 8, 8, 16);
	CHECK(setup(&tester, maps, 1, 100) == STATUS_OK);
	put_number(fd, 1, -10);
	put_number(fd, 2, 7);
	expect(&tester, "bpf_my_tool_v2{key=\"1\"} -10\nbpf_my_tool_v2{key=\"2\"} 7\n");
	keep(&tester, &maps[0]);
	put_number(fd, 1, 4);
	expect(&tester, "bpf_my_tool_v2{key=\"1\"} -10\nbpf_my_tool_v2{key=\"2\"} 7\n");
	keep(&tester, &maps[0]);
	expect(&tester, "bpf_my_tool_v2{key=\"1\"} 4\n");
	teardown(&tester);
}

#define AVERAGE 0
#define LEAST 32
#define LAST 64

static const struct mf_store scalars[] = {
	{.kind = MF_STORE_GLOBAL, .value_size = 16, .offset = AVERAGE, .present = AVERAGE + 24},
	{.kind = MF_STORE_GLOBAL, .value_size = 16, .offset = LEAST, .present = LEAST + 24},
	{.kind = MF_STORE_GLOBAL, .value_size = 8, .offset = LAST, .present = LAST + 24},
};

static void scalars_that_were_never_written(void)
{
	const struct mf_metric named = {.name = "tool_seconds",
					.type = MF_METRIC_SUMMARY,
					.help = "How long.",
					.unit = "seconds",
					.factor = 1,
					.decimals = 9,
					.cgroup = MF_NONE};
	const struct mf_metric gauge = {
		.name = "tool_least", .type = MF_METRIC_GAUGE, .factor = 1000, .cgroup = MF_NONE};
	const struct mf_metric counter = {
		.name = "tool_last", .type = MF_METRIC_COUNTER, .factor = 1, .cgroup = MF_NONE};
	const struct mf_map maps[] = {
		{.name = "@a",
		 .value = &average,
		 .stores = &scalars[0],
		 .store_count = 1,
		 .metric = &named},
		{.name = "@m",
		 .value = &least,
		 .stores = &scalars[1],
		 .store_count = 1,
		 .metric = &gauge},
		{.name = "@l",
		 .value = &int64,
		 .stores = &scalars[2],
		 .store_count = 1,
		 .metric = &counter},
		/* Where the script names some the others are none. */
		{.name = "@x", .value = &int64, .stores = &scalars[2], .store_count = 1},
	};
	const int64_t values[] = {1500000000, 4}, lowest[] = {-3, 1}, yes = 1;
	int64_t last = 12;
	struct tester tester;

	fixture_init(&tester.fixture);
	CHECK(setup(&tester, maps, 4, 100) == STATUS_OK && !metrics_has(tester.metrics, &maps[3]));
	/* Zero where zero says so: not as the least of nothing. */
	expect(&tester, "tool_seconds_count 0\ntool_seconds_sum 0\ntool_last_total 0\n");
	CHECK(says(&tester, "# HELP tool_seconds How long.\n"));
	CHECK(says(&tester, "# UNIT tool_seconds seconds\n"));
	CHECK(says(&tester, "# TYPE tool_seconds summary\n"));
	memcpy(tester.fixture.bss + AVERAGE, values, sizeof(values));
	memcpy(tester.fixture.bss + AVERAGE + 24, &yes, 8);
	memcpy(tester.fixture.bss + LEAST, lowest, sizeof(lowest));
	memcpy(tester.fixture.bss + LEAST + 24, &yes, 8);
	memcpy(tester.fixture.bss + LAST, &last, 8);
	memcpy(tester.fixture.bss + LAST + 24, &yes, 8);
	expect(&tester, "tool_seconds_count 4\ntool_seconds_sum 1.5\ntool_least -3000\n"
			"tool_last_total 12\n");
	/* Below zero there is no counter. */
	last = -1;
	memcpy(tester.fixture.bss + LAST, &last, 8);
	expect(&tester, "tool_seconds_count 4\ntool_seconds_sum 1.5\ntool_least -3000\n");
	teardown(&tester);
}

static void histograms(void)
{
	const struct mf_store stores[] = {{.kind = MF_STORE_HASH,
					   .map = "l",
					   .key_size = 8,
					   .value_size = 32,
					   .key = &string8},
					  {.kind = MF_STORE_HASH,
					   .map = "p",
					   .key_size = 8,
					   .value_size = 8 * 249,
					   .key = &string8}};
	const struct mf_metric shown = {.name = "powers",
					.type = MF_METRIC_HISTOGRAM,
					.factor = 1,
					.least = 1,
					.most = 15,
					.labels = (const char *const[]){"who"},
					.label_count = 1,
					.cgroup = MF_NONE};
	struct mf_map maps[] = {{.name = "@l",
				 .key = &string8,
				 .value = &linear,
				 .stores = &stores[0],
				 .store_count = 1},
				{.name = "@p",
				 .key = &string8,
				 .value = &powers,
				 .stores = &stores[1],
				 .store_count = 1}};
	uint64_t buckets[249] = {2, 3, 0, 4};
	struct tester tester;
	int lists, large;

	fixture_init(&tester.fixture);
	lists = fixture_map(&tester.fixture, "l", BPF_MAP_TYPE_HASH, 8, 32, 16);
	large = fixture_map(&tester.fixture, "p", BPF_MAP_TYPE_HASH, 8, 8 * 249, 16);
	CHECK(setup(&tester, maps, 1, 100) == STATUS_OK);
	put(lists, "some\0\0\0", buckets);
	expect(&tester, "bpf_my_tool_v2_l_bucket{key=\"some\",le=\"-1.0\"} 2\n"
			"bpf_my_tool_v2_l_bucket{key=\"some\",le=\"9.0\"} 5\n"
			"bpf_my_tool_v2_l_bucket{key=\"some\",le=\"19.0\"} 5\n"
			"bpf_my_tool_v2_l_bucket{key=\"some\",le=\"+Inf\"} 9\n");
	expect_form(&tester, METRICS_CLASSIC,
		    "bpf_my_tool_v2_l_bucket{key=\"some\",le=\"-1.0\"} 2\n"
		    "bpf_my_tool_v2_l_bucket{key=\"some\",le=\"9.0\"} 5\n"
		    "bpf_my_tool_v2_l_bucket{key=\"some\",le=\"19.0\"} 5\n"
		    "bpf_my_tool_v2_l_bucket{key=\"some\",le=\"+Inf\"} 9\n"
		    "bpf_my_tool_v2_l_sum{key=\"some\"} NaN\n"
		    "bpf_my_tool_v2_l_count{key=\"some\"} 9\n");
	/* Removed and counted again: both are in each bucket. */
	keep(&tester, &maps[0]);
	put(lists, "some\0\0\0", buckets);
	expect(&tester, "bpf_my_tool_v2_l_bucket{key=\"some\",le=\"-1.0\"} 4\n"
			"bpf_my_tool_v2_l_bucket{key=\"some\",le=\"9.0\"} 10\n"
			"bpf_my_tool_v2_l_bucket{key=\"some\",le=\"19.0\"} 10\n"
			"bpf_my_tool_v2_l_bucket{key=\"some\",le=\"+Inf\"} 18\n");
	metrics_close(tester.metrics);
	strbuf_free(&tester.text);
	/* With sub-buckets powers of two alone are bounds, within those that are asked for. */
	maps[1].metric = &shown;
	for (int i = 0; i < 30; i++)
		buckets[i] = 1;
	put(large, "\"x\"\0\0\0\0", buckets);
	CHECK(setup(&tester, maps + 1, 1, 100) == STATUS_OK);
	expect(&tester, "powers_bucket{who=\"\\\"x\\\"\",le=\"3.0\"} 5\n"
			"powers_bucket{who=\"\\\"x\\\"\",le=\"7.0\"} 9\n"
			"powers_bucket{who=\"\\\"x\\\"\",le=\"15.0\"} 13\n"
			"powers_bucket{who=\"\\\"x\\\"\",le=\"+Inf\"} 30\n");
	teardown(&tester);
}

static void refused(const char *left, const char *right, const char *text)
{
	const struct mf_metric metrics[] = {
		{.name = left, .factor = 1, .cgroup = MF_NONE},
		{.name = right, .type = MF_METRIC_GAUGE, .factor = 1, .cgroup = MF_NONE}};
	const struct mf_map maps[] = {{.name = "@a",
				       .value = &int64,
				       .stores = &scalars[2],
				       .store_count = 1,
				       .metric = &metrics[0]},
				      {.name = "@b",
				       .value = &int64,
				       .stores = &scalars[2],
				       .store_count = 1,
				       .metric = &metrics[1]}};
	struct tester tester;
	int status;

	fixture_init(&tester.fixture);
	status = setup(&tester, maps, 2, 100);
	if (text)
		CHECK(status == STATUS_OBJECT && strcmp(failure.text, text) == 0);
	else
		CHECK(status == STATUS_OK);
	teardown(&tester);
}

static void names_that_cannot_be_told_apart(void)
{
	refused("same", "same",
		"the metrics of @a and @b are same and same, which cannot be told apart.");
	refused("one_total", "one",
		"the metrics of @b and @a are one and one_total, which cannot be told apart.");
	refused("one", "one_info",
		"the metrics of @a and @b are one and one_info, which cannot be told apart.");
	refused("one", "one_more", NULL);
	refused("on", "one", NULL);
	refused("x", "bpfload_x", "the metric bpfload_x has a name of bpfload's own.");
	refused("bpfloa", "b", NULL);
}

/* What stacks, texts and records with names are by default. */
static void labels_of_keys(void)
{
	static const struct mf_type uint32 = {.kind = MF_INT, .size = 4};
	const struct mf_field fields[] = {{.offset = 0, .type = &int64, .name = "pid"},
					  {.offset = 8, .type = &string8, .name = "__x"}};
	const struct mf_type record = {
		.kind = MF_RECORD, .size = 16, .fields = fields, .field_count = 2};
	const struct mf_type tuple = {
		.kind = MF_TUPLE, .size = 16, .fields = fields, .field_count = 2};
	const struct mf_type stack = {.kind = MF_STACK, .size = 8};
	const struct mf_store stores[] = {{.kind = MF_STORE_HASH,
					   .map = "r",
					   .key_size = 16,
					   .value_size = 8,
					   .key = &record},
					  {.kind = MF_STORE_HASH,
					   .map = "t",
					   .key_size = 16,
					   .value_size = 8,
					   .key = &tuple}};
	const struct mf_map maps[] = {
		{.name = "@r",
		 .key = &record,
		 .value = &count,
		 .stores = &stores[0],
		 .store_count = 1},
		{.name = "@t",
		 .key = &tuple,
		 .value = &count,
		 .stores = &stores[1],
		 .store_count = 1},
		{.name = "@s",
		 .key = &stack,
		 .value = &count,
		 .stores = &stores[1],
		 .store_count = 1},
		{.name = "@text", .value = &string8, .stores = &scalars[2], .store_count = 1},
		{.name = "@u", .value = &uint32, .stores = &scalars[2], .store_count = 1},
	};
	const struct {
		int64_t pid;
		char name[8];
	} key = {-7, "a,b"};
	uint64_t one = 1;
	struct tester tester;
	int records, tuples;

	fixture_init(&tester.fixture);
	records = fixture_map(&tester.fixture, "r", BPF_MAP_TYPE_HASH, 16, 8, 16);
	tuples = fixture_map(&tester.fixture, "t", BPF_MAP_TYPE_HASH, 16, 8, 16);
	CHECK(setup(&tester, maps, 5, 100) == STATUS_OK);
	/* Stacks are no labels, and texts no numbers. */
	CHECK(!metrics_has(tester.metrics, &maps[2]) && !metrics_has(tester.metrics, &maps[3]));
	put(records, &key, &one);
	put(tuples, &key, &one);
	expect(&tester, "bpf_my_tool_v2_r_total{pid=\"-7\",key_2=\"a,b\"} 1\n"
			"bpf_my_tool_v2_t_total{key_1=\"-7\",key_2=\"a,b\"} 1\n"
			"bpf_my_tool_v2_u 0\n");
	teardown(&tester);
}

int main(void)
{
	counters_go_on();
	no_more_than_asked_for();
	gauges_show_the_last_interval();
	scalars_that_were_never_written();
	histograms();
	names_that_cannot_be_told_apart();
	labels_of_keys();
	failure_clear(&failure);
	return check_result("metric_maps");
}
