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

#include "attach/tracepoint.h"
#include "base/say.h"
#include "host/syscalls.h"
#include "host/tracefs.h"

#define CATEGORY "syscalls"

/* The two raw tracepoints. */
struct side {
	const char *event;
	/* What the names of its events begin with. */
	const char *prefix;
};

static const struct side at_entry = {"sys_enter", "sys_enter_"};
static const struct side at_exit = {"sys_exit", "sys_exit_"};

/* What the program's section says: `tp_btf/sys_enter_*`. */
static const struct side *side_of(const struct bpf_program *program)
{
	return strstr(bpf_program__section_name(program), at_exit.event) ? &at_exit : &at_entry;
}

/* Enters one event into the table if it is wanted; false where its name has too high a number. */
static bool enter(struct attachments *attachments, struct attach_target *target, uint16_t *table,
		  const char *event, uint32_t number)
{
	const struct mf_probe *probe = target->probe;
	const char *name = attach_has_alias(probe)
				   ? probe->name
				   : arena_format(&attachments->session->arena,
						  "tracepoint:" CATEGORY ":%s", event);
	uint64_t cookie;

	if (!attach_is_wanted(attachments, name))
		return true;
	cookie = attach_name_cookie(attachments, name);
	if (cookie >= UINT16_MAX)
		return false;
	table[number] = (uint16_t)(cookie + 1);
	target->events++;
	return true;
}

enum attach_result find_syscalls(struct attachments *attachments, const struct mf_probe *probe,
				 struct failure *failure)
{
	const struct mf_tracepoint_target *wanted = probe->target;
	struct bpf_program *program = attach_program(attachments, probe);
	const struct side *side = side_of(program);
	struct attach_target target = {.probe = probe};
	const struct tracepoint own = {.event = NULL};
	struct session *session = attachments->session;
	uint16_t *table = arena_alloc(&session->arena, MF_SYSCALLS * sizeof(*table));
	const char *root = tracefs_root();
	struct tracefs_event *events = NULL;
	bool matched = false;
	int64_t count;
	int error;

	session_add_table(session, wanted->syscalls, table, MF_SYSCALLS * sizeof(*table));
	if (!root)
		return attach_failed(failure, STATUS_FAILED, TRACEFS_HINT ".");
	count = tracefs_match(&session->arena, root, CATEGORY, wanted->event, &events);
	if (count < 0)
		return attach_failed(failure, STATUS_PERMISSION,
				     "Cannot list the events of %s: %s.", root, strerror(errno));
	for (int64_t i = 0; i < count; i++) {
		const char *event = events[i].name;
		int64_t number;

		if (strncmp(event, side->prefix, strlen(side->prefix)) != 0)
			continue;
		number = syscall_number(event + strlen(side->prefix));
		if (number < 0 || number >= MF_SYSCALLS) {
			say_warning(
				"tracepoint:" CATEGORY
				":%s is left out: this loader does not know the number of the system call.",
				event);
			continue;
		}
		matched = true;
		if (!enter(attachments, &target, table, event, (uint32_t)number))
			return attach_failed(
				failure, STATUS_FAILED,
				"Cannot attach %s: the script's patterns match more than %u events.",
				probe->name, UINT16_MAX);
	}
	if (!matched)
		return attach_missing(failure, "No matches for tracepoint " CATEGORY ":%s.",
				      wanted->event);
	if (target.events == 0)
		return ATTACH_OK;
	error = bpf_program__set_attach_target(program, 0, side->event);
	if (error)
		return attach_refused(failure, probe, -error);
	return attach_add_target(attachments, &target, &own, sizeof(own), failure);
}

enum attach_result attach_syscalls(struct attachments *attachments,
				   const struct attach_target *target, struct failure *failure)
{
	return attach_add_link(
		attachments, bpf_program__attach_trace(attach_program(attachments, target->probe)),
		target->probe, failure);
}
