#include "run/events.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/memory.h"
#include "base/say.h"
#include "output/renderer.h"

/* A turn ends after so many records, or so much time, so that signals are seen during a storm, and
 * while records come faster than maps are printed. */
#define TURN 16384
#define TURN_NS 50000000
/* The tick of the scheduler is exact enough, and costs next to nothing. */
#define TURN_CLOCK CLOCK_MONOTONIC_COARSE
/* The clock is looked at that often; most records take less time than that. */
#define LOOK_EVERY 8
/* Room is given back to the programs that often within a turn. */
#define RELEASE_EVERY 64

#define EVENT_HEADER 8

int events_open(struct events *events, const struct session *session, struct output *output,
		struct failure *failure)
{
	int fd = session_map_fd(session, MF_MAP_EVENTS);

	memset(events, 0, sizeof(*events));
	events->session = session;
	events->output = output;
	events->wanted = session->options->max_events;
	events->lost_fd = session_map_fd(session, MF_MAP_LOST);
	events->cpu_counts = memory_array(session->cpus, sizeof(*events->cpu_counts));
	events->counts = memory_array(session->manifest->event_count, sizeof(*events->counts));
	if (fd < 0)
		return STATUS_OK;
	if (ring_open(&events->ring, fd, session_map_max_entries(session, MF_MAP_EVENTS)) != 0)
		return fail(failure, STATUS_FAILED, "Cannot map the ring buffer: %s.",
			    strerror(errno));
	events->has_ring = true;
	return packets_open(&events->packets, session, failure);
}

void events_resume(struct events *events)
{
	events->exited = false;
}

void events_close(struct events *events)
{
	packets_close(&events->packets);
	ring_close(&events->ring);
	free(events->cpu_counts);
	free(events->counts);
	memset(events, 0, sizeof(*events));
}

static void note_exit(struct events *events, int code)
{
	events->exited = true;
	events->exit_code = code;
}

static void note_warning(struct events *events, const struct mf_event *event, const uint8_t *record)
{
	struct event_count *count = &events->counts[event->index];

	count->told++;
	if (event->helper)
		count->code = warning_code(event, record);
}

/* For --max-events. */
static void count_shown(struct events *events, const struct mf_event *event)
{
	if (events->wanted && mf_event_shows(event->kind) && --events->wanted == 0)
		note_exit(events, 0);
}

void events_handle(struct events *events, const uint8_t *record, size_t size)
{
	const struct manifest *manifest = events->session->manifest;
	const struct mf_event *event;
	uint32_t index;

	if (size < EVENT_HEADER)
		return;
	memcpy(&index, record, sizeof(index));
	/* Programs of a checked object write whole records; another writer to the map is not
	 * believed. */
	if (index >= manifest->event_count || size < manifest->events[index].size)
		return;
	event = &manifest->events[index];
	/* Those of processes are the loader's own. */
	events->handled += event->kind != MF_EVENT_PROCESS;
	if (event->kind == MF_EVENT_WARNING)
		note_warning(events, event, record);
	if (event->kind == MF_EVENT_EXIT)
		note_exit(events, record[event->fields[0].offset]);
	else if (output_event(events->output, event, record, event->size) != 0)
		events->broken = true;
	else
		count_shown(events, event);
}

/* A word in .bss that programs share. */
static uint64_t *shared_word(const struct events *events, uint32_t offset)
{
	return (uint64_t *)(void *)(events->session->bss + offset);
}

static bool is_marked(const struct events *events, const struct mf_event *event)
{
	return event->control != MF_NONE && events->session->bss &&
	       __atomic_load_n(shared_word(events, event->control), __ATOMIC_RELAXED) != 0;
}

static bool any_mark(const struct events *events)
{
	const struct manifest *manifest = events->session->manifest;

	for (uint32_t i = 0; i < manifest->event_count; i++)
		if (is_marked(events, &manifest->events[i]))
			return true;
	return false;
}

static void take_marks(struct events *events)
{
	const struct manifest *manifest = events->session->manifest;

	for (uint32_t i = 0; i < manifest->event_count; i++) {
		const struct mf_event *event = &manifest->events[i];
		uint64_t mark;

		if (events->broken || events->exited)
			return;
		if (!is_marked(events, event))
			continue;
		mark = __atomic_exchange_n(shared_word(events, event->control), 0,
					   __ATOMIC_ACQ_REL);
		if (event->kind == MF_EVENT_EXIT)
			note_exit(events, (int)((mark - 1) & 0xff));
		else if (output_lost_control(events->output, event) != 0)
			events->broken = true;
		else
			count_shown(events, event);
		/* Clearing twice is clearing; printing is not. */
		if (event->kind == MF_EVENT_PRINT_MAP || event->kind == MF_EVENT_TIME)
			events->counts[i].merged += mark - 1;
	}
}

/*
 * Control events that found the ring full left a mark, 1 + argument. It counts after the records
 * that were in the ring when it was seen, and not later, even if the ring never runs empty. True
 * when marks were taken.
 */
static bool handle_marks(struct events *events)
{
	if (!events->mark_seen) {
		if (!any_mark(events))
			return false;
		events->mark_seen = true;
		events->mark_position = ring_end(&events->ring);
	}
	if (events->ring.position < events->mark_position)
		return false;
	events->mark_seen = false;
	take_marks(events);
	return true;
}

static bool may_go_on(const struct events *events)
{
	return !events->exited && !events->broken && !output_is_stopped(events->output);
}

/* True when there were some. */
static bool drain_packets(struct events *events)
{
	int result = packets_drain(&events->packets);

	if (result < 0)
		events->broken = true;
	return result > 0;
}

/* Whether what was done may have taken long by itself: a map has any number of rows, a command and
 * a file what they have. */
static bool is_long(const struct events *events, const void *record)
{
	uint32_t index;

	memcpy(&index, record, sizeof(index));
	if (index >= events->session->manifest->event_count)
		return false;
	switch (events->session->manifest->events[index].kind) {
	case MF_EVENT_PRINT_MAP:
	case MF_EVENT_CAT:
	case MF_EVENT_SYSTEM:
		return true;
	default:
		return false;
	}
}

enum drain_result events_drain(struct events *events)
{
	enum drain_result result = DRAIN_EMPTY;
	const void *record;
	uint32_t count = 0;
	uint64_t begun;
	bool is_slow;
	size_t size;

	if (!events->has_ring)
		return DRAIN_EMPTY;
	begun = clock_ns(TURN_CLOCK);
	if (drain_packets(events))
		result = DRAIN_SOME;
	/* Nobody reads the output, and a signal came: nothing more until it could be written. */
	if (output_is_stopped(events->output) && output_flush(events->output) != 0)
		events->broken = true;
	while (may_go_on(events) && (record = ring_next(&events->ring, &size))) {
		output_moment(events->output, events->ring.position, ring_end(&events->ring));
		is_slow = is_long(events, record);
		events_handle(events, record, size);
		result = DRAIN_SOME;
		if (++count % RELEASE_EVERY == 0)
			ring_release(&events->ring);
		if (count == TURN || ((is_slow || count % LOOK_EVERY == 0) &&
				      clock_ns(TURN_CLOCK) - begun > TURN_NS)) {
			result = DRAIN_MORE;
			break;
		}
	}
	ring_release(&events->ring);
	if (events->ring.error && !events->broken) {
		say_error("Cannot map the ring buffer: %s.", strerror(events->ring.error));
		events->broken = true;
	}
	output_moment(events->output, UINT64_MAX, ring_end(&events->ring));
	if (may_go_on(events) && handle_marks(events) && result == DRAIN_EMPTY)
		result = DRAIN_SOME;
	if (result != DRAIN_EMPTY && output_idle(events->output) != 0)
		events->broken = true;
	return result;
}

void events_discard(struct events *events)
{
	const struct manifest *manifest = events->session->manifest;

	if (!events->has_ring)
		return;
	/* What was caught before the signal is wanted. */
	drain_packets(events);
	ring_discard(&events->ring);
	events->mark_seen = false;
	for (uint32_t i = 0; i < manifest->event_count; i++)
		if (manifest->events[i].control != MF_NONE && events->session->bss)
			__atomic_store_n(shared_word(events, manifest->events[i].control), 0,
					 __ATOMIC_RELEASE);
}

/* What programs counted of an event, on all CPUs. */
static uint64_t counted(const struct events *events, uint32_t index)
{
	uint64_t total = 0;

	if (events->lost_fd < 0 ||
	    bpf_map_lookup_elem(events->lost_fd, &index, events->cpu_counts) != 0)
		return 0;
	for (uint32_t cpu = 0; cpu < events->session->cpus; cpu++)
		total += events->cpu_counts[cpu];
	return total;
}

/* Lost records of an event: what a user would have seen. */
static uint64_t lost_of(const struct events *events, uint32_t index)
{
	const struct mf_event *event = &events->session->manifest->events[index];

	/* Their marks were acted on, but for those that came before the last was. */
	if (event->control != MF_NONE)
		return events->counts[index].merged;
	if (event->kind == MF_EVENT_WARNING || event->kind == MF_EVENT_PROCESS)
		return 0;
	return counted(events, index);
}

/* Room for the losses of all events. */
static struct loss *new_losses(const struct events *events)
{
	return memory_array(events->session->manifest->event_count, sizeof(struct loss));
}

void events_check_lost(struct events *events)
{
	const struct manifest *manifest = events->session->manifest;
	struct loss *losses = new_losses(events);
	uint32_t count = 0;

	for (uint32_t i = 0; i < manifest->event_count; i++) {
		uint64_t lost = lost_of(events, i);

		if (lost > events->counts[i].lost)
			losses[count++] =
				(struct loss){&manifest->events[i], lost - events->counts[i].lost};
		events->counts[i].lost = lost;
	}
	if (count)
		output_lost(events->output, losses, count);
	free(losses);
}

uint32_t events_losses(const struct events *events, struct loss *losses)
{
	const struct manifest *manifest = events->session->manifest;
	uint32_t count = 0;

	for (uint32_t i = 0; i < manifest->event_count; i++) {
		const struct mf_event *event = &manifest->events[i];

		if (event->kind == MF_EVENT_PROCESS || event->kind == MF_EVENT_EXIT)
			continue;
		losses[count++] =
			(struct loss){event, event->kind == MF_EVENT_WARNING ? counted(events, i)
									     : lost_of(events, i)};
	}
	return count;
}

void events_tell_totals(struct events *events)
{
	const struct manifest *manifest = events->session->manifest;
	struct loss *losses = new_losses(events);
	uint32_t count = 0;

	for (uint32_t i = 0; i < manifest->event_count; i++) {
		const struct mf_event *event = &manifest->events[i];
		const struct event_count *known = &events->counts[i];

		if (known->lost)
			losses[count++] = (struct loss){event, known->lost};
		if (event->kind == MF_EVENT_WARNING && counted(events, i) > known->told)
			output_repeated(events->output, event, known->code,
					counted(events, i) - known->told);
	}
	output_lost_total(events->output, losses, count);
	free(losses);
}

void events_ask_for_wakeup(struct events *events)
{
	uint32_t offset = events->session->manifest->globals.sleeping;

	if (offset != MF_NONE && events->session->bss)
		__atomic_store_n(shared_word(events, offset), 1, __ATOMIC_SEQ_CST);
}

bool events_waiting_for_wakeup(const struct events *events)
{
	uint32_t offset = events->session->manifest->globals.sleeping;

	/* Without the variable it is the kernel that wakes the reader (bpf_ringbuf_commit). */
	return offset == MF_NONE || !events->session->bss ||
	       __atomic_load_n(shared_word(events, offset), __ATOMIC_SEQ_CST) != 0;
}
