/* The inside of `struct output`, for the renderers and the handlers of events. */
#ifndef BPFLOAD_OUTPUT_INTERNAL_H
#define BPFLOAD_OUTPUT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "output/output.h"
#include "output/printf.h"
#include "output/renderer.h"
#include "base/sink.h"
#include "base/strbuf.h"
#include "symbols/symbols.h"
#include "output/time_format.h"
#include "output/value.h"

/* Buffered text beyond this is written at the end of an event; what is less waits for output_flush.
 */
#define OUTPUT_HIGH_WATER (128u << 10)

struct metrics;
struct own_figures;

struct output {
	struct session *session;
	const struct renderer *renderer;
	struct symbols *symbols;
	struct wall_clock clock;
	struct value_context values;
	/* Formats by event index; empty for events without. */
	struct format *formats;
	/* The event that is handled, and its record; NULL: none, and a record that was lost. */
	const struct mf_event *event;
	const uint8_t *record;
	/* Its first line was written (json2). */
	bool begun;
	/* output_moment. */
	uint64_t sent, now;
	/* By map: up to where the ring was written when its values and when its keys last went. */
	/* And how often they went. */
	struct {
		uint64_t values, keys, times;
	} * emptied;
	/* Of `bpfload record` and of `bpfload report`; NULL: this is neither. */
	struct recorder *recorder;
	struct replay *replay;
	struct arena arena;
	struct strbuf text;
	/* Scratch of handlers: file names, commands, messages. Empty between events. */
	struct strbuf scratch;
	/* What a test printed: see output_capture_begin. */
	struct strbuf captured;
	const struct renderer *renderer_behind;
	bool capturing;
	/* errorf() came so often since then. */
	uint32_t errors;
	/* Where the text of text_begin begins. */
	size_t text_start;
	struct sink sink;
	/* Who takes what would be written, and what would be said on a terminal; NULL: nobody. */
	void (*take)(void *context, const char *text, size_t length);
	void *take_context;
	/* As its `stop`, for stderr; or WRITE_WITHOUT_WAITING. */
	int stderr_stop;
	bool stderr_is_terminal;
	/* NULL: nobody wants any. */
	struct metrics *metrics;
	/* What run/ knows: output_figures. */
	void (*read_figures)(struct own_figures *own, void *context);
	void *figures_context;
	/* The script printed one of its maps; when the file was written, ns of the monotonic clock.
	 */
	bool metrics_due;
	uint64_t metrics_written;
	/* That names are missing. */
	bool told_limits, told_denied;
};

/*
 * A kind of event. `check` looks at what the manifest's checks leave open, once, and says what is
 * wrong with the event; NULL when nothing is. `run` gives 0, or -1 when the output can take no
 * more.
 */
struct event_handler {
	bool has_format;
	/* It shows something; it does something else, too. */
	bool shows, acts;
	const char *(*check)(const struct mf_event *event);
	int (*run)(struct output *output, const struct mf_event *event, const uint8_t *record);
};

/* print.c */
int run_printf(struct output *output, const struct mf_event *event, const uint8_t *record);
const char *check_print_value(const struct mf_event *event);
int run_print_value(struct output *output, const struct mf_event *event, const uint8_t *record);
int run_time(struct output *output, const struct mf_event *event, const uint8_t *record);
const char *check_join(const struct mf_event *event);
int run_join(struct output *output, const struct mf_event *event, const uint8_t *record);

/* commands.c */
int run_cat(struct output *output, const struct mf_event *event, const uint8_t *record);
int run_system(struct output *output, const struct mf_event *event, const uint8_t *record);

/* output_metrics.c: when the output is opened, and at the end. */
int output_metrics_open(struct output *output, struct failure *failure);
int output_metrics_finish(struct output *output);

/* map_print.c */
int run_print_map(struct output *output, const struct mf_event *event, const uint8_t *record);
int run_clear(struct output *output, const struct mf_event *event, const uint8_t *record);
int run_zero(struct output *output, const struct mf_event *event, const uint8_t *record);

/* Whether values of a type can stand anywhere: not aggregates with buckets, nor anything that holds
 * them. */
bool type_can_nest(const struct mf_type *type);

/* What a helper's failure means to the user. */
const char *helper_message(const struct mf_event *event, int64_t code);

/* Ends one piece of output: writes when much is waiting. 0, or -1. */
int output_settle(struct output *output);

/* Writes to stderr what stands in `message`, after all output so far, and clears it. */
void output_say(struct output *output, struct strbuf *message);

#endif
