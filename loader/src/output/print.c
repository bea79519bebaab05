/* Events that become text at once: printf, print of a value, time, join. */
#include <string.h>

#include "output/internal.h"
#include "base/say.h"

/* Longest text of time(), with its NUL. */
#define TIME_MAX 64

int run_printf(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	struct strbuf *to = output->renderer->text_begin(output, TEXT_PRINTF);

	format_text(to, &output->values, &output->formats[event->index], record);
	output->renderer->text_end(output, TEXT_PRINTF);
	return 0;
}

const char *check_print_value(const struct mf_event *event)
{
	return event->field_count ? NULL : "it has no value to print";
}

int run_print_value(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	output->renderer->value(output, event->fields[0].type, record + event->fields[0].offset);
	return 0;
}

int run_time(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	struct strbuf *to = output->renderer->text_begin(output, TEXT_TIME);

	(void)record;
	if (!time_text(to, &output->clock, event->format, wall_clock_now(&output->clock), false,
		       TIME_MAX))
		say_error("time(): the text of the format is empty or longer than %d bytes",
			  TIME_MAX - 1);
	output->renderer->text_end(output, TEXT_TIME);
	return 0;
}

/* Field 0: how many texts were read; field 1: room for them. */
const char *check_join(const struct mf_event *event)
{
	const struct mf_type *texts;

	if (event->field_count != 2 || event->fields[0].type->kind != MF_INT)
		return "it is not a count and its texts";
	texts = event->fields[1].type;
	if (texts->kind != MF_ARRAY || texts->element->kind != MF_STRING)
		return "it is not a count and its texts";
	return NULL;
}

int run_join(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	const struct mf_type *texts = event->fields[1].type;
	const uint8_t *text = record + event->fields[1].offset;
	uint64_t count = value_number(event->fields[0].type, record + event->fields[0].offset);
	struct strbuf *to = output->renderer->text_begin(output, TEXT_JOIN);

	for (uint32_t i = 0; i < texts->count && i < count; i++) {
		if (i)
			strbuf_text(to, event->format ? event->format : " ");
		value_string_text(to, &output->values, text, texts->element->capacity);
		text += texts->element->size;
	}
	strbuf_char(to, '\n');
	output->renderer->text_end(output, TEXT_JOIN);
	return 0;
}
