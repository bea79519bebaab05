/*
 * What the loader does with events and maps: text or JSON on standard output or a file. Opened once
 * a session's maps are there. Functions that write give 0, or -1 once the output can take no more
 * (a full disk, a closed pipe): the failure of output_open then says why, and the caller ends
 * tracing.
 */
#ifndef BPFLOAD_OUTPUT_H
#define BPFLOAD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/manifest.h"
#include "output/metric_text.h"

struct cost_table;
struct failure;
struct loss;
struct miss;
struct options;
struct output;
struct own_figures;
struct replay;
struct strbuf;
struct session;

/*
 * Validates what the manifest's checks leave to the output half (formats against their fields),
 * opens -o, and sets *out. `failure` is kept until output_close, for what cannot be written.
 */
int output_open(struct output **out, struct session *session, struct failure *failure);

/* The same for what a recording holds (replay.h): `session` has the object's manifest, and nothing
 * of a kernel. */
int output_open_replay(struct output **out, struct session *session, struct replay *replay,
		       struct failure *failure);

/*
 * Handles one event of any kind but exit (also process, clear and zero). `record` points into the
 * ring or a copy; at least event->size bytes, which `size` is.
 */
int output_event(struct output *output, const struct mf_event *event, const void *record,
		 size_t size);

/*
 * Before events are handled: up to where the ring was written when the next one was sent, and is
 * now. UINT64_MAX: it does not come from the ring.
 */
void output_moment(struct output *output, uint64_t sent, uint64_t now);

/*
 * The same for a control event whose record was lost (the ring was full) but whose mark was found:
 * print-map, clear, zero, time. There is no record, because these have no fields.
 */
int output_lost_control(struct output *output, const struct mf_event *event);

/* What the helper of a warning gave. */
int64_t warning_code(const struct mf_event *event, const uint8_t *record);

/* Prints a map; top 0: all entries, div 0 or 1: undivided. */
int output_map(struct output *output, const struct mf_map *map, uint32_t top, uint32_t div);

/* The same as part of a dump: all entries, and nothing of a map that has none. */
int output_dump_map(struct output *output, const struct mf_map *map);

/* All maps in byte order of their names (SIGUSR1, and the final dump). */
int output_all_maps(struct output *output);

/* The end of a run: two empty lines, then the maps if the script's config says so. */
int output_finish(struct output *output);

/* The former alone. */
int output_end_of_run(struct output *output);

/* Tracing begins: so many probes are attached. */
int output_attached(struct output *output, uint32_t probes);

/* Events that were lost since the last call; and in all, at the end. None: nothing is said. */
int output_lost(struct output *output, const struct loss *losses, uint32_t count);
int output_lost_total(struct output *output, const struct loss *losses, uint32_t count);

/* At the end: what the kernel left out. None: nothing is said. */
int output_missed(struct output *output, const struct miss *misses, uint32_t count);

/* At the end: a warning came so many times more than it was told; `code` as of the last one. */
int output_repeated(struct output *output, const struct mf_event *event, int64_t code,
		    uint64_t count);

/* What probes cost so far (--cost). */
int output_cost(struct output *output, const struct cost_table *table);

/* Nothing more waits for now: writes out what is buffered, unless -B full. Called after each drain
 * of the ring. */
int output_idle(struct output *output);

/*
 * From here to output_capture_end, all that would go to the output or to standard error is kept
 * instead, as text; also of system(). The result is that text, until the next capture; *errors is
 * how often errorf() came.
 */
void output_capture_begin(struct output *output);
const struct strbuf *output_capture_end(struct output *output, uint32_t *errors);

/*
 * From here on, `take` gets all that would be written to the output, and what would be said on
 * standard error where that is a terminal; NULL: as before.
 */
void output_divert(struct output *output,
		   void (*take)(void *context, const char *text, size_t length), void *context);

/*
 * The command of -c is there, and has not begun: where the script shows addresses of processes, the
 * kernel tells what it maps (symbols.h). The result is a descriptor that is readable when
 * output_hear is to be called, or -1.
 */
int output_follow(struct output *output, uint32_t pid);
void output_hear(struct output *output);

/* Writes a screen beside all that; what finds no room because a signal came stays in it. */
int output_screen(struct output *output, struct strbuf *frame);

/* Writes out what is buffered. */
int output_flush(struct output *output);

/*
 * From now on a flush gives up when `stop` becomes readable while the reader takes nothing: a stuck
 * reader must not keep signals from being seen. The text waits for the next flush.
 */
int output_stop_by(struct output *output, int stop);

/* Tracing ends: from here on nobody waits for stderr. */
void output_stop_waiting(struct output *output);

/*
 * Opens the file of -o anew, behind what it may hold already: what was there has another name now.
 * Where that fails, output goes on into the old file, with a warning.
 */
int output_reopen(struct output *output);

/* Whether it can take no more. */
bool output_has_failed(const struct output *output);

/* Whether the last flush gave up. */
bool output_is_stopped(const struct output *output);

/* Who knows the loader's own figures; before anything runs. They are read for each text. */
void output_figures(struct output *output, void (*read)(struct own_figures *own, void *context),
		    void *context);

/*
 * Appends all metrics as text (--metrics). 0, or a negative error number where a map cannot be
 * read: then nothing is appended.
 */
int output_metrics(struct output *output, enum metric_form form, struct strbuf *to);

/* Whether the output is a file of metrics; and writes it where it is time. */
bool output_writes_metrics(const struct options *options);
int output_metrics_idle(struct output *output);

/* Flushes and closes. 0, or -1 as above. */
int output_close(struct output *output);

#endif
