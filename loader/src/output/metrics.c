#include "output/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "host/containers.h"
#include "output/hist.h"
#include "output/metric_series.h"
#include "session/session.h"

/* Bounds of a histogram that are shown: with sub-buckets, powers of two alone. */
#define MOST_BUCKETS 128

struct table {
	struct metric_table series;
	/* A gauge whose map was emptied: it shows what was kept. */
	bool is_settled;
};

struct metrics {
	struct arena arena;
	/* NULL where no metric names any. */
	struct containers *containers;
	const struct session *session;
	struct table *tables;
	uint32_t count;
};

static enum mf_metric_type default_type(const struct mf_type *value)
{
	switch (value->kind) {
	case MF_COUNT:
		return MF_METRIC_COUNTER;
	case MF_SUM:
		return value->is_signed ? MF_METRIC_GAUGE : MF_METRIC_COUNTER;
	case MF_AVG:
	case MF_STATS:
		return value->is_signed ? MF_METRIC_GAUGE : MF_METRIC_SUMMARY;
	case MF_HIST:
	case MF_LHIST:
		return MF_METRIC_HISTOGRAM;
	default:
		return MF_METRIC_GAUGE;
	}
}

/* Letters, digits and _ of a text; others become _. Of a script's name, what stands before the last
 * dot. */
static void put_word(struct strbuf *to, const char *text, size_t length)
{
	for (size_t i = 0; i < length && i < 64; i++) {
		char byte = text[i];
		bool stays = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			     (byte >= '0' && byte <= '9');

		strbuf_char(to, stays ? byte : '_');
	}
}

/* bpf_SCRIPT_MAP, or bpf_SCRIPT for @. */
static const char *default_name(struct metrics *metrics, const struct mf_map *map)
{
	const char *script = metrics->session->manifest->script, *dot = strrchr(script, '.');
	struct strbuf name = {0};
	char *kept;

	strbuf_text(&name, "bpf_");
	put_word(&name, script, dot && dot != script ? (size_t)(dot - script) : strlen(script));
	if (map->name[1]) {
		strbuf_char(&name, '_');
		put_word(&name, map->name + 1, strlen(map->name + 1));
	}
	kept = arena_array(&metrics->arena, name.length + 1, 1);
	memcpy(kept, name.data, name.length);
	strbuf_free(&name);
	return kept;
}

static const char *default_label(struct metrics *metrics, const struct mf_type *key, uint32_t part)
{
	const char *name = key->kind == MF_RECORD ? key->fields[part].name : NULL;
	char *numbered;

	if (name && mf_is_metric_name(name, true))
		return name;
	if (mf_key_parts(key) == 1)
		return "key";
	numbered = arena_array(&metrics->arena, 16, 1);
	snprintf(numbered, 16, "key_%u", part + 1);
	return numbered;
}

static const struct mf_metric *default_metric(struct metrics *metrics, const struct mf_map *map)
{
	struct mf_metric *metric = arena_array(&metrics->arena, 1, sizeof(*metric));
	const char **labels;

	metric->name = default_name(metrics, map);
	metric->type = default_type(map->value);
	metric->factor = 1;
	metric->least = INT64_MIN;
	metric->most = INT64_MAX;
	metric->cgroup = MF_NONE;
	metric->label_count = mf_key_parts(map->key);
	labels = arena_array(&metrics->arena, metric->label_count + 1u, sizeof(*labels));
	for (uint32_t i = 0; i < metric->label_count; i++)
		labels[i] = default_label(metrics, map->key, i);
	metric->labels = labels;
	return metric;
}

static uint32_t bucket_count(const struct mf_type *type)
{
	return type->kind == MF_HIST || type->kind == MF_LHIST ? type->buckets : 0;
}

/* How many buckets become one that is shown. */
static uint32_t bucket_step(const struct mf_type *type)
{
	return type->kind == MF_HIST && type->buckets > MOST_BUCKETS ? 1u << type->bits : 1;
}

/* Lines that one series takes. */
static size_t lines_of(const struct mf_type *value)
{
	switch (value->kind) {
	case MF_HIST:
	case MF_LHIST:
		return bucket_count(value) / bucket_step(value) + 2;
	case MF_AVG:
	case MF_STATS:
		return 2;
	default:
		return 1;
	}
}

static void add_map(struct metrics *metrics, const struct mf_map *map, uint32_t most)
{
	struct table *table = &metrics->tables[metrics->count++];
	size_t series = most / lines_of(map->value);

	table->series.map = map;
	table->series.metric = map->metric ? map->metric : default_metric(metrics, map);
	table->series.most = series ? series : 1;
	table->series.containers =
		table->series.metric->cgroup == MF_NONE ? NULL : metrics->containers;
}

static bool has_stack(const struct mf_type *type)
{
	if (type->kind == MF_STACK)
		return true;
	for (uint32_t i = 0;
	     (type->kind == MF_TUPLE || type->kind == MF_RECORD) && i < type->field_count; i++)
		if (has_stack(type->fields[i].type))
			return true;
	return false;
}

/* Stacks are no labels, unless the script wants it so. */
static bool is_default(const struct mf_map *map)
{
	return mf_is_metric(map->value) && !(map->key && has_stack(map->key));
}

/* Names with what the format puts behind them are those of others, too. */
static bool is_same_family(const struct mf_metric *left, const struct mf_metric *right)
{
	static const char *const suffixes[] = {"",	 "_total", "_created", "_bucket",
					       "_count", "_sum",   "_info"};
	size_t length = strlen(left->name);

	if (strncmp(left->name, right->name, length) != 0)
		return false;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (strcmp(right->name + length, suffixes[i]) == 0)
			return true;
	return false;
}

static int check_names(const struct metrics *metrics, struct failure *failure)
{
	for (uint32_t i = 0; i < metrics->count; i++) {
		const struct metric_table *one = &metrics->tables[i].series;

		if (strncmp(one->metric->name, "bpfload", strlen("bpfload")) == 0)
			return fail(failure, STATUS_OBJECT,
				    "the metric %s has a name of bpfload's own.",
				    one->metric->name);
		for (uint32_t j = 0; j < metrics->count; j++) {
			const struct metric_table *other = &metrics->tables[j].series;

			if (i == j || !is_same_family(one->metric, other->metric))
				continue;
			fail(failure, STATUS_OBJECT,
			     "the metrics of %s and %s are %s and %s, which cannot be told apart.",
			     one->map->name, other->map->name, one->metric->name,
			     other->metric->name);
			return fail_hint(
				failure,
				"Comments of the script can give them names: // bpfscript: metric %s NAME",
				one->map->name);
		}
	}
	return STATUS_OK;
}

int metrics_open(struct metrics **out, const struct session *session, uint32_t most,
		 struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	struct metrics *metrics = memory_zeroed(sizeof(*metrics));
	bool are_named = false;

	*out = metrics;
	metrics->session = session;
	if (manifest_names_containers(manifest))
		metrics->containers = containers_open(NULL);
	metrics->tables = memory_array(manifest->map_count, sizeof(*metrics->tables));
	for (uint32_t i = 0; i < manifest->map_count; i++)
		are_named = are_named || manifest->maps[i].metric;
	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (are_named ? manifest->maps[i].metric != NULL : is_default(&manifest->maps[i]))
			add_map(metrics, &manifest->maps[i], most);
	return check_names(metrics, failure);
}

void metrics_close(struct metrics *metrics)
{
	if (!metrics)
		return;
	for (uint32_t i = 0; i < metrics->count; i++)
		metric_table_free(&metrics->tables[i].series);
	free(metrics->tables);
	containers_close(metrics->containers);
	arena_free(&metrics->arena);
	free(metrics);
}

static struct table *find_table(const struct metrics *metrics, const struct mf_map *map)
{
	for (uint32_t i = 0; metrics && i < metrics->count; i++)
		if (metrics->tables[i].series.map == map)
			return &metrics->tables[i];
	return NULL;
}

bool metrics_has(const struct metrics *metrics, const struct mf_map *map)
{
	return find_table(metrics, map) != NULL;
}

void metrics_keep(struct metrics *metrics, const struct value_context *context,
		  const struct map_rows *rows)
{
	struct table *table = find_table(metrics, rows->map);

	if (!table)
		return;
	table->is_settled = table->series.metric->type == MF_METRIC_GAUGE;
	metric_table_keep(&table->series, context, rows, table->is_settled);
}

static bool is_average(const struct metric_table *table)
{
	enum mf_type_kind kind = table->map->value->kind;

	return table->metric->type == MF_METRIC_GAUGE && (kind == MF_AVG || kind == MF_STATS);
}

/* What was never written counts as zero, where zero says so: not as the least of nothing. */
static bool begins_at_zero(const struct metric_table *table)
{
	switch (table->map->value->kind) {
	case MF_MIN:
	case MF_MAX:
		return false;
	default:
		return !table->map->key && !is_average(table);
	}
}

static int read_table(struct table *table, const struct session *session,
		      const struct value_context *context)
{
	struct map_rows rows;
	int error;

	if (table->is_settled)
		return 0;
	error = map_rows_read(&rows, session, table->series.map);
	if (!error && !rows.count && begins_at_zero(&table->series))
		error = map_rows_add_zero(&rows);
	if (!error)
		metric_table_read(&table->series, context, &rows);
	map_rows_free(&rows);
	return error;
}

static struct metric_number scaled(const struct mf_metric *metric, uint64_t number, bool is_signed)
{
	bool is_negative = is_signed && (int64_t)number < 0;

	return (struct metric_number){
		.magnitude = is_negative ? 0 - number : number,
		.is_negative = is_negative,
		.factor = metric->factor,
		.decimals = metric->decimals,
	};
}

static void put_number(const struct metric_text *text, const struct metric_table *table,
		       const struct metric_series *series, const uint8_t *value)
{
	const struct mf_metric *metric = table->metric;
	const struct mf_type *type = table->map->value;
	struct metric_number number =
		scaled(metric, value_number(type, value), value_is_signed(type));
	bool is_counter = metric->type == MF_METRIC_COUNTER;

	/* A counter counts from zero on: below it there is none. */
	if (!is_counter || !number.is_negative)
		metric_sample(text, metric->name, is_counter ? "_total" : "", series->labels,
			      series->labels_length, &number);
}

static void put_summary(const struct metric_text *text, const struct metric_table *table,
			const struct metric_series *series, const uint8_t *value)
{
	const struct mf_metric *metric = table->metric;
	struct metric_number sum =
		scaled(metric, value_load(value, 8, false), table->map->value->is_signed);
	struct metric_number count = {.magnitude = value_load(value + 8, 8, false)};

	metric_sample(text, metric->name, "_count", series->labels, series->labels_length, &count);
	metric_sample(text, metric->name, "_sum", series->labels, series->labels_length, &sum);
}

static struct hist_bounds bounds_of(const struct mf_type *type, uint32_t index)
{
	return type->kind == MF_HIST ? hist_bounds(index, type->bits)
				     : lhist_bounds(index, type->min, type->max, type->step);
}

/* Buckets are of integers, so the greatest that one counts is a bound that it includes. */
static void put_histogram(const struct metric_text *text, const struct metric_table *table,
			  const struct metric_series *series, const uint8_t *value)
{
	const struct mf_metric *metric = table->metric;
	const struct mf_type *type = table->map->value;
	uint32_t step = bucket_step(type);
	struct metric_number count = {0};

	for (uint32_t i = 0; i < type->buckets; i++) {
		struct hist_bounds bounds = bounds_of(type, i);
		struct metric_number bound = scaled(metric, (uint64_t)bounds.high, true);

		count.magnitude += value_load(value + 8 * (size_t)i, 8, false);
		if (bounds.has_high && i % step == 0 && bounds.high >= metric->least &&
		    bounds.high <= metric->most)
			metric_bucket(text, metric->name, series->labels, series->labels_length,
				      &bound, count.magnitude);
	}
	metric_bucket(text, metric->name, series->labels, series->labels_length, NULL,
		      count.magnitude);
	/* OpenMetrics has no count without a sum, and nobody knows the sum; readers of the older
	 * format take what lacks for zero. */
	if (text->form == METRICS_OPEN)
		return;
	metric_unknown_sum(text, metric->name, series->labels, series->labels_length);
	metric_sample(text, metric->name, "_count", series->labels, series->labels_length, &count);
}

static void put_help(struct strbuf *to, const struct metrics *metrics,
		     const struct metric_table *table)
{
	if (table->metric->help) {
		strbuf_text(to, table->metric->help);
		return;
	}
	strbuf_text(to, "Map ");
	strbuf_text(to, table->map->name);
	strbuf_text(to, " of ");
	strbuf_text(to, metrics->session->manifest->script);
	strbuf_char(to, '.');
}

static void put_table(const struct metric_text *text, const struct metrics *metrics,
		      const struct metric_table *table)
{
	static const enum metric_kind kinds[] = {[MF_METRIC_COUNTER] = METRIC_COUNTER,
						 [MF_METRIC_GAUGE] = METRIC_GAUGE,
						 [MF_METRIC_SUMMARY] = METRIC_SUMMARY,
						 [MF_METRIC_HISTOGRAM] = METRIC_HISTOGRAM};
	uint8_t *value = memory_array(table->map->value->size + 8u, 1);
	struct strbuf help = {0};

	put_help(&help, metrics, table);
	metric_family(text, table->metric->name, kinds[table->metric->type], table->metric->unit,
		      strbuf_c_text(&help));
	strbuf_free(&help);
	for (size_t i = 0; i < table->count; i++) {
		const struct metric_series *series = &table->series[i];

		metric_series_value(table, series, value);
		if (table->metric->type == MF_METRIC_HISTOGRAM)
			put_histogram(text, table, series, value);
		else if (table->metric->type == MF_METRIC_SUMMARY)
			put_summary(text, table, series, value);
		else
			put_number(text, table, series, value);
	}
	free(value);
}

static void put_left_out(const struct metric_text *text, const struct metrics *metrics)
{
	static const char name[] = "bpfload_metric_series_left_out";
	const char *script = metrics->session->manifest->script;
	struct strbuf labels = {0};

	metric_family(text, name, METRIC_GAUGE, NULL,
		      "Series of a map that are not shown, since it has more than --max-series.");
	for (uint32_t i = 0; i < metrics->count; i++) {
		const struct metric_table *table = &metrics->tables[i].series;
		struct metric_number number = {.magnitude = table->left_out};

		strbuf_clear(&labels);
		metric_label(&labels, "script", script, strlen(script));
		metric_label(&labels, "map", table->map->name, strlen(table->map->name));
		metric_sample(text, name, "", labels.data, labels.length, &number);
	}
	strbuf_free(&labels);
}

int metrics_put(struct metrics *metrics, const struct value_context *context,
		const struct own_figures *own, enum metric_form form, struct strbuf *to)
{
	const struct metric_text text = {to, form};

	for (uint32_t i = 0; i < metrics->count; i++) {
		int error = read_table(&metrics->tables[i], metrics->session, context);

		if (error)
			return error;
	}
	for (uint32_t i = 0; i < metrics->count; i++)
		put_table(&text, metrics, &metrics->tables[i].series);
	put_left_out(&text, metrics);
	own_metrics_put(&text, metrics->session->manifest, own);
	metric_end(&text);
	return 0;
}
