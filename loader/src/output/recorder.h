/*
 * Records a session: events and rows as they come, with what the host answers about them. With
 * `prints` they are shown, too. Functions that write give 0, or -1 as those of output.h.
 */
#ifndef BPFLOAD_RECORDER_H
#define BPFLOAD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/questions.h"
#include "recording/recording.h"

struct cost_table;
struct failure;
struct loss;
struct miss;
struct map_rows;
struct output;

struct recorder {
	struct recording recording;
	struct questions questions;
	/* By event, by map: whether anything is to be asked. */
	bool *events, *maps;
	bool prints;
	/* Events since the ring was last empty, or its reader had other things to do. */
	uint32_t together;
};

/* Opens the file that the options name, and writes what the session is. The result is an exit
 * status. */
int recorder_open(struct output *output, struct failure *failure);

/* Nothing waits in the ring, or something took long: what follows happens later. */
void recorder_idle(struct output *output);

/* An event happens now, as exactly as events can be told apart. */
void recorder_event_now(struct output *output);

/* Something happens now: its moment, and the answers that any form wants about an event. */
void recorder_now(struct output *output);
void recorder_ask(struct output *output, const struct mf_event *event, const uint8_t *record);

/* What it was: an event (record NULL: it was lost), a map that is printed by itself, a message. */
int recorder_event(struct output *output, const struct mf_event *event, const uint8_t *record);
int recorder_map(struct output *output, const struct mf_map *map);
int recorder_attached(struct output *output, uint32_t probes);
int recorder_losses(struct output *output, enum part_kind kind, const struct loss *losses,
		    uint32_t count);
int recorder_misses(struct output *output, const struct miss *misses, uint32_t count);
int recorder_repeated(struct output *output, const struct mf_event *event, int64_t code,
		      uint64_t count);
int recorder_cost(struct output *output, const struct cost_table *table);
int recorder_end_of_run(struct output *output);

/* Before the event that they are for: rows that were read, and a text behind `start`. */
int recorder_rows(struct output *output, const struct map_rows *rows);
int recorder_text(struct output *output, const struct strbuf *text, size_t start);

/* Ends and closes it. */
int recorder_close(struct output *output);

#endif
