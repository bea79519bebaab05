/*
 * What the loader does with the records in the ring: takes them out, sees to exit() itself and
 * gives the others to the output half; and keeps account of records that were lost because the ring
 * was full.
 */
#ifndef BPFLOAD_EVENTS_H
#define BPFLOAD_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "output.h"
#include "packets.h"
#include "ring.h"
#include "session.h"

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
	/* The output can take no more. */
	bool broken;
	/* Marks of lost control events were seen, and count once the reader is past that place. */
	bool mark_seen;
	uint64_t mark_position;
	/* Counters of lost events: the map's descriptor (-1: none), and what was told so far. */
	int lost_fd;
	uint64_t lost;
	/* One value for each possible CPU. */
	uint64_t *lost_counts;
};

/* The result is an exit status; the message is already told. */
int events_open(struct events *events, const struct session *session, struct output *output);
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

/* Throws away what is queued: after exit() or a signal. */
void events_discard(struct events *events);

/* Says how many events were lost since the last call. */
void events_check_lost(struct events *events);

/* Goes on after exit(), which keeps its code unless another exit() comes: for the end programs. */
void events_resume(struct events *events);

/* Asks programs for a wake-up at the next event; whether the request still stands. */
void events_ask_for_wakeup(struct events *events);
bool events_waiting_for_wakeup(const struct events *events);

#endif
