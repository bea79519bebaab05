/* Patterns of tracepoints by raw tracepoints. */
#include "attach/tracepoint.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/host.h"
#include "host/kernel_btf.h"
#include "session/kernel_types.h"

/* Members of union bpf_attr that BPF_RAW_TRACEPOINT_OPEN reads; the cookie since Linux 6.10. */
struct raw_tracepoint {
	uint64_t name;
	uint32_t program, zero;
	uint64_t cookie;
};

static bool needs_cookie(const struct session *session)
{
	return mf_needs(session->manifest, "bpf_get_attach_cookie");
}

static int compare(const void *name, const void *event)
{
	return strcmp(name, ((const struct kernel_function *)event)->name);
}

static bool is_context_free(const struct mf_probe *probe)
{
	const struct mf_tracepoint_target *wanted = probe->target;

	return wanted->context_free && wanted->syscalls == MF_NONE;
}

/* The event of a target that is one tracepoint; NULL: it is another thing. */
static const char *event_of(const struct attach_target *target)
{
	const struct tracepoint *own = target->own;

	return target->provider == &attach_tracepoint ? own->event : NULL;
}

/* Whether another probe stands on the event by a perf event: the kernel runs all of those at the
 * place of the first, so the order of the script would be lost. */
static bool is_shared(const struct attachments *attachments, const char *event)
{
	for (uint32_t i = 0; i < attachments->target_count; i++) {
		const struct attach_target *other = &attachments->targets[i];
		const char *name = event_of(other);

		if (name && !is_context_free(other->probe) && strcmp(name, event) == 0)
			return true;
	}
	return false;
}

/* Whether all events of a probe are raw tracepoints, and there are several. */
static bool is_eligible(const struct attachments *attachments, const struct mf_probe *probe,
			const struct kernel_function *events, size_t count)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < attachments->target_count; i++) {
		const struct attach_target *target = &attachments->targets[i];

		if (target->probe->index != probe->index)
			continue;
		if (!bsearch(event_of(target), events, count, sizeof(*events), compare) ||
		    is_shared(attachments, event_of(target)))
			return false;
		found++;
	}
	return found > 1;
}

void tracepoints_choose_raw(struct attachments *attachments)
{
	struct session *session = attachments->session;
	const struct manifest *manifest = session->manifest;
	struct kernel_function *events = NULL;
	int64_t count = 0;

	for (uint32_t i = 0; i < manifest->probe_count; i++) {
		const struct mf_probe *probe = &manifest->probes[i];

		if (probe->provider != MF_TRACEPOINT || !is_context_free(probe) ||
		    !session->programs[i])
			continue;
		if (!events) {
			/* Before Linux 6.1 such programs could interrupt themselves ("bpf: Prevent
			 * bpf program recursion for raw tracepoint probes"). */
			if (!host_kernel_is(6, 1) ||
			    (needs_cookie(session) && !host_kernel_is(6, 10)))
				return;
			count = session_kernel_events(session, NULL, "*", &events);
			if (count <= 0)
				return;
		}
		if (is_eligible(attachments, probe, events, (size_t)count))
			bpf_program__set_type(session->programs[i], BPF_PROG_TYPE_RAW_TRACEPOINT);
	}
}

bool tracepoint_is_raw(const struct attachments *attachments, const struct attach_target *target)
{
	return bpf_program__type(attach_program(attachments, target->probe)) ==
	       BPF_PROG_TYPE_RAW_TRACEPOINT;
}

enum attach_result attach_tracepoint_raw(struct attachments *attachments,
					 const struct attach_target *target,
					 struct failure *failure)
{
	struct raw_tracepoint attributes = {
		.name = (uint64_t)(uintptr_t)event_of(target),
		.program = (uint32_t)bpf_program__fd(attach_program(attachments, target->probe)),
		.cookie = target->cookie,
	};
	/* Older kernels refuse what they do not know unless it is 0. */
	size_t size = needs_cookie(attachments->session) ? sizeof(attributes)
							 : offsetof(struct raw_tracepoint, cookie);
	int link = (int)syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attributes, size);

	return attach_add_descriptor(attachments, link, target->probe, failure);
}
