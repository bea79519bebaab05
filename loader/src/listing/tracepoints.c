/* tracepoint: events that tracefs has. */
#include <errno.h>
#include <string.h>

#include "host/tracefs.h"
#include "listing/lister.h"

/* The kernel's records begin with 8 bytes that all events have (struct trace_entry,
 * include/linux/trace_events.h). */
#define COMMON_BYTES 8

static int list(struct listing *listing, const struct lister *lister,
		const struct list_fields *fields, struct failure *failure)
{
	/* A single field is a pattern of events in any category. */
	const char *category = fields->count > 1 ? fields->texts[0] : "*";
	const char *event = fields->count > 1 ? fields->texts[1] : list_last_field(fields);
	const char *root = tracefs_root(), *prefix;
	struct tracefs_event *events;
	int64_t count;

	if (!root)
		return fail(failure, STATUS_FAILED, TRACEFS_HINT);
	count = tracefs_match(&listing->arena, root, category, event, &events);
	if (count < 0)
		return fail(failure, STATUS_PERMISSION,
			    "cannot read %s: %s (it needs CAP_DAC_READ_SEARCH)", root,
			    strerror(errno));
	prefix = list_prefix(listing, lister, NULL);
	for (int64_t i = 0; i < count; i++)
		list_add(listing, &(struct listed){
					  .prefix = prefix,
					  .name = arena_format(&listing->arena, "%s:%s",
							       events[i].category, events[i].name),
					  .own = &events[i],
				  });
	return STATUS_OK;
}

static bool is_own(const struct tracefs_declaration *field)
{
	static const char common[] = "common_";

	return field->offset >= COMMON_BYTES &&
	       strncmp(field->name, common, sizeof(common) - 1) != 0;
}

static int put_fields(struct listing *listing, const struct lister *lister,
		      const struct listed *probe, struct failure *failure)
{
	const struct tracefs_event *event = probe->own;
	struct tracefs_declaration field;
	struct arena arena = {0};
	const char *format = tracefs_format(&arena, tracefs_root(), event->category, event->name);

	(void)lister;
	(void)failure;
	/* It may have gone with its module. */
	while (format && tracefs_next_declaration(&format, &field)) {
		if (!is_own(&field))
			continue;
		list_begin_argument(listing);
		strbuf_put(&listing->text, field.type, field.type_length);
		strbuf_char(&listing->text, ' ');
		strbuf_put(&listing->text, field.name, field.name_length);
		strbuf_put(&listing->text, field.array, field.array_length);
		list_end_argument(listing);
	}
	arena_free(&arena);
	return STATUS_OK;
}

const struct lister list_tracepoint = {MF_TRACEPOINT, GROUP_KERNEL, false, list, put_fields};
