/* Reads the events of the manifest: what programs send, and the places in the script that do. */
#include "object/manifest_read.h"

#define EVENT_HEADER 8

/* Lines of the script stand in the manifest once, however many places are in them. */
bool mf_event_shows(enum mf_event_kind kind)
{
	switch (kind) {
	case MF_EVENT_PRINTF:
	case MF_EVENT_PRINT_VALUE:
	case MF_EVENT_PRINT_MAP:
	case MF_EVENT_TIME:
	case MF_EVENT_JOIN:
	case MF_EVENT_SYSTEM:
	case MF_EVENT_CAT:
	case MF_EVENT_ERRORF:
	case MF_EVENT_WARNF:
		return true;
	default:
		return false;
	}
}

static const char *source_line(struct manifest_reader *reader, const struct json *json)
{
	uint64_t line = manifest_number(reader, json, "text", UINT32_MAX);

	if (line < reader->manifest->line_count)
		return reader->manifest->lines[line];
	manifest_wrong(reader, "a line that is not there");
	return "";
}

void manifest_place(struct manifest_reader *reader, const struct json *json, struct mf_place *place)
{
	place->line = (uint32_t)manifest_number(reader, json, "line", UINT32_MAX);
	place->column = (uint32_t)manifest_number(reader, json, "column", UINT32_MAX);
	place->end_column = (uint32_t)manifest_number(reader, json, "endColumn", UINT32_MAX);
	place->text = source_line(reader, json);
	place->file = manifest_text_or_null(reader, json, "file");
}

static const struct mf_place *read_place(struct manifest_reader *reader, const struct json *event)
{
	const struct json *json = manifest_optional(reader, event, "place", JSON_OBJECT);
	const struct json *list;
	struct mf_place *place, *uses;

	if (!json)
		return NULL;
	place = manifest_memory(reader, 1, sizeof(*place));
	manifest_place(reader, json, place);
	list = manifest_optional(reader, json, "uses", JSON_ARRAY);
	if (!list)
		return place;
	uses = manifest_memory(reader, list->count, sizeof(*uses));
	place->uses = uses;
	for (json = list->first; json && !reader->failure->status; json = json->next)
		manifest_place(reader, json, &uses[place->use_count++]);
	return place;
}

static void read_event(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	static const char *const changes[] = {"clear", "zero"};
	const struct json *fields = manifest_member(reader, json, "fields", JSON_ARRAY);
	struct mf_event *event = item;
	uint32_t map;

	event->index = index;
	event->kind = (enum mf_event_kind)manifest_choice(reader, json, "kind", mf_event_kind_names,
							  COUNT_OF(mf_event_kind_names));
	event->size = (uint32_t)manifest_number(reader, json, "size", MF_MAX_EVENT_BYTES);
	if (event->size < EVENT_HEADER)
		manifest_wrong(reader, "a record without a header");
	if (fields)
		event->fields = manifest_fields(reader, fields, EVENT_HEADER, event->size, false,
						&event->field_count);
	event->format = manifest_bytes_or_null(reader, json, "format");
	map = (uint32_t)manifest_number_or(reader, json, "map", UINT32_MAX - 1, MF_NONE);
	if (map != MF_NONE && map >= reader->manifest->map_count)
		manifest_wrong(reader, "a map that is not there");
	else if (map != MF_NONE)
		event->map = &reader->manifest->maps[map];
	event->top = (uint32_t)manifest_number_or(reader, json, "top", UINT32_MAX, 0);
	event->div = (uint32_t)manifest_number_or(reader, json, "div", UINT32_MAX, 0);
	event->top_parameter =
		(uint32_t)manifest_number_or(reader, json, "topParam", UINT32_MAX, 0);
	event->div_parameter =
		(uint32_t)manifest_number_or(reader, json, "divParam", UINT32_MAX, 0);
	if (json_member(json, "then"))
		event->then = manifest_choice(reader, json, "then", changes, 2) ? MF_THEN_ZERO
										: MF_THEN_CLEAR;
	event->message = manifest_text_or_null(reader, json, "message");
	event->helper = manifest_text_or_null(reader, json, "helper");
	event->place = read_place(reader, json);
	event->control =
		(uint32_t)manifest_number_or(reader, json, "control", UINT32_MAX - 1, MF_NONE);
}

/* Bounds of parameters have places, too. */
static void read_bound(struct manifest_reader *reader, const struct json *json, void *item,
		       uint32_t index)
{
	struct mf_bound *bound = item;

	(void)index;
	bound->parameter = (uint32_t)manifest_number(reader, json, "param", UINT32_MAX);
	bound->least =
		json_member(json, "least") ? manifest_signed(reader, json, "least") : INT64_MIN;
	bound->most = json_member(json, "most") ? manifest_signed(reader, json, "most") : INT64_MAX;
	bound->expects = manifest_text(reader, json, "expects");
	bound->place = read_place(reader, json);
	if (!bound->place)
		manifest_wrong(reader, "a bound without a place");
}

void manifest_events(struct manifest_reader *reader, const struct json *root)
{
	struct manifest *manifest = reader->manifest;

	if (json_member(root, "bounds"))
		manifest->bounds = manifest_list(reader, root, "bounds", sizeof(*manifest->bounds),
						 read_bound, &manifest->bound_count);
	manifest->events = manifest_list(reader, root, "events", sizeof(*manifest->events),
					 read_event, &manifest->event_count);
}
