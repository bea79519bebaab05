/* What maps are as metrics. */
#include <stdlib.h>
#include <string.h>

#include "object/manifest_read.h"

/* Far above what anybody names; a name stands in each line of a metric. */
#define MAX_NAME 200
#define MAX_HELP 1000
#define MAX_LABELS 64

uint32_t mf_key_parts(const struct mf_type *key)
{
	if (!key)
		return 0;
	return key->kind == MF_TUPLE || key->kind == MF_RECORD ? key->field_count : 1;
}

const struct mf_type *mf_key_part(const struct mf_type *key, uint32_t index)
{
	return key->kind == MF_TUPLE || key->kind == MF_RECORD ? key->fields[index].type : key;
}

bool mf_is_metric_of(const struct mf_type *value, enum mf_metric_type type)
{
	switch (value->kind) {
	case MF_INT:
	case MF_COUNT:
	case MF_SUM:
		return type == MF_METRIC_COUNTER || type == MF_METRIC_GAUGE;
	case MF_MIN:
	case MF_MAX:
		return type == MF_METRIC_GAUGE;
	case MF_AVG:
	case MF_STATS:
		return type == MF_METRIC_SUMMARY || type == MF_METRIC_GAUGE;
	case MF_HIST:
	case MF_LHIST:
		return type == MF_METRIC_HISTOGRAM;
	default:
		return false;
	}
}

bool mf_is_metric(const struct mf_type *value)
{
	return mf_is_metric_of(value, MF_METRIC_GAUGE) ||
	       mf_is_metric_of(value, MF_METRIC_HISTOGRAM);
}

bool mf_is_metric_name(const char *name, bool is_label)
{
	size_t length = strspn(name, is_label ? "abcdefghijklmnopqrstuvwxyz"
						"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
					      : "abcdefghijklmnopqrstuvwxyz"
						"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");

	if (!length || length > MAX_NAME || name[length] || (*name >= '0' && *name <= '9'))
		return false;
	/* The format's own, and what it keeps for itself. */
	return !is_label || (strncmp(name, "__", 2) != 0 && strcmp(name, "le") != 0 &&
			     strcmp(name, "quantile") != 0);
}

static void check_labels(struct manifest_reader *reader, const struct mf_metric *metric)
{
	for (uint32_t i = 0; i < metric->label_count && !reader->failure->status; i++) {
		if (!mf_is_metric_name(metric->labels[i], true))
			manifest_wrong(reader, "the label of a metric has no name that can be");
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(metric->labels[i], metric->labels[j]) == 0)
				manifest_wrong(reader, "a label of a metric is there twice");
	}
}

/* The labels that names of containers are, none of which the script may have. */
static const char *const container_labels[] = {"container", "container_id", "pod",
					       "pod_uid",   "namespace",    "unit"};

static bool is_cgroup(const struct mf_type *type)
{
	return type->kind == MF_INT && type->size == 8;
}

static void check_cgroup(struct manifest_reader *reader, const struct mf_metric *metric,
			 const struct mf_type *key)
{
	if (metric->cgroup == MF_NONE || reader->failure->status)
		return;
	if (metric->cgroup >= metric->label_count || !is_cgroup(mf_key_part(key, metric->cgroup))) {
		manifest_wrong(reader, "the cgroup of a metric is no such part of its key");
		return;
	}
	for (uint32_t i = 0; i < metric->label_count; i++)
		for (size_t j = 0; j < COUNT_OF(container_labels); j++)
			if (strcmp(metric->labels[i], container_labels[j]) == 0)
				manifest_wrong(reader, "a label of a metric is there twice");
}

/* A number that may be negative, or `otherwise` where it is absent. */
static int64_t bound_or(struct manifest_reader *reader, const struct json *json, const char *name,
			int64_t otherwise)
{
	return json_member(json, name) ? manifest_signed(reader, json, name) : otherwise;
}

const struct mf_metric *manifest_metric(struct manifest_reader *reader, const struct json *json,
					const struct mf_map *map)
{
	static const char *const types[] = {[MF_METRIC_COUNTER] = "counter",
					    [MF_METRIC_GAUGE] = "gauge",
					    [MF_METRIC_SUMMARY] = "summary",
					    [MF_METRIC_HISTOGRAM] = "histogram"};
	struct mf_metric *metric = manifest_memory(reader, 1, sizeof(*metric));

	metric->name = manifest_text(reader, json, "name");
	metric->type =
		(enum mf_metric_type)manifest_choice(reader, json, "type", types, COUNT_OF(types));
	metric->help = manifest_text_or_null(reader, json, "help");
	metric->unit = manifest_text_or_null(reader, json, "unit");
	metric->factor = manifest_number_or(reader, json, "factor", UINT64_C(1) << 40, 1);
	metric->decimals = (uint32_t)manifest_number_or(reader, json, "decimals", 18, 0);
	metric->least = bound_or(reader, json, "least", INT64_MIN);
	metric->most = bound_or(reader, json, "most", INT64_MAX);
	metric->cgroup = (uint32_t)manifest_number_or(reader, json, "cgroup", MAX_LABELS, MF_NONE);
	metric->labels = manifest_list(reader, json, "labels", sizeof(*metric->labels),
				       manifest_text_item, &metric->label_count);
	if (reader->failure->status)
		return NULL;
	if (!mf_is_metric_name(metric->name, false) ||
	    (metric->unit && !mf_is_metric_name(metric->unit, true)))
		manifest_wrong(reader, "a metric has no name that can be");
	else if (metric->help && strlen(metric->help) > MAX_HELP)
		manifest_wrong(reader, "the help of a metric is too long");
	else if (metric->label_count != mf_key_parts(map->key) || metric->label_count > MAX_LABELS)
		manifest_wrong(reader, "the labels of a metric are not the parts of its key");
	else if (!mf_is_metric_of(map->value, metric->type) || !metric->factor)
		manifest_wrong(reader, "a metric is of another type than its values");
	else
		check_labels(reader, metric);
	check_cgroup(reader, metric, map->key);
	return metric;
}

bool manifest_names_containers(const struct manifest *manifest)
{
	for (uint32_t i = 0; i < manifest->map_count; i++)
		if (manifest->maps[i].metric && manifest->maps[i].metric->cgroup != MF_NONE)
			return true;
	return false;
}
