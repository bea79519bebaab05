/* Of a recording: nothing is shown but that events were lost or left out, which the user can still
 * act on. */
#include "output/internal.h"
#include "output/cost_table.h"

static struct strbuf *text_begin(struct output *output, enum text_source source)
{
	(void)source;
	return &output->text;
}

/* It is in the recording. */
static void text_end(struct output *output, enum text_source source)
{
	(void)source;
	strbuf_clear(&output->text);
}

static void put_value(struct output *output, const struct mf_type *type, const uint8_t *data)
{
	(void)output;
	(void)type;
	(void)data;
}

static int put_map(struct output *output, const struct map_view *view)
{
	(void)output;
	(void)view;
	return 0;
}

static void put_warning(struct output *output, const struct mf_event *event, int64_t code)
{
	(void)output;
	(void)event;
	(void)code;
}

static void put_message(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	(void)output;
	(void)event;
	(void)record;
}

static void put_attached(struct output *output, uint32_t probes)
{
	text_renderer.attached(output, probes);
}

static void put_repeated(struct output *output, const struct mf_event *event, int64_t code,
			 uint64_t count)
{
	(void)output;
	(void)event;
	(void)code;
	(void)count;
}

static void put_lost(struct output *output, const struct loss *losses, uint32_t count)
{
	text_renderer.lost(output, losses, count);
}

static void put_lost_total(struct output *output, const struct loss *losses, uint32_t count)
{
	text_renderer.lost_total(output, losses, count);
}

static void put_missed(struct output *output, const struct miss *misses, uint32_t count)
{
	text_renderer.missed(output, misses, count);
}

static void put_end_of_run(struct output *output)
{
	(void)output;
}

const struct renderer silent_renderer = {
	.captures_commands = true,
	.text_begin = text_begin,
	.text_end = text_end,
	.value = put_value,
	.map = put_map,
	.warning = put_warning,
	.message = put_message,
	.attached = put_attached,
	.repeated = put_repeated,
	.lost = put_lost,
	.lost_total = put_lost_total,
	.missed = put_missed,
	.cost = text_put_cost,
	.end_of_run = put_end_of_run,
};
