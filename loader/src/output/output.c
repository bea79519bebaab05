#include "output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/map_stores.h"
#include "output/internal.h"
#include "output/metrics.h"
#include "base/failure.h"
#include "base/memory.h"
#include "binary/budget.h"
#include "base/say.h"
#include "object/type_search.h"
#include "session/session.h"
#include "session/watches.h"
#include "base/write_text.h"

/* How often a reader of the output is looked for. */
#define READER_MS 50

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
	return output->failed ? -1 : 0;
}

static int run_message(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	output->errors += event->kind == MF_EVENT_ERRORF;
	if (event->kind == MF_EVENT_ERRORF || !output->session->options->no_warnings)
		output->renderer->message(output, event, record);
	return output->failed ? -1 : 0;
}

static const struct event_handler handlers[] = {
	[MF_EVENT_PRINTF] = {.has_format = true, .run = run_printf},
	[MF_EVENT_PRINT_VALUE] = {.check = check_print_value, .run = run_print_value},
	[MF_EVENT_PRINT_MAP] = {.run = run_print_map},
	[MF_EVENT_CLEAR] = {.run = run_clear},
	[MF_EVENT_ZERO] = {.run = run_zero},
	[MF_EVENT_UNWATCH] = {.run = run_unwatch},
	[MF_EVENT_TIME] = {.run = run_time},
	[MF_EVENT_JOIN] = {.check = check_join, .run = run_join},
	[MF_EVENT_SYSTEM] = {.has_format = true, .run = run_system},
	[MF_EVENT_CAT] = {.has_format = true, .run = run_cat},
	[MF_EVENT_WARNING] = {.check = check_warning, .run = run_warning},
	[MF_EVENT_ERRORF] = {.has_format = true, .run = run_message},
	[MF_EVENT_WARNF] = {.has_format = true, .run = run_message},
	[MF_EVENT_PROCESS] = {.check = check_process, .run = run_process},
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
	for (uint32_t i = 0; i < map->store_count && !problem; i++)
		problem = map_store_check(output->session, &map->stores[i]);
	for (uint32_t i = 0; map->next && i < map->store_count && !problem; i++)
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

/* Waiting was only unwanted while the file was opened; commands of the script have it, too. */
static void take_waiting(const struct output *output)
{
	int flags = output->owns_fd ? fcntl(output->fd, F_GETFL) : -1;

	if (flags >= 0)
		fcntl(output->fd, F_SETFL, flags & ~O_NONBLOCK);
}

static int open_file(struct output *output, struct failure *failure)
{
	const char *path = output->session->options->output;

	output->fd = STDOUT_FILENO;
	/* Metrics take the place of their file as a whole. */
	if (!path || output_writes_metrics(output->session->options))
		return STATUS_OK;
	output->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
	/* A pipe that nobody has opened for reading yet. */
	output->wants_reader = output->fd < 0 && errno == ENXIO;
	if (output->fd < 0 && !output->wants_reader)
		return fail(failure, STATUS_FAILED, "cannot open %s for writing: %s", path,
			    strerror(errno));
	output->owns_fd = output->fd >= 0;
	take_waiting(output);
	return STATUS_OK;
}

static void release(struct output *output)
{
	metrics_close(output->metrics);
	value_context_free(&output->values);
	symbols_free(output->symbols);
	strbuf_free(&output->text);
	strbuf_free(&output->scratch);
	strbuf_free(&output->captured);
	arena_free(&output->arena);
	if (output->owns_fd)
		close(output->fd);
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

int output_open(struct output **out, struct session *session, struct failure *failure)
{
	struct output *output = memory_zeroed(sizeof(*output));
	int status;

	*out = NULL;
	output->failure = failure;
	/* A reader that has gone is an error of write(2), not a signal. */
	signal(SIGPIPE, SIG_IGN);
	output->session = session;
	output->renderer = renderers[session->options->form];
	output->fd = STDOUT_FILENO;
	output->stop = output->stderr_stop = -1;
	output_moment(output, UINT64_MAX, 0);
	wall_clock_init(&output->clock);
	output->symbols = symbols_new(&session->manifest->config, session->options->debug_folders);
	if (manifest_has_names(session->manifest, false))
		symbols_open_kernel(output->symbols);
	value_context_init(&output->values, session, output->symbols, &output->clock);
	status = prepare(output, failure);
	if (status == STATUS_OK)
		status = output_metrics_open(output, failure);
	if (status == STATUS_OK)
		status = open_file(output, failure);
	output->values.to_terminal = session->options->form == FORM_TEXT && isatty(output->fd) == 1;
	output->stderr_is_terminal = isatty(STDERR_FILENO) == 1;
	if (status == STATUS_OK)
		*out = output;
	else
		release(output);
	return status;
}

/* With errno. */
static int give_up(struct output *output)
{
	fail(output->failure, STATUS_FAILED, "cannot write the output: %s", strerror(errno));
	output->failed = true;
	strbuf_clear(&output->text);
	return -1;
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
	enum write_result result;
	size_t written;

	if (output->failed)
		return -1;
	if (output->capturing)
		return 0;
	result = write_text(output->fd, output->stop, output->text.data, output->text.length,
			    &written);
	if (result == WRITE_FAILED)
		return give_up(output);
	output->stopped = result == WRITE_STOPPED;
	strbuf_drop(&output->text, written);
	return 0;
}

/* The kernel tells nobody that a reader came, short of making a writer wait for it. */
static int wait_for_reader(struct output *output)
{
	const char *path = output->session->options->output;
	struct pollfd ready = {.fd = output->stop, .events = POLLIN};

	while (output->wants_reader) {
		output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
		output->wants_reader = output->fd < 0 && errno == ENXIO;
		if (output->fd < 0 && !output->wants_reader)
			return fail(output->failure, STATUS_FAILED,
				    "cannot open %s for writing: %s", path, strerror(errno));
		if (output->wants_reader && poll(&ready, 1, READER_MS) > 0)
			return fail(output->failure, STATUS_FAILED,
				    "cannot open %s for writing: nobody reads it", path);
	}
	output->owns_fd = true;
	take_waiting(output);
	return STATUS_OK;
}

int output_stop_by(struct output *output, int stop)
{
	output->stop = output->stderr_stop = stop;
	budget_stop_by(stop);
	say_stop_by(stop);
	return output->wants_reader ? wait_for_reader(output) : STATUS_OK;
}

void output_stop_waiting(struct output *output)
{
	budget_hurry();
	output->stderr_stop = WRITE_WITHOUT_WAITING;
	say_stop_by(WRITE_WITHOUT_WAITING);
}

int output_reopen(struct output *output)
{
	const char *path = output->session->options->output;
	int fd, result = output_flush(output);

	/* What could not be written belongs to the old file. */
	if (result != 0 || !output->owns_fd || output->stopped)
		return result;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
	if (fd < 0) {
		say_warning("cannot open %s anew: %s; the output goes on into the old file.", path,
			    strerror(errno));
		return 0;
	}
	/* Some file systems say only now that the disk is full. */
	if (close(output->fd) < 0 && errno != EINTR)
		result = give_up(output);
	output->fd = fd;
	take_waiting(output);
	return result;
}

bool output_is_stopped(const struct output *output)
{
	return output->stopped;
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
	if (output->told_denied || !symbols_were_denied(output->symbols))
		return;
	output->told_denied = true;
	if (!output->session->options->no_warnings)
		say_warning(
			"some addresses have no names: those of the kernel take CAP_SYSLOG, those of other users' processes CAP_SYS_PTRACE.");
}

int output_idle(struct output *output)
{
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
	return output->failed ? -1 : 0;
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
	write_text(STDERR_FILENO, output->stderr_stop, message->data, message->length, &written);
	strbuf_clear(message);
}

void output_moment(struct output *output, uint64_t sent, uint64_t now)
{
	output->sent = sent;
	output->now = now;
}

static int handle(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	int result;

	output->event = event;
	output->record = record;
	result = handlers[event->kind].run(output, event, record);
	output->event = NULL;
	output->record = NULL;
	return result < 0 ? -1 : output_settle(output);
}

int output_event(struct output *output, const struct mf_event *event, const void *record,
		 size_t size)
{
	if (output->failed)
		return -1;
	if (event->kind >= HANDLER_COUNT || !handlers[event->kind].run || size < event->size)
		return 0;
	return handle(output, event, record);
}

int output_lost_control(struct output *output, const struct mf_event *event)
{
	if (output->failed)
		return -1;
	if (event->field_count || event->kind >= HANDLER_COUNT || !handlers[event->kind].run)
		return 0;
	return handle(output, event, NULL);
}

int output_finish(struct output *output)
{
	if (output->failed)
		return -1;
	output->renderer->end_of_run(output);
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
	if (output->failed)
		return -1;
	output->renderer->attached(output, probes);
	return output_idle(output);
}

int output_lost(struct output *output, const struct loss *losses, uint32_t count)
{
	if (count)
		output->renderer->lost(output, losses, count);
	return output_idle(output);
}

int output_cost(struct output *output, const struct cost_table *table)
{
	output->renderer->cost(output, table);
	return output_settle(output);
}

int output_lost_total(struct output *output, const struct loss *losses, uint32_t count)
{
	if (count)
		output->renderer->lost_total(output, losses, count);
	return output->failed ? -1 : 0;
}

int output_repeated(struct output *output, const struct mf_event *event, int64_t code,
		    uint64_t count)
{
	if (!output->session->options->no_warnings)
		output->renderer->repeated(output, event, code, count);
	return output->failed ? -1 : 0;
}

int output_close(struct output *output)
{
	int result;

	if (!output)
		return 0;
	result = output_flush(output);
	/* Some file systems say only now that the disk is full. */
	say_stop_by(-1);
	budget_stop_by(-1);
	if (output->owns_fd) {
		if (close(output->fd) < 0 && errno != EINTR)
			result = give_up(output);
		output->owns_fd = false;
	}
	release(output);
	return result;
}
