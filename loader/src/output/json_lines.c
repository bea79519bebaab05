#include "output/json_lines.h"

#include "output/cost_table.h"
#include "output/internal.h"
#include "output/json_members.h"
#include "output/value_json.h"
#include "session/session.h"

void json_line_begin(struct output *output, const char *type)
{
	struct strbuf *to = &output->text;

	if (output->renderer->begin_line)
		output->renderer->begin_line(output);
	strbuf_text(to, "{\"type\": \"");
	strbuf_text(to, type);
	strbuf_char(to, '"');
	if (output->renderer->context)
		output->renderer->context(output);
}

void json_line_end(struct output *output)
{
	strbuf_text(&output->text, "}\n");
}

void json_member_place(struct output *output, const struct mf_place *place)
{
	struct strbuf *to = &output->text;

	if (!place)
		return;
	json_member_text(to, "filename",
			 place->file ? place->file : output->session->manifest->script);
	json_member_i64(to, "line", place->line);
	json_member_i64(to, "col", place->column);
}

/* `count`: how often; 1 goes without saying. */
void json_put_repeated(struct output *output, const struct mf_event *event, int64_t code,
		       uint64_t count)
{
	struct strbuf *to = &output->text;

	json_line_begin(output, event->helper ? "helper_error" : "runtime_error");
	json_member_text(to, "msg", event->helper ? helper_message(event, code) : event->message);
	if (event->helper) {
		json_member_text(to, "helper", event->helper);
		json_member_i64(to, "retcode", code);
	}
	json_member_place(output, event->place);
	if (count != 1)
		json_member_i64(to, "count", (int64_t)count);
	json_line_end(output);
}

void json_put_warning(struct output *output, const struct mf_event *event, int64_t code)
{
	json_put_repeated(output, event, code, 1);
}

void json_put_message(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	strbuf_clear(&output->scratch);
	format_text(&output->scratch, &output->values, &output->formats[event->index], record);
	json_line_begin(output, event->kind == MF_EVENT_ERRORF ? "errorf" : "warnf");
	json_member_text(&output->text, "msg", strbuf_c_text(&output->scratch));
	json_member_place(output, event->place);
	json_line_end(output);
	strbuf_clear(&output->scratch);
}

/* {"type": TYPE, "count": N, "data": {NAME: N}, "probe": PROBE, PLACE} */
static void put_count(struct output *output, const char *type, const char *name, uint64_t count,
		      const char *probe, const struct mf_place *place)
{
	struct strbuf *to = &output->text;

	json_line_begin(output, type);
	strbuf_text(to, ", \"count\": ");
	json_u64(to, count);
	strbuf_text(to, ", \"data\": {\"");
	strbuf_text(to, name);
	strbuf_text(to, "\": ");
	json_u64(to, count);
	strbuf_char(to, '}');
	if (probe)
		json_member_text(to, "probe", probe);
	json_member_place(output, place);
	json_line_end(output);
}

void json_put_attached(struct output *output, uint32_t probes)
{
	put_count(output, "attached_probes", "probes", probes, NULL, NULL);
}

void json_put_lost(struct output *output, const struct loss *losses, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put_count(output, "lost_events", "events", losses[i].count, NULL,
			  losses[i].event->place);
}

/* Readers add up what put_lost said. */
void json_put_lost_total(struct output *output, const struct loss *losses, uint32_t count)
{
	(void)output;
	(void)losses;
	(void)count;
}

void json_put_missed(struct output *output, const struct miss *misses, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put_count(output, "missed_events", "events", misses[i].count, misses[i].probe->name,
			  misses[i].probe->place);
}

static void put_member_u64(struct strbuf *to, const char *name, uint64_t number)
{
	strbuf_text(to, ", \"");
	strbuf_text(to, name);
	strbuf_text(to, "\": ");
	json_u64(to, number);
}

/* {"type": "cost", "data": [{"probe": NAME, "events": N, "ns": N}], "elapsed": NS, "loader": NS} */
void json_put_cost(struct output *output, const struct cost_table *table)
{
	struct strbuf *to = &output->text;

	json_line_begin(output, "cost");
	strbuf_text(to, ", \"data\": [");
	for (uint32_t i = 0; i < table->count; i++) {
		const struct cost_row *row = &table->rows[i];

		strbuf_text(to, i ? ", {\"probe\": " : "{\"probe\": ");
		json_string(to, row->probe);
		put_member_u64(to, "events", row->events);
		put_member_u64(to, "ns", row->ns);
		if (row->detached)
			strbuf_text(to, ", \"detached\": true");
		strbuf_char(to, '}');
	}
	strbuf_char(to, ']');
	put_member_u64(to, "elapsed", table->elapsed);
	put_member_u64(to, "loader", table->loader);
	json_line_end(output);
}

void json_put_end_of_run(struct output *output)
{
	(void)output;
}
