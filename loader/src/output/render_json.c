/* Output for programs: one JSON object a line, as docs/output.schema.json describes. */
#include "output/internal.h"
#include "session/session.h"
#include "output/test_results.h"
#include "output/value_json.h"

static void begin(struct strbuf *to, const char *type)
{
	strbuf_text(to, "{\"type\": \"");
	strbuf_text(to, type);
	strbuf_char(to, '"');
}

static void begin_data(struct strbuf *to, const char *type)
{
	begin(to, type);
	strbuf_text(to, ", \"data\": ");
}

static void end(struct strbuf *to)
{
	strbuf_text(to, "}\n");
}

static struct strbuf *text_begin(struct output *output, enum text_source source)
{
	static const char *const names[] = {
		[TEXT_PRINTF] = "printf", [TEXT_TIME] = "time",	     [TEXT_CAT] = "cat",
		[TEXT_JOIN] = "join",	  [TEXT_SYSTEM] = "syscall",
	};

	begin_data(&output->text, names[source]);
	output->text_start = output->text.length;
	return &output->text;
}

static void text_end(struct output *output, enum text_source source)
{
	(void)source;
	json_quote(&output->text, output->text_start);
	end(&output->text);
}

static void put_value(struct output *output, const struct mf_type *type, const uint8_t *data)
{
	begin_data(&output->text, "value");
	json_value(&output->text, &output->values, type, data);
	end(&output->text);
}

static const char *map_message(const struct mf_type *value)
{
	switch (value->kind) {
	case MF_AVG:
	case MF_STATS:
		return "stats";
	case MF_HIST:
	case MF_LHIST:
		return "hist";
	case MF_TSERIES:
		return "tseries";
	default:
		return "map";
	}
}

static int put_map(struct output *output, const struct map_view *view)
{
	const struct mf_map *map = view->rows->map;
	struct strbuf *to = &output->text;

	begin_data(to, map_message(map->value));
	strbuf_char(to, '{');
	json_string(to, map->name);
	strbuf_text(to, map->key ? ": {" : ": ");
	for (size_t i = 0; i < view->count; i++) {
		size_t row = view->order[i];
		const struct mf_type *key = map_rows_key_type(view->rows, row);

		if (i)
			strbuf_text(to, ", ");
		if (key) {
			json_key(to, &output->values, key, map_rows_key(view->rows, row));
			strbuf_text(to, ": ");
		}
		json_map_value(to, &output->values, map->value, map_rows_value(view->rows, row),
			       view->div);
		if (output_settle(output) < 0)
			return -1;
	}
	strbuf_text(to, map->key ? "}}" : "}");
	end(to);
	return 0;
}

static void put_member(struct strbuf *to, const char *name, const char *text)
{
	strbuf_text(to, ", \"");
	strbuf_text(to, name);
	strbuf_text(to, "\": ");
	json_string(to, text);
}

static void put_number(struct strbuf *to, const char *name, int64_t number)
{
	strbuf_text(to, ", \"");
	strbuf_text(to, name);
	strbuf_text(to, "\": ");
	json_i64(to, number);
}

static void put_place(struct output *output, const struct mf_place *place)
{
	struct strbuf *to = &output->text;

	if (!place)
		return;
	put_member(to, "filename", place->file ? place->file : output->session->manifest->script);
	put_number(to, "line", place->line);
	put_number(to, "col", place->column);
}

/* `count`: how often; 1 goes without saying. */
static void put_warnings(struct output *output, const struct mf_event *event, int64_t code,
			 uint64_t count)
{
	struct strbuf *to = &output->text;

	begin(to, event->helper ? "helper_error" : "runtime_error");
	put_member(to, "msg", event->helper ? helper_message(event, code) : event->message);
	if (event->helper) {
		put_member(to, "helper", event->helper);
		put_number(to, "retcode", code);
	}
	put_place(output, event->place);
	if (count != 1)
		put_number(to, "count", (int64_t)count);
	end(to);
}

static void put_warning(struct output *output, const struct mf_event *event, int64_t code)
{
	put_warnings(output, event, code, 1);
}

static void put_message(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	strbuf_clear(&output->scratch);
	format_text(&output->scratch, &output->values, &output->formats[event->index], record);
	begin(&output->text, event->kind == MF_EVENT_ERRORF ? "errorf" : "warnf");
	put_member(&output->text, "msg", strbuf_c_text(&output->scratch));
	put_place(output, event->place);
	end(&output->text);
	strbuf_clear(&output->scratch);
}

/* {"type": TYPE, "count": N, "data": {NAME: N}, PLACE} */
static void put_count(struct output *output, const char *type, const char *name, uint64_t count,
		      const struct mf_place *place)
{
	struct strbuf *to = &output->text;

	begin(to, type);
	strbuf_text(to, ", \"count\": ");
	json_u64(to, count);
	strbuf_text(to, ", \"data\": {\"");
	strbuf_text(to, name);
	strbuf_text(to, "\": ");
	json_u64(to, count);
	strbuf_char(to, '}');
	put_place(output, place);
	end(to);
}

static void put_attached(struct output *output, uint32_t probes)
{
	put_count(output, "attached_probes", "probes", probes, NULL);
}

static void put_lost(struct output *output, const struct loss *losses, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put_count(output, "lost_events", "events", losses[i].count, losses[i].event->place);
}

/* Readers add up what put_lost said. */
static void put_lost_total(struct output *output, const struct loss *losses, uint32_t count)
{
	(void)output;
	(void)losses;
	(void)count;
}

static void put_end_of_run(struct output *output)
{
	(void)output;
}

const struct renderer json_renderer = {
	.tests = &json_test_renderer,
	.captures_commands = true,
	.text_begin = text_begin,
	.text_end = text_end,
	.value = put_value,
	.map = put_map,
	.warning = put_warning,
	.message = put_message,
	.attached = put_attached,
	.repeated = put_warnings,
	.lost = put_lost,
	.lost_total = put_lost_total,
	.end_of_run = put_end_of_run,
};
