/* kprobe:FUNCTION[+offset] and kretprobe:FUNCTION. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "exit_status.h"
#include "tracefs.h"

/* How a kernel offers kprobes: as a source of perf events (4.17), or by a file in tracefs before.
 */
static bool kernel_has_kprobes(void)
{
	const char *root = tracefs_root();
	char path[256];

	if (access("/sys/bus/event_source/devices/kprobe/type", F_OK) == 0)
		return true;
	if (!root)
		return false;
	snprintf(path, sizeof(path), "%s/kprobe_events", root);
	return access(path, F_OK) == 0;
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	struct attach_target target = {
		.probe = probe, .function = probe->function, .offset = probe->offset};

	if (!kernel_has_kprobes())
		return attach_failed(failure, STATUS_KERNEL,
				     "This kernel has no kprobes: it wants CONFIG_KPROBE_EVENTS.");
	if (is_pattern(probe->function))
		return attach_failed(failure, STATUS_FAILED,
				     "Wildcards in the function of a %s are not supported yet.",
				     mf_provider_name(probe->provider));
	return attach_add_target(attachments, &target, failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	const struct mf_probe *probe = target->probe;
	LIBBPF_OPTS(bpf_kprobe_opts, options, .offset = target->offset,
		    .retprobe = probe->provider == MF_KRETPROBE);
	struct bpf_link *link = bpf_program__attach_kprobe_opts(attach_program(attachments, probe),
								target->function, &options);

	/* The kernel knows no such function, or it is marked notrace (register_kprobe,
	 * kernel/kprobes.c). */
	if (!link && (errno == ENOENT || errno == EADDRNOTAVAIL || errno == EINVAL))
		return attach_missing(failure, "No matches for %s %s%s.",
				      mf_provider_name(probe->provider), target->function,
				      errno == EINVAL ? ", or it cannot be traced there" : "");
	return attach_add_link(attachments, link, probe, failure);
}

const struct attach_provider attach_kprobe = {.newest_first = true, .find = find, .attach = attach};
