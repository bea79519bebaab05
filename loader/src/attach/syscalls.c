/*
 * tracepoint:syscalls:sys_enter_* and sys_exit_*: one typed raw tracepoint that every system call
 * passes, and a table in the program's .rodata that says which of them the pattern means. As perf
 * events, hundreds of them would take as many grace periods to detach
 * (kernel/trace/trace_event_perf.c, perf_trace_event_unreg).
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach/attach.h"
#include "base/exit_status.h"
#include "base/say.h"
#include "host/syscalls.h"
#include "host/tracefs.h"

#define CATEGORY "syscalls"

/* `sys_enter_` or `sys_exit_`: what the program's section says. */
static const char *prefix_of(const struct bpf_program *program)
{
	return strstr(bpf_program__section_name(program), "sys_exit") ? "sys_exit_" : "sys_enter_";
}

/* Enters one event into the table if it is wanted; false without memory. */
static bool enter(struct attachments *attachments, struct attach_target *target, uint16_t *table,
		  const char *event, uint32_t number)
{
	struct session *session = attachments->session;
	const struct mf_probe *probe = target->probe;
	bool has_alias = strncmp(probe->name, "tracepoint:", strlen("tracepoint:")) != 0;
	const char *name =
		has_alias ? probe->name
			  : arena_format(&session->arena, "tracepoint:" CATEGORY ":%s", event);
	uint32_t index;

	if (name && !attach_is_wanted(attachments, name))
		return true;
	index = name ? probe_names_index(&session->names, name) : UINT32_MAX;
	if (index >= UINT16_MAX)
		return false;
	table[number] = (uint16_t)(index + 1);
	target->events++;
	return true;
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	const char *prefix = prefix_of(attach_program(attachments, probe));
	struct attach_target target = {.probe = probe};
	struct session *session = attachments->session;
	uint16_t *table = arena_alloc(&session->arena, MF_SYSCALLS * sizeof(*table));
	const char *root = tracefs_root();
	struct tracefs_event *events = NULL;
	bool matched = false;
	int64_t count;

	if (!table ||
	    !session_add_table(session, probe->syscalls, table, MF_SYSCALLS * sizeof(*table)))
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	if (!root)
		return attach_failed(failure, STATUS_FAILED, "%s.", TRACEFS_HINT);
	count = tracefs_match(&session->arena, root, CATEGORY, probe->event, &events);
	if (count < 0)
		return attach_failed(failure, STATUS_PERMISSION,
				     "Cannot list the events of %s: %s.", root, strerror(errno));
	for (int64_t i = 0; i < count; i++) {
		const char *event = events[i].name;
		int64_t number;

		if (strncmp(event, prefix, strlen(prefix)) != 0)
			continue;
		number = syscall_number(event + strlen(prefix));
		if (number < 0 || number >= MF_SYSCALLS) {
			say("WARNING: tracepoint:" CATEGORY ":%s is left out: this loader does not "
			    "know the number of the system call.",
			    event);
			continue;
		}
		matched = true;
		if (!enter(attachments, &target, table, event, (uint32_t)number))
			return attach_failed(failure, STATUS_FAILED, "out of memory");
	}
	if (!matched)
		return attach_missing(failure, "No matches for tracepoint " CATEGORY ":%s.",
				      probe->event);
	return target.events ? attach_add_target(attachments, &target, failure) : ATTACH_OK;
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	return attach_add_link(
		attachments, bpf_program__attach_trace(attach_program(attachments, target->probe)),
		target->probe, failure);
}

const struct attach_provider attach_syscalls = {.find = find, .attach = attach};
