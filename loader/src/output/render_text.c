/* Output as people read it. */
#include <errno.h>
#include <string.h>

#include "base/excerpt.h"
#include "output/hist.h"
#include "output/cost_table.h"
#include "output/internal.h"
#include "output/series.h"
#include "session/session.h"
#include "output/test_results.h"

static struct strbuf *text_begin(struct output *output, enum text_source source)
{
	(void)source;
	output->text_start = output->text.length;
	return &output->text;
}

static void text_end(struct output *output, enum text_source source)
{
	/* What else is a text has the script's own words in it: only its values are
	 * strangers'. */
	if (source == TEXT_CAT || source == TEXT_JOIN)
		value_for_terminal(&output->text, &output->values, output->text_start);
}

static void put_value(struct output *output, const struct mf_type *type, const uint8_t *data)
{
	size_t start = output->text.length;

	value_text(&output->text, &output->values, type, data);
	value_for_terminal(&output->text, &output->values, start);
	strbuf_char(&output->text, '\n');
}

/* A number of a map, divided; statistics have their average divided. False: the type is not
 * divided. */
static bool put_divided(struct strbuf *to, const struct mf_type *type, const uint8_t *value,
			uint32_t div)
{
	uint64_t number;

	switch (type->kind) {
	case MF_INT:
	case MF_COUNT:
	case MF_SUM:
	case MF_MIN:
	case MF_MAX:
	case MF_AVG:
		number = value_number(type, value);
		if (value_is_signed(type))
			strbuf_i64(to, (int64_t)number / div);
		else
			strbuf_u64(to, number / div);
		return true;
	case MF_STATS:
		value_stats_text(to, type, value, div);
		return true;
	default:
		return false;
	}
}

static void put_row(struct output *output, const struct map_view *view, size_t row)
{
	const struct mf_map *map = view->rows->map;
	const struct mf_type *type = map->value, *key = map_rows_key_type(view->rows, row);
	const uint8_t *value = map_rows_value(view->rows, row);
	struct strbuf *to = &output->text;
	/* Values of rows stand aligned. */
	const uint64_t *counts = (const uint64_t *)(const void *)value;
	size_t start;

	strbuf_text(to, map->name);
	if (key) {
		start = to->length;
		strbuf_char(to, '[');
		value_key_text(to, &output->values, key, map_rows_key(view->rows, row));
		strbuf_char(to, ']');
		value_for_terminal(to, &output->values, start);
	}
	strbuf_char(to, ':');
	start = to->length;
	switch (type->kind) {
	case MF_HIST:
		strbuf_char(to, '\n');
		hist_text(to, counts, type->buckets, type->bits, view->div);
		break;
	case MF_LHIST:
		strbuf_char(to, '\n');
		lhist_text(to, counts, type->buckets, type->min, type->max, type->step);
		break;
	case MF_TSERIES:
		strbuf_char(to, '\n');
		series_text(to, &output->clock, type, value, view->div);
		break;
	default:
		strbuf_char(to, ' ');
		if (view->div == 1 || !put_divided(to, type, value, view->div))
			value_text(to, &output->values, type, value);
		value_for_terminal(to, &output->values, start);
		break;
	}
	strbuf_char(to, '\n');
}

static int put_map(struct output *output, const struct map_view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		map_rows_expect(view->rows, view->order + i, view->count - i);
		put_row(output, view, view->order[i]);
		if (output_settle(output) < 0)
			return -1;
	}
	return 0;
}

const char *helper_message(const struct mf_event *event, int64_t code)
{
	/* The message that the script was compiled with is for the one failure that has to be
	 * expected. */
	bool expected = code == -E2BIG || code == -ENOENT;

	if (event->message && (expected || code >= 0))
		return event->message;
	return strerror((int)(code < 0 && code > -4096 ? -code : EINVAL));
}

static void put_excerpt(struct strbuf *to, const struct mf_place *place)
{
	excerpt_put(to, place->text ? place->text : "", place->column, place->end_column);
}

/* FILE:LINE:COLUMN-END: */
static void put_place(struct output *output, const struct mf_place *place)
{
	struct strbuf *to = &output->scratch;

	strbuf_text(to, place->file ? place->file : output->session->manifest->script);
	strbuf_char(to, ':');
	strbuf_u64(to, place->line);
	strbuf_char(to, ':');
	strbuf_u64(to, place->column);
	strbuf_char(to, '-');
	strbuf_u64(to, place->end_column);
	strbuf_text(to, ": ");
}

static void put_uses(struct output *output, const struct mf_place *place)
{
	for (uint32_t i = 0; place && i < place->use_count; i++) {
		put_place(output, &place->uses[i]);
		strbuf_text(&output->scratch, "expanded from\n");
		put_excerpt(&output->scratch, &place->uses[i]);
	}
}

static void put_warning(struct output *output, const struct mf_event *event, int64_t code)
{
	const struct mf_place *place = event->place;
	struct strbuf *to = &output->scratch;

	strbuf_clear(to);
	if (place)
		put_place(output, place);
	strbuf_text(to, "WARNING: ");
	strbuf_text(to, event->helper ? helper_message(event, code) : event->message);
	strbuf_char(to, '\n');
	if (event->helper) {
		strbuf_text(to, "Additional Info - helper: ");
		strbuf_text(to, event->helper);
		strbuf_text(to, ", retcode: ");
		strbuf_i64(to, code);
		strbuf_char(to, '\n');
	}
	if (place)
		put_excerpt(to, place);
	put_uses(output, place);
	output_say(output, to);
}

static void put_message(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	struct strbuf *to = &output->scratch;
	bool to_terminal = output->values.to_terminal;

	strbuf_clear(to);
	if (event->place)
		put_place(output, event->place);
	strbuf_text(to, event->kind == MF_EVENT_ERRORF ? "ERROR: " : "WARNING: ");
	output->values.to_terminal = output->stderr_is_terminal;
	format_text(to, &output->values, &output->formats[event->index], record);
	output->values.to_terminal = to_terminal;
	strbuf_char(to, '\n');
	put_uses(output, event->place);
	output_say(output, to);
}

static void put_attached(struct output *output, uint32_t probes)
{
	struct strbuf *to = &output->scratch;

	strbuf_clear(to);
	strbuf_text(to, "Attached ");
	strbuf_u64(to, probes);
	strbuf_text(to, probes == 1 ? " probe\n" : " probes\n");
	output_say(output, to);
}

/* The last of several warnings of a place: it says how many there were. */
static void put_repeated(struct output *output, const struct mf_event *event, int64_t code,
			 uint64_t count)
{
	struct strbuf *to = &output->scratch;

	strbuf_clear(to);
	if (event->place)
		put_place(output, event->place);
	strbuf_text(to, "WARNING: ");
	strbuf_u64(to, count);
	strbuf_text(to, event->place ? " more times: " : " times: ");
	strbuf_text(to, event->helper ? helper_message(event, code) : event->message);
	strbuf_char(to, '\n');
	output_say(output, to);
}

static uint64_t sum_of(const struct loss *losses, uint32_t count)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += losses[i].count;
	return sum;
}

static void put_lost(struct output *output, const struct loss *losses, uint32_t count)
{
	struct strbuf *to = &output->scratch;

	strbuf_clear(to);
	strbuf_text(to, "Lost ");
	strbuf_u64(to, sum_of(losses, count));
	strbuf_text(to, " events\n");
	output_say(output, to);
}

static void put_lost_total(struct output *output, const struct loss *losses, uint32_t count)
{
	struct strbuf *to = &output->scratch;

	strbuf_clear(to);
	strbuf_text(to, "WARNING: Total lost event count: ");
	strbuf_u64(to, sum_of(losses, count));
	strbuf_char(to, '\n');
	for (uint32_t i = 0; i < count; i++) {
		if (!losses[i].event->place)
			continue;
		put_place(output, losses[i].event->place);
		strbuf_text(to, "WARNING: ");
		strbuf_u64(to, losses[i].count);
		strbuf_text(
			to,
			" events of this place were lost: the ring buffer was full. Try increasing perf_rb_pages, or printing less.\n");
	}
	output_say(output, to);
}

static void put_missed(struct output *output, const struct miss *misses, uint32_t count)
{
	struct strbuf *to = &output->scratch;

	strbuf_clear(to);
	for (uint32_t i = 0; i < count; i++) {
		if (misses[i].probe->place)
			put_place(output, misses[i].probe->place);
		strbuf_text(to, "WARNING: ");
		strbuf_u64(to, misses[i].count);
		strbuf_text(to, " events of ");
		strbuf_text(to, misses[i].probe->name);
		strbuf_text(
			to,
			" were left out by the kernel: a BPF program was running on that CPU already.\n");
	}
	output_say(output, to);
}

static void put_end_of_run(struct output *output)
{
	strbuf_text(&output->text, "\n\n");
}

#define TEXT_FUNCTIONS                                                                      \
	.tests = &text_test_renderer, .text_begin = text_begin, .text_end = text_end,       \
	.value = put_value, .map = put_map, .warning = put_warning, .message = put_message, \
	.attached = put_attached, .repeated = put_repeated, .lost = put_lost,               \
	.lost_total = put_lost_total, .missed = put_missed, .cost = text_put_cost,          \
	.end_of_run = put_end_of_run

const struct renderer text_renderer = {TEXT_FUNCTIONS};
/* Nobody else may write to the screen. */
const struct renderer screen_renderer = {TEXT_FUNCTIONS, .captures_commands = true};
