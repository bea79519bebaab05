#include "output/output.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/map_stores.h"
#include "output/internal.h"
#include "output/metrics.h"
#include "output/recorder.h"
#include "output/replay.h"
#include "base/failure.h"
#include "base/memory.h"
#include "binary/budget.h"
#include "base/say.h"
#include "object/type_search.h"
#include "session/session.h"
#include "session/watches.h"
#include "base/write_text.h"

static const char *check_process(const struct mf_event *event)
{
	if (!event->field_count || event->fields[0].type->kind != MF_INT ||
	    event->fields[0].type->size != 4)
		return "its field is not a process id";
	return NULL;
}

static int run_process(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	symbols_note_process(
		output->symbols,
		(uint32_t)value_number(event->fields[0].type, record + event->fields[0].offset));
	return 0;
}

static int run_unwatch(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	watches_end(output->session,
		    value_number(event->fields[0].type, record + event->fields[0].offset));
	return 0;
}

static const char *check_warning(const struct mf_event *event)
{
	if (event->helper && (!event->field_count || !value_is_number(event->fields[0].type)))
		return "it has no field for the helper's result";
	if (!event->helper && !event->message)
		return "it has no message";
	return NULL;
}

int64_t warning_code(const struct mf_event *event, const uint8_t *record)
{
	/* Before Linux 6.4 functions of maps gave an int, whose upper half in the register was
	 * anything. */
	return (int32_t)value_number(event->fields[0].type, record + event->fields[0].offset);
}

static int run_warning(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	int64_t code = event->helper ? warning_code(event, record) : 0;

	if (!output->session->options->no_warnings)
		output->renderer->warning(output, event, code);
	return output->sink.failed ? -1 : 0;
}

static int run_message(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	output->errors += event->kind == MF_EVENT_ERRORF;
	if (event->kind == MF_EVENT_ERRORF || !output->session->options->no_warnings)
		output->renderer->message(output, event, record);
	return output->sink.failed ? -1 : 0;
}

static const struct event_handler handlers[] = {
	[MF_EVENT_PRINTF] = {.has_format = true, .shows = true, .run = run_printf},
	[MF_EVENT_PRINT_VALUE] = {.check = check_print_value,
				  .shows = true,
				  .run = run_print_value},
	[MF_EVENT_PRINT_MAP] = {.shows = true, .acts = true, .run = run_print_map},
	[MF_EVENT_CLEAR] = {.acts = true, .run = run_clear},
	[MF_EVENT_ZERO] = {.acts = true, .run = run_zero},
	[MF_EVENT_UNWATCH] = {.acts = true, .run = run_unwatch},
	[MF_EVENT_TIME] = {.shows = true, .run = run_time},
	[MF_EVENT_JOIN] = {.check = check_join, .shows = true, .run = run_join},
	[MF_EVENT_SYSTEM] = {.has_format = true, .shows = true, .acts = true, .run = run_system},
	[MF_EVENT_CAT] = {.has_format = true, .shows = true, .acts = true, .run = run_cat},
	[MF_EVENT_WARNING] = {.check = check_warning, .shows = true, .run = run_warning},
	[MF_EVENT_ERRORF] = {.has_format = true, .shows = true, .run = run_message},
	[MF_EVENT_WARNF] = {.has_format = true, .shows = true, .run = run_message},
	[MF_EVENT_PROCESS] = {.check = check_process, .acts = true, .run = run_process},
};

#define HANDLER_COUNT (sizeof(handlers) / sizeof(handlers[0]))

bool type_can_nest(const struct mf_type *type)
{
	switch (type->kind) {
	case MF_HIST:
	case MF_LHIST:
	case MF_TSERIES:
		return false;
	case MF_ARRAY:
		return type_can_nest(type->element);
	case MF_TUPLE:
	case MF_RECORD:
		for (uint32_t i = 0; i < type->field_count; i++) {
			if (!type_can_nest(type->fields[i].type))
				return false;
		}
		return true;
	default:
		return true;
	}
}

static int prepare_event(struct output *output, const struct mf_event *event,
			 struct failure *failure)
{
	const struct event_handler *handler;
	const char *problem = NULL;
	char why[160];

	/* These do not come here: events.c, packets.c. */
	if (event->kind == MF_EVENT_EXIT || event->kind == MF_EVENT_PACKET)
		return STATUS_OK;
	handler = event->kind < HANDLER_COUNT ? &handlers[event->kind] : NULL;
	if (!handler || !handler->run)
		problem = "its kind is unknown";
	for (uint32_t i = 0; i < event->field_count && !problem; i++) {
		if (!type_can_nest(event->fields[i].type))
			problem = "it has a field that only a map can hold";
	}
	if (!problem && handler->check)
		problem = handler->check(event);
	if (!problem && handler->has_format &&
	    !format_compile(&output->formats[event->index], &output->arena,
			    event->format ? event->format : "", event->fields, event->field_count,
			    why, sizeof(why)))
		problem = why;
	if (!problem)
		return STATUS_OK;
	return fail(failure, STATUS_OBJECT, "the object is not valid: event %u: %s", event->index,
		    problem);
}

static int prepare_map(const struct output *output, const struct mf_map *map,
		       struct failure *failure)
{
	bool buckets = map->value->kind == MF_HIST || map->value->kind == MF_LHIST ||
		       map->value->kind == MF_TSERIES;
	const char *problem = NULL;

	if ((map->key && !type_can_nest(map->key)) || (!buckets && !type_can_nest(map->value)))
		problem = "buckets inside of a value";
	for (uint32_t i = 0; i < map->store_count && !problem && !output->replay; i++)
		problem = map_store_check(output->session, &map->stores[i]);
	for (uint32_t i = 0; map->next && !output->replay && i < map->store_count && !problem; i++)
		problem = map_store_check(output->session, &map->next[i]);
	if (!problem)
		return STATUS_OK;
	return fail(failure, STATUS_OBJECT, "the object is not valid: map %s: %s", map->name,
		    problem);
}

static int prepare(struct output *output, struct failure *failure)
{
	const struct manifest *manifest = output->session->manifest;
	int status = STATUS_OK;

	output->formats =
		arena_array(&output->arena, manifest->event_count + 1u, sizeof(*output->formats));
	output->emptied =
		arena_array(&output->arena, manifest->map_count + 1u, sizeof(*output->emptied));
	for (uint32_t i = 0; i < manifest->event_count && status == STATUS_OK; i++)
		status = prepare_event(output, &manifest->events[i], failure);
	for (uint32_t i = 0; i < manifest->map_count && status == STATUS_OK; i++)
		status = prepare_map(output, &manifest->maps[i], failure);
	return status;
}

static void release(struct output *output)
{
	metrics_close(output->metrics);
	recorder_close(output);
	value_context_free(&output->values);
	symbols_free(output->symbols);
	strbuf_free(&output->text);
	strbuf_free(&output->scratch);
	strbuf_free(&output->captured);
	arena_free(&output->arena);
	sink_close(&output->sink);
	free(output);
}

static const struct renderer *const renderers[] = {
	[FORM_TEXT] = &text_renderer,
	[FORM_JSON] = &json_renderer,
	[FORM_TYPED_JSON] = &typed_json_renderer,
	[FORM_FOLDED] = &folded_renderer,
	[FORM_OPENMETRICS] = &metrics_renderer,
	[FORM_PROMETHEUS] = &metrics_renderer,
};

/* Metrics take the place of their file as a whole. */
static const char *path_of(const struct options *options)
{
	return output_writes_metrics(options) ? NULL : options->output;
}

/* The kernel is asked, or the recording. */
static void open_facts(struct output *output)
{
	struct session *session = output->session;

	if (!output->replay) {
		output->symbols =
			symbols_new(&session->manifest->config, session->options->debug_folders);
		if (manifest_has_names(session->manifest, false))
			symbols_open_kernel(output->symbols);
	}
	value_context_init(&output->values, session, output->symbols, &output->clock);
	if (output->replay)
		replay_begin(output);
}

static int start_recording(struct output *output, struct failure *failure)
{
	int status = recorder_open(output, failure);

	if (!output->recorder->prints)
		output->renderer = &silent_renderer;
	return status;
}

int output_open(struct output **out, struct session *session, struct failure *failure)
{
	return output_open_replay(out, session, NULL, failure);
}

int output_open_replay(struct output **out, struct session *session, struct replay *replay,
		       struct failure *failure)
{
	struct output *output = memory_zeroed(sizeof(*output));
	int status;

	*out = NULL;
	/* A reader that has gone is an error of write(2), not a signal. */
	signal(SIGPIPE, SIG_IGN);
	output->session = session;
	output->replay = replay;
	output->renderer =
		session->options->top ? &screen_renderer : renderers[session->options->form];
	output->stderr_stop = -1;
	output_moment(output, UINT64_MAX, 0);
	wall_clock_init(&output->clock);
	open_facts(output);
	status = prepare(output, failure);
	if (status == STATUS_OK)
		status = output_metrics_open(output, failure);
	if (status == STATUS_OK)
		status = sink_open(&output->sink, path_of(session->options), "output", failure);
	output->values.to_terminal =
		session->options->form == FORM_TEXT && isatty(output->sink.fd) == 1;
	if (status == STATUS_OK && session->options->recording)
		status = start_recording(output, failure);
	output->stderr_is_terminal = isatty(STDERR_FILENO) == 1;
	if (status == STATUS_OK)
		*out = output;
	else
		release(output);
	return status;
}

void output_capture_begin(struct output *output)
{
	output_flush(output);
	output->capturing = true;
	output->errors = 0;
	output->renderer_behind = output->renderer;
	output->renderer = &text_renderer;
}

const struct strbuf *output_capture_end(struct output *output, uint32_t *errors)
{
	struct strbuf text = output->text;

	output->text = output->captured;
	strbuf_clear(&output->text);
	output->captured = text;
	output->capturing = false;
	output->renderer = output->renderer_behind;
	*errors = output->errors;
	return &output->captured;
}

int output_flush(struct output *output)
{
	if (output->capturing && !output->sink.failed)
		return 0;
	if (output->recorder && recording_flush(&output->recorder->recording) != 0)
		return -1;
	if (!output->take)
		return sink_write(&output->sink, &output->text);
	output->take(output->take_context, output->text.data, output->text.length);
	strbuf_clear(&output->text);
	return output->sink.failed ? -1 : 0;
}

void output_divert(struct output *output,
		   void (*take)(void *context, const char *text, size_t length), void *context)
{
	output_flush(output);
	output->take = take;
	output->take_context = context;
	/* What leads elsewhere does not come to the terminal. */
	say_divert(output->stderr_is_terminal ? take : NULL, context);
}

int output_follow(struct output *output, uint32_t pid)
{
	if (!output->symbols || !manifest_has_names(output->session->manifest, true))
		return -1;
	return symbols_follow(output->symbols, pid);
}

void output_hear(struct output *output)
{
	symbols_hear(output->symbols);
}

int output_screen(struct output *output, struct strbuf *frame)
{
	int result = sink_write(&output->sink, frame);

	/* What is waiting is the rest of a frame, and no output. */
	output->sink.stopped = false;
	return result;
}

int output_stop_by(struct output *output, int stop)
{
	output->sink.stop = output->stderr_stop = stop;
	budget_stop_by(stop);
	say_stop_by(stop);
	if (output->recorder) {
		output->recorder->recording.sink.stop = stop;
		if (sink_wait(&output->recorder->recording.sink) != STATUS_OK)
			return STATUS_FAILED;
	}
	return sink_wait(&output->sink);
}

void output_stop_waiting(struct output *output)
{
	budget_hurry();
	output->stderr_stop = WRITE_WITHOUT_WAITING;
	say_stop_by(WRITE_WITHOUT_WAITING);
}

int output_reopen(struct output *output)
{
	int result = output_flush(output);

	return result != 0 ? result : sink_reopen(&output->sink);
}

bool output_has_failed(const struct output *output)
{
	return output->sink.failed;
}

bool output_is_stopped(const struct output *output)
{
	return output->sink.stopped ||
	       (output->recorder && output->recorder->recording.sink.stopped);
}

/* Once: names that are missing look like names that are not there. */
static void tell_limits(struct output *output)
{
	if (output->told_limits || !symbols_were_limited())
		return;
	output->told_limits = true;
	if (!output->session->options->no_warnings)
		say_warning(
			"some addresses have no names: a traced program's files, mappings or names are larger than the loader reads.");
}

/* Once, too: addresses are shown. */
static void tell_denied(struct output *output)
{
	if (output->told_denied || !output->symbols || !symbols_were_denied(output->symbols))
		return;
	output->told_denied = true;
	if (!output->session->options->no_warnings)
		say_warning(
			"some addresses have no names: those of the kernel take CAP_SYSLOG, those of other users' processes CAP_SYS_PTRACE.");
}

int output_idle(struct output *output)
{
	if (output->recorder)
		recorder_idle(output);
	tell_limits(output);
	tell_denied(output);
	if (output->metrics_due && output_metrics_idle(output) < 0)
		return -1;
	if (output->session->options->buffering == BUFFER_FULL)
		return output_settle(output);
	return output_flush(output);
}

int output_settle(struct output *output)
{
	if (output->session->options->buffering == BUFFER_NONE ||
	    output->text.length >= OUTPUT_HIGH_WATER)
		return output_flush(output);
	return output->sink.failed ? -1 : 0;
}

void output_say(struct output *output, struct strbuf *message)
{
	size_t written;

	if (output->capturing) {
		strbuf_put(&output->text, message->data, message->length);
		strbuf_clear(message);
		return;
	}
	/* In the order of events, where both streams lead to one place. */
	output_flush(output);
	if (output->take && output->stderr_is_terminal)
		output->take(output->take_context, message->data, message->length);
	else
		write_text(STDERR_FILENO, output->stderr_stop, message->data, message->length,
			   &written);
	strbuf_clear(message);
}

void output_moment(struct output *output, uint64_t sent, uint64_t now)
{
	output->sent = sent;
	output->now = now;
}

static int handle(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	const struct event_handler *handler = &handlers[event->kind];
	struct recorder *recorder = handler->shows ? output->recorder : NULL;
	int result = 0;

	output->event = event;
	output->record = record;
	if (recorder) {
		recorder_event_now(output);
		recorder_ask(output, event, record);
	}
	if (!recorder || recorder->prints || handler->acts)
		result = handler->run(output, event, record);
	if (recorder && result == 0)
		result = recorder_event(output, event, record);
	if (recorder && handler->acts)
		recorder_idle(output);
	output->event = NULL;
	output->record = NULL;
	return result < 0 ? -1 : output_settle(output);
}

int output_event(struct output *output, const struct mf_event *event, const void *record,
		 size_t size)
{
	if (output->sink.failed)
		return -1;
	if (event->kind >= HANDLER_COUNT || !handlers[event->kind].run || size < event->size)
		return 0;
	return handle(output, event, record);
}

int output_lost_control(struct output *output, const struct mf_event *event)
{
	if (output->sink.failed)
		return -1;
	if (event->field_count || event->kind >= HANDLER_COUNT || !handlers[event->kind].run)
		return 0;
	return handle(output, event, NULL);
}

int output_end_of_run(struct output *output)
{
	if (output->sink.failed)
		return -1;
	if (output->recorder && recorder_end_of_run(output) != 0)
		return -1;
	output->renderer->end_of_run(output);
	return 0;
}

int output_finish(struct output *output)
{
	if (output_end_of_run(output) != 0)
		return -1;
	if (output->session->manifest->config.print_maps_on_exit && output_all_maps(output) < 0)
		return -1;
	if (output_metrics_finish(output) < 0)
		return -1;
	tell_limits(output);
	tell_denied(output);
	return output_flush(output);
}

int output_attached(struct output *output, uint32_t probes)
{
	if (output->sink.failed)
		return -1;
	if (output->recorder && recorder_attached(output, probes) != 0)
		return -1;
	output->renderer->attached(output, probes);
	return output_idle(output);
}

int output_lost(struct output *output, const struct loss *losses, uint32_t count)
{
	if (count && output->recorder && recorder_losses(output, PART_LOST, losses, count) != 0)
		return -1;
	if (count)
		output->renderer->lost(output, losses, count);
	return output_idle(output);
}

int output_cost(struct output *output, const struct cost_table *table)
{
	if (output->recorder && recorder_cost(output, table) != 0)
		return -1;
	output->renderer->cost(output, table);
	return output_settle(output);
}

int output_lost_total(struct output *output, const struct loss *losses, uint32_t count)
{
	if (count && output->recorder &&
	    recorder_losses(output, PART_LOST_TOTAL, losses, count) != 0)
		return -1;
	if (count)
		output->renderer->lost_total(output, losses, count);
	return output->sink.failed ? -1 : 0;
}

int output_missed(struct output *output, const struct miss *misses, uint32_t count)
{
	if (count && output->recorder && recorder_misses(output, misses, count) != 0)
		return -1;
	if (count)
		output->renderer->missed(output, misses, count);
	return output->sink.failed ? -1 : 0;
}

int output_repeated(struct output *output, const struct mf_event *event, int64_t code,
		    uint64_t count)
{
	if (output->recorder && recorder_repeated(output, event, code, count) != 0)
		return -1;
	if (!output->session->options->no_warnings)
		output->renderer->repeated(output, event, code, count);
	return output->sink.failed ? -1 : 0;
}

int output_close(struct output *output)
{
	int result;

	if (!output)
		return 0;
	result = output_flush(output);
	say_stop_by(-1);
	budget_stop_by(-1);
	if (recorder_close(output) != 0 || sink_close(&output->sink) != 0)
		result = -1;
	release(output);
	return result;
}
