/*
 * JSON that can be drawn and named elsewhere: keys, stacks and values keep their parts and types,
 * and every line has a time. docs/output-2.schema.json describes it.
 */
#include <string.h>

#include <sys/utsname.h>

#include "output/internal.h"
#include "output/json_lines.h"
#include "output/json_members.h"
#include "output/replay.h"
#include "output/test_results.h"
#include "output/value_json.h"
#include "output/value_typed.h"
#include "session/session.h"

#define TYPED_SCHEMA 2

static void put_clocks(struct output *output)
{
	struct strbuf *to = &output->text;

	strbuf_text(to, ", \"boot\": ");
	json_u64(to, wall_clock_boot(&output->clock));
	strbuf_text(to, ", \"wall\": \"");
	wall_clock_text(to, wall_clock_now(&output->clock));
	strbuf_char(to, '"');
}

/* The first line says what all others are of. */
static void begin_line(struct output *output)
{
	const struct manifest *manifest = output->session->manifest;
	struct strbuf *to = &output->text;
	struct utsname host;

	if (output->begun)
		return;
	output->begun = true;
	strbuf_text(to, "{\"type\": \"session\"");
	put_clocks(output);
	json_member_i64(to, "schema", TYPED_SCHEMA);
	json_member_text(to, "script", manifest->script);
	json_member_text(to, "producer", manifest->producer);
	if (output->replay) {
		json_member_text(to, "kernel", output->replay->release);
		json_member_text(to, "architecture", output->replay->machine);
	} else if (uname(&host) == 0) {
		json_member_text(to, "kernel", host.release);
		json_member_text(to, "architecture", host.machine);
	}
	json_line_end(output);
}

static void put_context(struct output *output)
{
	struct strbuf *to = &output->text;

	put_clocks(output);
	/* Behind the event's number in every record. */
	if (output->record)
		json_member_i64(to, "cpu", (int64_t)value_load(output->record + 4, 4, false));
}

static struct strbuf *text_begin(struct output *output, enum text_source source)
{
	json_line_begin(output, json_text_types[source]);
	strbuf_text(&output->text, ", \"data\": ");
	output->text_start = output->text.length;
	return &output->text;
}

static void text_end(struct output *output, enum text_source source)
{
	const struct mf_event *event = output->event;
	struct strbuf *to = &output->text;

	json_quote(to, output->text_start);
	if (source == TEXT_PRINTF && event && output->record) {
		strbuf_text(to, ", \"values\": [");
		for (uint32_t i = 0; i < event->field_count; i++) {
			if (i)
				strbuf_text(to, ", ");
			typed_value(to, &output->values, event->fields[i].type,
				    output->record + event->fields[i].offset);
		}
		strbuf_char(to, ']');
	}
	json_line_end(output);
}

static void put_value(struct output *output, const struct mf_type *type, const uint8_t *data)
{
	struct strbuf *to = &output->text;

	json_line_begin(output, "value");
	strbuf_text(to, ", \"value_type\": ");
	typed_type(to, &output->values, type);
	strbuf_text(to, ", \"data\": ");
	typed_value(to, &output->values, type, data);
	json_line_end(output);
}

static int put_map(struct output *output, const struct map_view *view)
{
	const struct mf_map *map = view->rows->map;
	struct strbuf *to = &output->text;

	json_line_begin(output, "map");
	json_member_text(to, "name", map->name);
	strbuf_text(to, ", \"key_types\": ");
	typed_key_type(to, &output->values, map->key);
	strbuf_text(to, ", \"value_type\": ");
	typed_type(to, &output->values, map->value);
	strbuf_text(to, ", \"data\": [");
	for (size_t i = 0; i < view->count; i++) {
		size_t row = view->order[i];

		map_rows_expect(view->rows, view->order + i, view->count - i);
		strbuf_text(to, i ? ", {\"key\": " : "{\"key\": ");
		typed_key(to, &output->values, map_rows_key_type(view->rows, row),
			  map_rows_key(view->rows, row));
		strbuf_text(to, ", \"value\": ");
		typed_map_value(to, &output->values, map->value, map_rows_value(view->rows, row),
				view->div);
		strbuf_char(to, '}');
		if (output_settle(output) < 0)
			return -1;
	}
	strbuf_char(to, ']');
	json_line_end(output);
	return 0;
}

const struct renderer typed_json_renderer = {
	.tests = &json_test_renderer,
	.captures_commands = true,
	.begin_line = begin_line,
	.context = put_context,
	.text_begin = text_begin,
	.text_end = text_end,
	.value = put_value,
	.map = put_map,
	.warning = json_put_warning,
	.message = json_put_message,
	.attached = json_put_attached,
	.repeated = json_put_repeated,
	.lost = json_put_lost,
	.lost_total = json_put_lost_total,
	.missed = json_put_missed,
	.cost = json_put_cost,
	.end_of_run = json_put_end_of_run,
};
