/* tracepoint:CATEGORY:EVENT, by perf events. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach/attach.h"
#include "attach/tracepoint_raw.h"
#include "base/exit_status.h"
#include "host/perf_event.h"
#include "host/tracefs.h"

/* Name of one event of a wildcard: the alias if the probe has one. */
static const char *name_of(struct attachments *attachments, const struct mf_probe *probe,
			   const struct tracefs_event *event)
{
	if (strncmp(probe->name, "tracepoint:", strlen("tracepoint:")) != 0)
		return probe->name;
	return arena_format(&attachments->session->arena, "tracepoint:%s:%s", event->category,
			    event->name);
}

static enum attach_result find_matches(struct attachments *attachments, const char *root,
				       const struct mf_probe *probe, struct attach_failure *failure)
{
	struct session *session = attachments->session;
	struct tracefs_event *events;
	int64_t count =
		tracefs_match(&session->arena, root, probe->category, probe->event, &events);

	if (count < 0)
		return attach_failed(failure, STATUS_PERMISSION,
				     "Cannot list the events of %s: %s.", root, strerror(errno));
	for (int64_t i = 0; i < count; i++) {
		struct attach_target target = {
			.probe = probe, .category = events[i].category, .event = events[i].name};
		const char *name = name_of(attachments, probe, &events[i]);
		enum attach_result result;
		uint32_t cookie;

		if (name && !attach_is_wanted(attachments, name))
			continue;
		cookie = name ? probe_names_index(&session->names, name) : UINT32_MAX;
		if (cookie == UINT32_MAX)
			return attach_failed(failure, STATUS_FAILED, "out of memory");
		target.cookie = cookie;
		target.event_id = tracefs_event_id(root, target.category, target.event);
		/* Events come and go with modules. */
		if (target.event_id < 0)
			continue;
		result = attach_add_target(attachments, &target, failure);
		if (result != ATTACH_OK)
			return result;
	}
	return count > 0 ? ATTACH_OK
			 : attach_missing(failure, "No matches for tracepoint %s:%s.",
					  probe->category, probe->event);
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	struct attach_target target = {
		.probe = probe, .category = probe->category, .event = probe->event};
	const char *root = tracefs_root();

	if (!root)
		return attach_failed(failure, STATUS_FAILED, "%s.", TRACEFS_HINT);
	if (!tracefs_readable(root))
		return attach_failed(failure, STATUS_PERMISSION,
				     "Cannot read %s: %s. It needs CAP_DAC_READ_SEARCH.", root,
				     strerror(errno));
	if (is_pattern(probe->category) || is_pattern(probe->event))
		return find_matches(attachments, root, probe, failure);
	target.event_id = tracefs_event_id(root, probe->category, probe->event);
	if (target.event_id < 0 && (errno == ENOENT || errno == ENOTDIR))
		return attach_missing(failure, "No matches for tracepoint %s:%s.", probe->category,
				      probe->event);
	if (target.event_id < 0)
		return attach_refused(failure, probe, errno);
	return attach_add_target(attachments, &target, failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT,
		.config = (uint64_t)target->event_id,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = 1,
	};
	int fd;

	if (tracepoint_is_raw(attachments, target))
		return attach_tracepoint_raw(attachments, target, failure);
	/* On one CPU: the program runs on all, since it belongs to the event and not to its buffer.
	 */
	fd = perf_event_open(&attributes, -1, 0);

	if (fd < 0)
		return attach_refused(failure, target->probe, errno);
	return attach_perf_event(attachments, target, fd, failure);
}

const struct attach_provider attach_tracepoint = {.find = find, .attach = attach};
