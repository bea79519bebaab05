/*
 * What the loader does with the records in the ring: takes them out, sees to exit() itself and
 * gives the others to the output half; and keeps account of records that were lost because the ring
 * was full.
 */
#ifndef BPFLOAD_EVENTS_H
#define BPFLOAD_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "output/output.h"
#include "output/packets.h"
#include "run/ring.h"
#include "session/session.h"

struct loss;

/* What is known of one event of the manifest. */
struct event_count {
	/* Lost records that were told. */
	uint64_t lost;
	/* Control events that shared one mark with another, which was acted on. */
	uint64_t merged;
	/* Warnings that were told, and the helper's result in the last one. */
	uint64_t told;
	int64_t code;
};

struct events {
	const struct session *session;
	struct output *output;
	struct ring ring;
	struct packets packets;
	/* False when the object has no events. */
	bool has_ring;
	/* exit() was called; with that code. */
	bool exited;
	int exit_code;
	/* So many more events are wanted, of --max-events; 0: it does not matter. */
	uint64_t wanted;
	/* So many came. */
	uint64_t handled;
	/* The output can take no more. */
	bool broken;
	/* Marks of lost control events were seen, and count once the reader is past that place. */
	bool mark_seen;
	uint64_t mark_position;
	/* Counters of lost events: the map's descriptor (-1: none). Of warnings it counts all. */
	int lost_fd;
	/* One value for each possible CPU. */
	uint64_t *cpu_counts;
	struct event_count *counts;
};

/* `failure` is kept until events_close, for packets that cannot be written. */
int events_open(struct events *events, const struct session *session, struct output *output,
		struct failure *failure);
void events_close(struct events *events);

enum drain_result {
	/* Nothing was there. */
	DRAIN_EMPTY,
	/* Some records were, and no more are. */
	DRAIN_SOME,
	/* There are more: the call ended to let others have a turn. */
	DRAIN_MORE,
};

/*
 * Handles records until the ring is empty, exit() comes, the output breaks, or a turn is over; then
 * control events whose records were lost; then flushes the output.
 */
enum drain_result events_drain(struct events *events);

/* Handles one record that came by another way than the ring. */
void events_handle(struct events *events, const uint8_t *record, size_t size);

/* Throws away what is queued: after exit() or a signal. */
void events_discard(struct events *events);

/* Says how many events were lost since the last call. */
void events_check_lost(struct events *events);

/*
 * What was lost of each event so far, and how often warnings came: an item for each event of these
 * kinds, also where there was none; `losses` has room for all events. How many there are.
 */
uint32_t events_losses(const struct events *events, struct loss *losses);

/* At the end: what was lost in all, and warnings that came more often than they were told. */
void events_tell_totals(struct events *events);

/* Goes on after exit(), which keeps its code unless another exit() comes: for the end programs. */
void events_resume(struct events *events);

/* Asks programs for a wake-up at the next event; whether the request still stands. */
void events_ask_for_wakeup(struct events *events);
bool events_waiting_for_wakeup(const struct events *events);

#endif
