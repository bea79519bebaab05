/*
 * How output looks. Handlers of events know what happened, a renderer writes it: text here, other
 * formats by another table of the same functions.
 */
#ifndef BPFLOAD_RENDERER_H
#define BPFLOAD_RENDERER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/manifest.h"
#include "output/map_rows.h"
#include "base/strbuf.h"

struct cost_table;
struct output;
struct test_renderer;

/* What a piece of finished text comes from. */
enum text_source { TEXT_PRINTF, TEXT_TIME, TEXT_CAT, TEXT_JOIN, TEXT_SYSTEM };

/* The rows of a map that are to be printed, first to last. */
struct map_view {
	const struct map_rows *rows;
	const uint32_t *order;
	size_t count;
	/* Divides numbers; at least 1. */
	uint32_t div;
};

/* Records of an event that found no room. */
struct loss {
	const struct mf_event *event;
	uint64_t count;
};

/* Events that the kernel did not give to a probe, because a program ran on that CPU. */
struct miss {
	const struct mf_probe *probe;
	uint64_t count;
};

struct renderer {
	/* Results of --test and --bench. */
	const struct test_renderer *tests;
	/* What commands of system() print becomes a text, instead of going to the output by itself.
	 */
	bool captures_commands;
	/* JSON: before a line begins, and what stands in each behind its type; NULL: nothing. */
	void (*begin_line)(struct output *output);
	void (*context)(struct output *output);
	/* The buffer that a text is to be appended to; text_end follows when it is complete. */
	struct strbuf *(*text_begin)(struct output *output, enum text_source source);
	void (*text_end)(struct output *output, enum text_source source);
	void (*value)(struct output *output, const struct mf_type *type, const uint8_t *data);
	/* 0, or -1 when the output can take no more. */
	int (*map)(struct output *output, const struct map_view *view);
	/* A run-time warning; `code` is the failed helper's result, 0 where there is none. */
	void (*warning)(struct output *output, const struct mf_event *event, int64_t code);
	/* errorf and warnf: the event's format with the record's values, for standard error. */
	void (*message)(struct output *output, const struct mf_event *event, const uint8_t *record);
	/* Tracing begins. */
	void (*attached)(struct output *output, uint32_t probes);
	/* A warning came so many times more than it was told. */
	void (*repeated)(struct output *output, const struct mf_event *event, int64_t code,
			 uint64_t count);
	/* Events that were lost since the last call; and in all, at the end. */
	void (*lost)(struct output *output, const struct loss *losses, uint32_t count);
	void (*lost_total)(struct output *output, const struct loss *losses, uint32_t count);
	/* At the end. */
	void (*missed)(struct output *output, const struct miss *misses, uint32_t count);
	/* --cost. */
	void (*cost)(struct output *output, const struct cost_table *table);
	/* Between the last event and the final maps. */
	void (*end_of_run)(struct output *output);
};

extern const struct renderer text_renderer, screen_renderer, json_renderer, typed_json_renderer,
	folded_renderer, metrics_renderer;
/* screen_renderer: text that is shown on a screen of ours (--top). */
/* Of a recording that shows nothing, but losses. */
extern const struct renderer silent_renderer;

#endif
