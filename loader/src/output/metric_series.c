#include "output/metric_series.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/containers.h"
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

static void put_text(struct strbuf *labels, const char *name, const char *text)
{
	if (text && *text)
		metric_label(labels, name, text, strlen(text));
}

/* A cgroup's path in place of its id, where it is known, and the names of what runs in it. */
static void put_container(struct strbuf *labels, const struct container *container,
			  const char *name)
{
	metric_label(labels, name, container->path, strlen(container->path));
	put_text(labels, "container", container->name);
	put_text(labels, "container_id", container->named.id);
	put_text(labels, "pod", container->pod);
	put_text(labels, "pod_uid", container->named.pod);
	put_text(labels, "namespace", container->name_space);
	put_text(labels, "unit", container->named.unit);
}

/* Where a part of a key stands, and its type. */
struct part {
	const struct mf_type *type;
	const uint8_t *data;
	/* Of a part that is not stored as it is shown. */
	uint8_t room[8];
};

static void find_part(struct part *part, const struct mf_type *key, const uint8_t *data,
		      uint32_t index)
{
	part->type = mf_key_part(key, index);
	part->data =
		part->type == key ? data : value_of_field(&key->fields[index], data, part->room);
}

static const struct container *find_container(const struct metric_table *table,
					      const struct part *part)
{
	const struct container *container =
		containers_find(table->containers, value_number(part->type, part->data));

	return container && container->path ? container : NULL;
}

static void put_labels(struct strbuf *labels, struct strbuf *scratch,
		       const struct value_context *context, const struct metric_table *table,
		       const struct mf_type *key, const uint8_t *data)
{
	const struct mf_metric *metric = table->metric;

	for (uint32_t i = 0; i < mf_key_parts(key) && i < metric->label_count; i++) {
		const struct container *container = NULL;
		struct part part;

		find_part(&part, key, data, i);
		if (table->containers && i == metric->cgroup && part.type->kind == MF_INT)
			container = find_container(table, &part);
		if (container)
			put_container(labels, container, metric->labels[i]);
		else
			put_label(labels, scratch, context, metric->labels[i], part.type,
				  part.data);
	}
}

/* The cgroups of all rows, at once. */
static void learn_containers(const struct metric_table *table, const struct map_rows *rows)
{
	uint64_t *ids = memory_array(rows->count + 1, sizeof(*ids));
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct mf_type *key = map_rows_key_type(rows, i);
		struct part part;

		/* Keys of another store may be of other types. */
		if (table->metric->cgroup >= mf_key_parts(key))
			continue;
		find_part(&part, key, map_rows_key(rows, i), table->metric->cgroup);
		if (part.type->kind == MF_INT)
			ids[count++] = value_number(part.type, part.data);
	}
	containers_learn(table->containers, ids, count);
	free(ids);
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
	if (table->containers)
		learn_containers(table, rows);
	entries->list = memory_array(rows->count + 1, sizeof(*entries->list));
	for (size_t i = 0; i < rows->count; i++) {
		strbuf_clear(&labels);
		put_labels(&labels, &scratch, context, table, map_rows_key_type(rows, i),
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
