#include "output/own_metrics.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/memory.h"

#define NANOSECONDS 9

static void begin_labels(struct strbuf *labels, const struct manifest *manifest)
{
	strbuf_clear(labels);
	metric_label(labels, "script", manifest->script, strlen(manifest->script));
}

static void put_info(const struct metric_text *text, const struct manifest *manifest,
		     struct strbuf *labels)
{
	static const struct metric_number one = {.magnitude = 1};
	struct utsname host;

	metric_family(text, "bpfload", METRIC_INFO, NULL, "What traces, and what it runs.");
	begin_labels(labels, manifest);
	metric_label(labels, "version", BPFLOAD_VERSION, strlen(BPFLOAD_VERSION));
	metric_label(labels, "producer", manifest->producer, strlen(manifest->producer));
	if (uname(&host) == 0)
		metric_label(labels, "kernel", host.release, strlen(host.release));
	metric_sample(text, "bpfload", "_info", labels->data, labels->length, &one);
}

static void put_time(const struct metric_text *text, const struct manifest *manifest,
		     struct strbuf *labels, const char *name, bool is_counter, uint64_t ns,
		     const char *help)
{
	struct metric_number number = {.magnitude = ns, .decimals = NANOSECONDS};

	metric_family(text, name, is_counter ? METRIC_COUNTER : METRIC_GAUGE, "seconds", help);
	begin_labels(labels, manifest);
	metric_sample(text, name, is_counter ? "_total" : "", labels->data, labels->length,
		      &number);
}

/* Probes in the order of their names: several of one name are one series. */
struct named_probe {
	const char *name;
	uint64_t first, second;
};

static int by_name(const void *left, const void *right)
{
	const struct named_probe *a = left, *b = right;

	return strcmp(a->name, b->name);
}

/* Probes of one name become one: both numbers are added. */
static uint32_t merge_probes(struct named_probe *probes, uint32_t count)
{
	uint32_t kept = 0;

	qsort(probes, count, sizeof(*probes), by_name);
	for (uint32_t i = 0; i < count; i++) {
		if (kept && strcmp(probes[kept - 1].name, probes[i].name) == 0) {
			probes[kept - 1].first += probes[i].first;
			probes[kept - 1].second += probes[i].second;
		} else {
			probes[kept++] = probes[i];
		}
	}
	return kept;
}

static void put_probe(const struct metric_text *text, const struct manifest *manifest,
		      struct strbuf *labels, const char *family, const char *suffix,
		      const char *probe, const struct metric_number *number)
{
	begin_labels(labels, manifest);
	metric_label(labels, "probe", probe, strlen(probe));
	metric_sample(text, family, suffix, labels->data, labels->length, number);
}

static bool is_own(const struct mf_probe *probe)
{
	return probe->provider == MF_BEGIN || probe->provider == MF_END ||
	       probe->provider == MF_SELF || probe->provider == MF_TEST ||
	       probe->provider == MF_BENCH;
}

static void put_attached(const struct metric_text *text, const struct manifest *manifest,
			 struct strbuf *labels, const bool *attached)
{
	struct named_probe *probes = memory_array(manifest->probe_count + 1u, sizeof(*probes));
	uint32_t count = 0;

	for (uint32_t i = 0; i < manifest->probe_count; i++)
		if (!is_own(&manifest->probes[i]))
			probes[count++] =
				(struct named_probe){manifest->probes[i].name, attached[i], 1};
	count = merge_probes(probes, count);
	metric_family(
		text, "bpfload_probe_attached", METRIC_GAUGE, NULL,
		"1 where the probe is attached; 0 where this host lacks it, or it was detached.");
	for (uint32_t i = 0; i < count; i++) {
		struct metric_number number = {.magnitude = probes[i].first == probes[i].second};

		put_probe(text, manifest, labels, "bpfload_probe_attached", "", probes[i].name,
			  &number);
	}
	free(probes);
}

static void put_cost(const struct metric_text *text, const struct manifest *manifest,
		     struct strbuf *labels, const struct cost_table *cost)
{
	struct named_probe *probes = memory_array(cost->count + 1u, sizeof(*probes));
	uint32_t count;

	for (uint32_t i = 0; i < cost->count; i++)
		probes[i] = (struct named_probe){cost->rows[i].probe, cost->rows[i].events,
						 cost->rows[i].ns};
	count = merge_probes(probes, cost->count);
	metric_family(text, "bpfload_probe_runs", METRIC_COUNTER, NULL,
		      "How often the probe's programs ran.");
	for (uint32_t i = 0; i < count; i++) {
		struct metric_number number = {.magnitude = probes[i].first};

		put_probe(text, manifest, labels, "bpfload_probe_runs", "_total", probes[i].name,
			  &number);
	}
	metric_family(text, "bpfload_probe_run_seconds", METRIC_COUNTER, "seconds",
		      "How long the probe's programs ran, on all CPUs.");
	for (uint32_t i = 0; i < count; i++) {
		struct metric_number number = {.magnitude = probes[i].second,
					       .decimals = NANOSECONDS};

		put_probe(text, manifest, labels, "bpfload_probe_run_seconds", "_total",
			  probes[i].name, &number);
	}
	free(probes);
}

/* What a lost event was: its kind; of warnings what they say. */
static const char *name_of(const struct mf_event *event)
{
	if (event->kind != MF_EVENT_WARNING)
		return mf_event_kind_names[event->kind];
	return event->helper ? event->helper : event->message;
}

/* Events whose names are one are one series. */
static void put_losses(const struct metric_text *text, const struct manifest *manifest,
		       struct strbuf *labels, const struct own_figures *own, bool are_warnings)
{
	struct named_probe *events = memory_array(own->loss_count + 1u, sizeof(*events));
	const char *family = are_warnings ? "bpfload_warnings" : "bpfload_lost_events";
	uint32_t count = 0;

	for (uint32_t i = 0; i < own->loss_count; i++) {
		const struct loss *loss = &own->losses[i];

		if ((loss->event->kind == MF_EVENT_WARNING) == are_warnings)
			events[count++] =
				(struct named_probe){name_of(loss->event), loss->count, 0};
	}
	count = merge_probes(events, count);
	metric_family(
		text, family, METRIC_COUNTER, NULL,
		are_warnings
			? "Warnings of the script's programs: helpers that failed, such as for a full map."
			: "Events that found no room in the ring, by their kind.");
	for (uint32_t i = 0; i < count; i++) {
		struct metric_number number = {.magnitude = events[i].first};

		begin_labels(labels, manifest);
		metric_label(labels, are_warnings ? "warning" : "event", events[i].name,
			     strlen(events[i].name));
		metric_sample(text, family, "_total", labels->data, labels->length, &number);
	}
	free(events);
}

void own_metrics_put(const struct metric_text *text, const struct manifest *manifest,
		     const struct own_figures *own)
{
	struct strbuf labels = {0};

	put_info(text, manifest, &labels);
	put_time(text, manifest, &labels, "bpfload_start_time_seconds", false, own->start,
		 "When tracing began, in seconds since 1970.");
	put_time(text, manifest, &labels, "bpfload_cpu_seconds", true, own->cpu,
		 "CPU time that bpfload itself took.");
	if (own->attached)
		put_attached(text, manifest, &labels, own->attached);
	put_losses(text, manifest, &labels, own, false);
	put_losses(text, manifest, &labels, own, true);
	if (own->cost)
		put_cost(text, manifest, &labels, own->cost);
	strbuf_free(&labels);
}
