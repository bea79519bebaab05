#include "output/metric_series.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "output/metric_text.h"

/* A row with its labels, which stand in one buffer. */
struct entry {
	size_t start, length;
	size_t row;
};

struct entries {
	struct strbuf text;
	struct entry *list;
	size_t count;
};

static void put_label(struct strbuf *labels, struct strbuf *scratch,
		      const struct value_context *context, const char *name,
		      const struct mf_type *type, const uint8_t *data)
{
	strbuf_clear(scratch);
	value_text(scratch, context, type, data);
	metric_label(labels, name, scratch->data, scratch->length);
}

static void put_labels(struct strbuf *labels, struct strbuf *scratch,
		       const struct value_context *context, const struct mf_metric *metric,
		       const struct mf_type *key, const uint8_t *data)
{
	uint8_t room[8];

	if (!key)
		return;
	if (key->kind != MF_TUPLE && key->kind != MF_RECORD) {
		put_label(labels, scratch, context, metric->labels[0], key, data);
		return;
	}
	for (uint32_t i = 0; i < key->field_count && i < metric->label_count; i++)
		put_label(labels, scratch, context, metric->labels[i], key->fields[i].type,
			  value_of_field(&key->fields[i], data, room));
}

static int compare_texts(const char *left, size_t left_length, const char *right,
			 size_t right_length)
{
	size_t shorter = left_length < right_length ? left_length : right_length;
	int order = shorter ? memcmp(left, right, shorter) : 0;

	if (order)
		return order;
	return left_length < right_length ? -1 : left_length > right_length;
}

static int compare_entries(const void *left, const void *right, void *text)
{
	const struct entry *a = left, *b = right;
	const char *data = text;

	return compare_texts(data + a->start, a->length, data + b->start, b->length);
}

static void entries_open(struct entries *entries, const struct metric_table *table,
			 const struct value_context *context, const struct map_rows *rows)
{
	struct strbuf scratch = {0}, labels = {0};

	memset(entries, 0, sizeof(*entries));
	entries->list = memory_array(rows->count + 1, sizeof(*entries->list));
	for (size_t i = 0; i < rows->count; i++) {
		strbuf_clear(&labels);
		put_labels(&labels, &scratch, context, table->metric, map_rows_key_type(rows, i),
			   map_rows_key(rows, i));
		entries->list[entries->count++] =
			(struct entry){entries->text.length, labels.length, i};
		strbuf_put(&entries->text, labels.data, labels.length);
	}
	/* So that it is no null pointer. */
	strbuf_reserve(&entries->text, 1);
	qsort_r(entries->list, entries->count, sizeof(*entries->list), compare_entries,
		entries->text.data);
	strbuf_free(&scratch);
	strbuf_free(&labels);
}

static void entries_close(struct entries *entries)
{
	free(entries->list);
	strbuf_free(&entries->text);
}

/* Two values of a type become one. */
static void add_value(const struct mf_type *type, uint8_t *to, const uint8_t *more)
{
	size_t stride = (type->size + 7u) & ~(size_t)7;
	uint64_t number;
	uint8_t *both;

	if (type->kind == MF_INT) {
		number = value_number(type, to) + value_number(type, more);
		memcpy(to, &number, type->size);
		return;
	}
	both = memory_array(2, stride);
	memcpy(both, to, type->size);
	memcpy(both + stride, more, type->size);
	map_value_combine(to, type, both, stride, 2);
	free(both);
}

static void drop_series(struct metric_series *series)
{
	free(series->labels);
	free(series->now);
	free(series->kept);
}

static void put_value(const struct mf_type *type, uint8_t **to, bool *is_there,
		      const uint8_t *value)
{
	if (!*to)
		*to = memory_zeroed(type->size);
	if (*is_there)
		add_value(type, *to, value);
	else
		memcpy(*to, value, type->size);
	*is_there = true;
}

static int compare_series(const struct metric_series *series, const struct entries *entries,
			  const struct entry *entry)
{
	return compare_texts(series->labels, series->labels_length,
			     entries->text.data + entry->start, entry->length);
}

/* How many of the series that there are stay: those that the rows have, and those with something
 * kept. */
static size_t count_staying(const struct metric_table *table, const struct entries *entries)
{
	size_t staying = 0, at = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct metric_series *series = &table->series[i];

		while (at < entries->count &&
		       compare_series(series, entries, &entries->list[at]) > 0)
			at++;
		staying += series->has_kept ||
			   (at < entries->count &&
			    compare_series(series, entries, &entries->list[at]) == 0);
	}
	return staying;
}

/* Merges the rows into the table, in order; `keeps` says to which of the two values. */
static void merge(struct metric_table *table, const struct value_context *context,
		  const struct map_rows *rows, bool keeps)
{
	const struct mf_type *type = table->map->value;
	struct metric_series *merged;
	size_t count = 0, old = 0, at = 0, staying;
	struct entries entries;

	entries_open(&entries, table, context, rows);
	staying = count_staying(table, &entries);
	merged = memory_array(table->count + entries.count + 1, sizeof(*merged));
	table->left_out = 0;
	while (old < table->count || at < entries.count) {
		const struct entry *entry = &entries.list[at];
		int order = old == table->count ? 1
			    : at == entries.count
				    ? -1
				    : compare_series(&table->series[old], &entries, entry);
		struct metric_series series = {0};

		if (order <= 0)
			series = table->series[old++];
		if (order < 0 && !series.has_kept) {
			drop_series(&series);
			continue;
		}
		if (order < 0) {
			merged[count++] = series;
			continue;
		}
		if (order > 0) {
			/* New, as far as there is room. */
			if (staying >= table->most) {
				table->left_out++;
				for (at++;
				     at < entries.count && compare_entries(entry, &entries.list[at],
									   entries.text.data) == 0;)
					at++;
				continue;
			}
			staying++;
			series.labels =
				memory_text_of(entries.text.data + entry->start, entry->length);
			series.labels_length = entry->length;
		}
		for (; at < entries.count &&
		       compare_entries(entry, &entries.list[at], entries.text.data) == 0;
		     at++) {
			const uint8_t *value = map_rows_value(rows, entries.list[at].row);

			if (keeps)
				put_value(type, &series.kept, &series.has_kept, value);
			else
				put_value(type, &series.now, &series.is_present, value);
		}
		merged[count++] = series;
	}
	free(table->series);
	table->series = merged;
	table->count = count;
	entries_close(&entries);
}

void metric_table_read(struct metric_table *table, const struct value_context *context,
		       const struct map_rows *rows)
{
	for (size_t i = 0; i < table->count; i++)
		table->series[i].is_present = false;
	merge(table, context, rows, false);
}

void metric_table_keep(struct metric_table *table, const struct value_context *context,
		       const struct map_rows *rows, bool replaces)
{
	for (size_t i = 0; i < table->count; i++) {
		table->series[i].is_present = false;
		if (replaces)
			table->series[i].has_kept = false;
	}
	merge(table, context, rows, true);
}

void metric_series_value(const struct metric_table *table, const struct metric_series *series,
			 uint8_t *value)
{
	const struct mf_type *type = table->map->value;

	memset(value, 0, type->size);
	if (series->has_kept)
		memcpy(value, series->kept, type->size);
	if (series->is_present && series->has_kept)
		add_value(type, value, series->now);
	else if (series->is_present)
		memcpy(value, series->now, type->size);
}

void metric_table_free(struct metric_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		drop_series(&table->series[i]);
	free(table->series);
	table->series = NULL;
	table->count = 0;
}
