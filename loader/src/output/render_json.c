/* Output for programs: one JSON object a line, as docs/output.schema.json describes. */
#include "output/internal.h"
#include "output/json_lines.h"
#include "output/test_results.h"
#include "output/value_json.h"

static void begin_data(struct output *output, const char *type)
{
	json_line_begin(output, type);
	strbuf_text(&output->text, ", \"data\": ");
}

static struct strbuf *text_begin(struct output *output, enum text_source source)
{
	begin_data(output, json_text_types[source]);
	output->text_start = output->text.length;
	return &output->text;
}

static void text_end(struct output *output, enum text_source source)
{
	(void)source;
	json_quote(&output->text, output->text_start);
	json_line_end(output);
}

static void put_value(struct output *output, const struct mf_type *type, const uint8_t *data)
{
	begin_data(output, "value");
	json_value(&output->text, &output->values, type, data);
	json_line_end(output);
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

	begin_data(output, map_message(map->value));
	strbuf_char(to, '{');
	json_string(to, map->name);
	strbuf_text(to, map->key ? ": {" : ": ");
	for (size_t i = 0; i < view->count; i++) {
		size_t row = view->order[i];
		const struct mf_type *key = map_rows_key_type(view->rows, row);

		map_rows_expect(view->rows, view->order + i, view->count - i);
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
	json_line_end(output);
	return 0;
}

const struct renderer json_renderer = {
	.tests = &json_test_renderer,
	.captures_commands = true,
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
