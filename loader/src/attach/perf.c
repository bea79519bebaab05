#include "attach/perf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/perf_event.h"
#include "session/watches.h"

/* What the kernel means by refusing an event (perf_event_open(2); kernel/events/core.c). */
static enum attach_result refuse(const struct perf_event_attr *attributes,
				 const struct mf_probe *probe, struct failure *failure)
{
	bool none = errno == ENOENT || errno == ENODEV || errno == EOPNOTSUPP || errno == ENOSYS;

	if (errno == EINVAL && attributes->freq)
		return attach_failed(
			failure, STATUS_FAILED,
			"Cannot attach %s: the kernel refuses the frequency; /proc/sys/kernel/perf_event_max_sample_rate limits it.",
			probe->name);
	if (attributes->type == PERF_TYPE_BREAKPOINT && errno == ENOSPC)
		return attach_failed(
			failure, STATUS_FAILED,
			"Cannot attach %s: all hardware breakpoints of the processor are in use.",
			probe->name);
	if (attributes->type == PERF_TYPE_BREAKPOINT && errno == EINVAL)
		return attach_failed(
			failure, STATUS_FAILED,
			"Cannot attach %s: the processor cannot watch that (an address has to be a multiple of the length).",
			probe->name);
	if (none && attributes->type == PERF_TYPE_BREAKPOINT)
		return attach_lacking(failure,
				      "Cannot attach %s: this machine has no hardware breakpoints.",
				      probe->name);
	if (none && attributes->type == PERF_TYPE_HARDWARE)
		return attach_lacking(
			failure,
			"Cannot attach %s: this machine does not count the event (the processor has no such counter, or the virtual machine is not given it).",
			probe->name);
	return attach_refused(failure, probe, errno);
}

/* Of the descriptor's errors, errno is still there for the caller. */
static enum attach_result open_event(struct attachments *attachments,
				     const struct attach_target *target,
				     struct perf_event_attr *attributes, int pid, int cpu,
				     struct failure *failure)
{
	int fd = perf_event_open(attributes, pid, cpu);
	enum attach_result result;

	if (fd < 0)
		return refuse(attributes, target->probe, failure);
	result = attach_perf_event(attachments, target, fd, failure);
	if (result == ATTACH_OK && attributes->type == PERF_TYPE_BREAKPOINT)
		watches_add(attachments->session, attributes->bp_addr, fd);
	return result;
}

enum attach_result perf_attach_to_cpus(struct attachments *attachments,
				       const struct attach_target *target,
				       struct perf_event_attr *attributes, uint32_t count,
				       struct failure *failure)
{
	const uint32_t *cpus = attachments->session->online_cpus;
	enum attach_result result = ATTACH_OK;

	for (uint32_t i = 0; i < count && result == ATTACH_OK; i++)
		result = open_event(attachments, target, attributes, -1, (int)cpus[i], failure);
	return result;
}

enum attach_result perf_attach_to_command(struct attachments *attachments,
					  const struct attach_target *target,
					  struct perf_event_attr *attributes,
					  struct failure *failure)
{
	attributes->inherit = 1;
	return open_event(attachments, target, attributes, (int)attachments->session->child_pid, -1,
			  failure);
}

/* A perf event follows one thread: a process takes one for each. */
enum attach_result perf_attach_to_process(struct attachments *attachments,
					  const struct attach_target *target,
					  struct perf_event_attr *attributes,
					  struct failure *failure)
{
	const struct process *process = &attachments->session->process;
	char path[64];
	enum attach_result result = ATTACH_OK;
	struct dirent *entry;
	uint32_t count = 0;
	DIR *folder;

	attributes->inherit = 1;
	snprintf(path, sizeof(path), "/proc/%u/task", process->in_proc);
	folder = opendir(path);
	if (!folder)
		return attach_failed(failure, STATUS_FAILED, "Process %u is not there.",
				     process->pid);
	while (result == ATTACH_OK && (entry = readdir(folder))) {
		int thread = atoi(entry->d_name);

		if (thread <= 0)
			continue;
		if (process->in_proc != process->pid)
			thread = (int)process_thread(process->in_proc, (uint32_t)thread);
		if (!thread)
			continue;
		result = open_event(attachments, target, attributes, thread, -1, failure);
		/* A thread that ended meanwhile needs no event. */
		if (result == ATTACH_MISSING && errno == ESRCH)
			result = ATTACH_OK;
		else
			count++;
	}
	closedir(folder);
	if (result == ATTACH_OK && count == 0)
		return attach_failed(failure, STATUS_FAILED, "Process %u is not there.",
				     process->pid);
	return result;
}
