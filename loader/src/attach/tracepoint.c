/* tracepoint:CATEGORY:EVENT, by perf events. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "attach/tracepoint.h"
#include "base/closest.h"
#include "host/perf_event.h"
#include "host/tracefs.h"

static bool fits(const struct session *session, const struct mf_probe *probe,
		 const struct bpf_program *program)
{
	const struct mf_tracepoint_target *wanted = probe->target;

	(void)session;
	return wanted->syscalls == MF_NONE ? bpf_program__type(program) == BPF_PROG_TYPE_TRACEPOINT
					   : attach_is_tracing(program, BPF_TRACE_RAW_TP);
}

static enum attach_result add(struct attachments *attachments, const struct mf_probe *probe,
			      const char *category, const struct tracepoint *own, uint64_t cookie,
			      struct failure *failure)
{
	struct arena *arena = &attachments->session->arena;
	const struct attach_target target = {
		.probe = probe,
		.cookie = cookie,
		.shown = arena_format(arena, "%s:%s", category, own->event),
	};

	return attach_add_target(attachments, &target, own, sizeof(*own), failure);
}

static enum attach_result find_matches(struct attachments *attachments, const char *root,
				       const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_tracepoint_target *wanted = probe->target;
	struct arena *arena = &attachments->session->arena;
	struct tracefs_event *events;
	int64_t count = tracefs_match(arena, root, wanted->category, wanted->event, &events);

	if (count < 0)
		return attach_failed(failure, STATUS_PERMISSION,
				     "Cannot list the events of %s: %s.", root, strerror(errno));
	for (int64_t i = 0; i < count; i++) {
		struct tracepoint own = {.event = events[i].name};
		/* The alias if the probe has one. */
		const char *name = attach_has_alias(probe)
					   ? probe->name
					   : arena_format(arena, "tracepoint:%s:%s",
							  events[i].category, events[i].name);
		enum attach_result result;

		if (!attach_is_wanted(attachments, name))
			continue;
		own.id = tracefs_event_id(root, events[i].category, events[i].name);
		/* Events come and go with modules. */
		if (own.id < 0)
			continue;
		result = add(attachments, probe, events[i].category, &own,
			     attach_name_cookie(attachments, name), failure);
		if (result != ATTACH_OK)
			return result;
	}
	return count > 0 ? ATTACH_OK : attach_unmatched(failure, probe);
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_tracepoint_target *wanted = probe->target;
	struct tracepoint own = {.event = wanted->event};
	const char *root = tracefs_root();

	if (wanted->syscalls != MF_NONE)
		return find_syscalls(attachments, probe, failure);
	if (!root)
		return attach_failed(failure, STATUS_FAILED, TRACEFS_HINT ".");
	if (!tracefs_readable(root))
		return attach_failed(failure, STATUS_PERMISSION,
				     "Cannot read %s: %s. It needs CAP_DAC_READ_SEARCH.", root,
				     strerror(errno));
	if (is_pattern(wanted->category) || is_pattern(wanted->event))
		return find_matches(attachments, root, probe, failure);
	own.id = tracefs_event_id(root, wanted->category, wanted->event);
	if (own.id < 0 && (errno == ENOENT || errno == ENOTDIR))
		return attach_missing(failure, "No matches for tracepoint %s:%s.", wanted->category,
				      wanted->event);
	if (own.id < 0)
		return attach_refused(failure, probe, errno);
	return add(attachments, probe, wanted->category, &own, 0, failure);
}

/* As the script writes it: `sched:sched_switch`. */
static const char *near(struct attachments *attachments, const struct mf_probe *probe)
{
	const struct mf_tracepoint_target *wanted = probe->target;
	struct arena *arena = &attachments->session->arena;
	struct closest closest =
		closest_to(arena_format(arena, "%s:%s", wanted->category, wanted->event));
	const char *root = tracefs_root();
	struct tracefs_event *events;
	int64_t count = root ? tracefs_match(arena, root, "*", "*", &events) : 0;

	for (int64_t i = 0; i < count; i++)
		closest_offer(&closest,
			      arena_format(arena, "%s:%s", events[i].category, events[i].name));
	return closest.limit ? closest.name : NULL;
}

static int settle(struct attachments *attachments, struct failure *failure)
{
	(void)failure;
	tracepoints_choose_raw(attachments);
	return STATUS_OK;
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	const struct tracepoint *own = target->own;
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT,
		.config = (uint64_t)own->id,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = 1,
	};
	int fd;

	if (!own->event)
		return attach_syscalls(attachments, target, failure);
	if (tracepoint_is_raw(attachments, target))
		return attach_tracepoint_raw(attachments, target, failure);
	/* On one CPU: the program runs on all, since it belongs to the event and not to its buffer.
	 */
	fd = perf_event_open(&attributes, -1, 0);
	if (fd < 0)
		return attach_refused(failure, target->probe, errno);
	return attach_perf_event(attachments, target, fd, failure);
}

const struct attach_provider attach_tracepoint = {.fits = fits,
						  .has_slow_events = true,
						  .find = find,
						  .near = near,
						  .settle = settle,
						  .attach = attach};
