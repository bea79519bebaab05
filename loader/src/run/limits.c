#include "run/limits.h"

#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/memory.h"
#include "base/say.h"
#include "host/memory_use.h"

/* A process that did next to nothing is no measure of what it was kept from. */
#define LEAST_PROCESS_NS 10000000

/* What the look before last and this one have between them. */
struct span {
	/* The row that took most; of rows that took nothing, the one with most events. */
	uint32_t worst;
	uint64_t worst_ns, worst_events;
	/* Of all probes. */
	uint64_t ns;
	uint64_t elapsed, loader, process;
};

/* CPU time of all threads of the traced process. */
static uint64_t process_time(const struct limits *limits)
{
	const struct options *options = limits->options;
	uint32_t pid = options->pid ? options->pid : limits->session->child_pid;
	clockid_t clock;

	return pid && clock_getcpuclockid((pid_t)pid, &clock) == 0 ? clock_ns(clock) : 0;
}

/* Forgets what was counted before. */
static struct span advance(struct limits *limits)
{
	const struct cost_table *table = &limits->cost->table;
	uint64_t process = process_time(limits);
	struct span span = {0};

	cost_read(limits->cost);
	for (uint32_t i = 0; i < table->count; i++) {
		const struct cost_row *row = &table->rows[i];
		uint64_t ns = row->ns - limits->before[i].ns;
		uint64_t events = row->events - limits->before[i].events;

		limits->before[i] = *row;
		span.ns += ns;
		if (row->detached || ns < span.worst_ns ||
		    (ns == span.worst_ns && events < span.worst_events))
			continue;
		span.worst = i;
		span.worst_ns = ns;
		span.worst_events = events;
	}
	span.elapsed = table->elapsed - limits->elapsed;
	span.loader = table->loader - limits->loader;
	span.process = process > limits->process ? process - limits->process : 0;
	limits->elapsed = table->elapsed;
	limits->loader = table->loader;
	limits->process = process;
	return span;
}

static bool is_above(const struct limits *limits, const struct span *span)
{
	double most = limits->options->max_overhead;

	return cost_percent(span->ns + span->loader, span->elapsed) > most ||
	       (span->process >= LEAST_PROCESS_NS && cost_percent(span->ns, span->process) > most);
}

/* What is above, and the probe that takes most of it: text for free(). */
static char *describe_overhead(const struct limits *limits, const struct span *span)
{
	const struct cost_row *row = &limits->cost->table.rows[span->worst];
	double cpu = cost_percent(span->ns + span->loader, span->elapsed);
	bool of_cpu = cpu > limits->options->max_overhead;

	return memory_format(
		"Tracing takes %.2f %% of %s, more than --max-overhead %g; most of it takes %s: %.2f %%, %" PRIu64
		" events of %" PRIu64 " ns each in a second",
		of_cpu ? cpu : cost_percent(span->ns, span->process),
		of_cpu ? "one CPU" : "the traced process's time", limits->options->max_overhead,
		row->probe, cost_percent(span->worst_ns, of_cpu ? span->elapsed : span->process),
		span->worst_events, span->worst_events ? span->worst_ns / span->worst_events : 0);
}

static bool look_at_overhead(struct limits *limits)
{
	enum on_overhead action = limits->options->on_overhead;
	const struct span span = advance(limits);
	struct cost_row *row = &limits->cost->table.rows[span.worst];
	bool ends = false;
	char *text;

	if (!limits->cost->table.count || !is_above(limits, &span)) {
		limits->overhead_warned = false;
		return false;
	}
	text = describe_overhead(limits, &span);
	if (!limits->overhead_warned) {
		say_warning("%s.", text);
		limits->overhead_warned = true;
	} else if (action == ON_OVERHEAD_END) {
		say_error("%s. Tracing ends.", text);
		ends = true;
	} else if (action == ON_OVERHEAD_DETACH) {
		row->detached = true;
		ends = attach_detach(limits->attachments,
				     limits->cost->probes[span.worst].first->index) == 0;
		if (ends)
			say_error("%s. It is detached, and no probe is left: tracing ends.", text);
		else
			say_warning("%s. It is detached.", text);
		limits->overhead_warned = false;
	}
	free(text);
	return ends;
}

struct memory_sum {
	uint64_t bytes, largest;
	const char *name;
};

static void add_memory(struct memory_sum *sum, uint64_t bytes, const char *name)
{
	sum->bytes += bytes;
	if (bytes <= sum->largest)
		return;
	sum->largest = bytes;
	sum->name = name;
}

static bool is_store(const struct mf_store *stores, uint32_t count, const char *map)
{
	/* A scalar's may be no map. */
	for (uint32_t i = 0; stores && i < count; i++)
		if (stores[i].map && strcmp(stores[i].map, map) == 0)
			return true;
	return false;
}

/* The script's name of a map, or that of what the compiler adds. */
static const char *name_of_map(const struct session *session, const struct bpf_map *map)
{
	const struct manifest *manifest = session->manifest;
	const char *name = bpf_map__name(map);

	for (uint32_t i = 0; i < manifest->map_count; i++) {
		const struct mf_map *known = &manifest->maps[i];

		if (is_store(known->stores, known->store_count, name) ||
		    is_store(known->next, known->store_count, name))
			return known->name;
	}
	return name;
}

static struct memory_sum measure_memory(const struct session *session)
{
	struct memory_sum sum = {0};
	struct bpf_program *program;
	const struct bpf_map *map;

	add_memory(&sum, memory_of_process(), "bpfload itself");
	bpf_object__for_each_map(map, session->object) if (bpf_map__fd(map) >= 0)
		add_memory(&sum, memory_of_descriptor(bpf_map__fd(map)), name_of_map(session, map));
	bpf_object__for_each_program(program, session->object) if (bpf_program__fd(program) >= 0)
		add_memory(&sum, memory_of_descriptor(bpf_program__fd(program)),
			   bpf_program__name(program));
	return sum;
}

/* Text for free(). */
static char *describe_memory(const struct options *options, const struct memory_sum *sum)
{
	return memory_format(
		"Tracing holds %.1f MiB of memory, more than --max-memory %s; most of it takes %s: %.1f MiB",
		(double)sum->bytes / (1 << 20), options->max_memory_text, sum->name,
		(double)sum->largest / (1 << 20));
}

/* Detaching a probe gives no memory back: what is left is to end. */
static bool look_at_memory(struct limits *limits)
{
	const struct memory_sum sum = measure_memory(limits->session);
	bool is_above = sum.bytes > limits->options->max_memory, ends = false;
	char *text;

	if (is_above &&
	    !(limits->memory_warned && limits->options->on_overhead == ON_OVERHEAD_WARN)) {
		text = describe_memory(limits->options, &sum);
		ends = limits->memory_warned;
		if (ends)
			say_error("%s. Tracing ends.", text);
		else
			say_warning("%s.", text);
		free(text);
	}
	limits->memory_warned = is_above;
	return ends;
}

int limits_check_memory(const struct session *session, struct failure *failure)
{
	struct memory_sum sum;
	char *text;

	if (!session->options->max_memory)
		return STATUS_OK;
	sum = measure_memory(session);
	if (sum.bytes <= session->options->max_memory)
		return STATUS_OK;
	text = describe_memory(session->options, &sum);
	fail(failure, STATUS_FAILED, "%s.", text);
	free(text);
	return fail_hint(
		failure,
		"max_map_keys and perf_rb_pages of the script's config make maps and the ring smaller.");
}

void limits_begin(struct limits *limits)
{
	if (!limits->cost)
		return;
	limits->before = memory_array(limits->cost->table.count, sizeof(*limits->before));
	advance(limits);
}

bool limits_look(struct limits *limits)
{
	bool ends = limits->cost && look_at_overhead(limits);

	return ends || (limits->options->max_memory && look_at_memory(limits));
}

void limits_free(struct limits *limits)
{
	free(limits->before);
	limits->before = NULL;
}
