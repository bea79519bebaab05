#include "output/aside.h"

#include "output/internal.h"

/* What follows, up to end_aside, is text for standard error. */
static void begin_aside(struct output *output)
{
	output_capture_begin(output);
	/* It ends here, too. */
	output->renderer = output->renderer_behind;
	output->values.to_terminal = output->stderr_is_terminal;
}

static void end_aside(struct output *output)
{
	uint32_t errors;

	output_capture_end(output, &errors);
	output->values.to_terminal = false;
	output_say(output, &output->captured);
}

struct strbuf *aside_text_begin(struct output *output, enum text_source source)
{
	begin_aside(output);
	return text_renderer.text_begin(output, source);
}

void aside_text_end(struct output *output, enum text_source source)
{
	text_renderer.text_end(output, source);
	end_aside(output);
}

void aside_value(struct output *output, const struct mf_type *type, const uint8_t *data)
{
	begin_aside(output);
	text_renderer.value(output, type, data);
	end_aside(output);
}

int aside_map(struct output *output, const struct map_view *view)
{
	int result;

	begin_aside(output);
	result = text_renderer.map(output, view);
	end_aside(output);
	return result;
}

void aside_warning(struct output *output, const struct mf_event *event, int64_t code)
{
	text_renderer.warning(output, event, code);
}

void aside_message(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	text_renderer.message(output, event, record);
}

void aside_attached(struct output *output, uint32_t probes)
{
	text_renderer.attached(output, probes);
}

void aside_repeated(struct output *output, const struct mf_event *event, int64_t code,
		    uint64_t count)
{
	text_renderer.repeated(output, event, code, count);
}

void aside_lost(struct output *output, const struct loss *losses, uint32_t count)
{
	text_renderer.lost(output, losses, count);
}

void aside_lost_total(struct output *output, const struct loss *losses, uint32_t count)
{
	text_renderer.lost_total(output, losses, count);
}

void aside_missed(struct output *output, const struct miss *misses, uint32_t count)
{
	text_renderer.missed(output, misses, count);
}

void aside_end_of_run(struct output *output)
{
	(void)output;
}
