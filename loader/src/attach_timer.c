/* interval (on one CPU) and profile (on all), by the software event cpu-clock. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "exit_status.h"
#include "params.h"
#include "perf_event.h"

/* What parameters make of `$1`, `$1ms` or `$2$1`: a number of times a second, or a duration with
 * its unit, of which whole microseconds count. */
static enum attach_result read_parameters(const struct mf_probe *probe, const char *text,
					  struct attach_target *target,
					  struct attach_failure *failure)
{
	const char *provider = mf_provider_name(probe->provider);
	size_t length = strlen(text);
	bool hertz = length > 2 && strcmp(text + length - 2, "hz") == 0;
	char number[32] = "";
	int64_t value;

	if (!hertz && !target->is_frequency &&
	    (length == 0 || text[length - 1] < 'a' || text[length - 1] > 'z'))
		return attach_failed(failure, STATUS_FAILED,
				     "%s probe must have unit of time, not '%s'.", provider, text);
	snprintf(number, sizeof(number), "%.*s", (int)(hertz ? length - 2 : length), text);
	target->is_frequency = target->is_frequency || hertz;
	if (!parse_integer(number, &value) || value <= 0)
		return attach_failed(failure, STATUS_FAILED,
				     "%s frequency should be a positive integer, not '%s'.",
				     provider, text);
	if (!target->is_frequency && value < 1000)
		return attach_failed(failure, STATUS_FAILED,
				     "%s must be at least 1us long, not %s.", provider, text);
	target->period = (uint64_t)(target->is_frequency ? value : value - value % 1000);
	return ATTACH_OK;
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	struct attach_target target = {.probe = probe, .is_frequency = probe->frequency != NULL};
	const char *text = probe->frequency ? probe->frequency : probe->period;
	enum attach_result result = ATTACH_OK;
	int64_t value;

	if (probe->parameters)
		result = read_parameters(probe, text, &target, failure);
	else if (!parse_integer(text, &value) || value <= 0)
		result = attach_failed(failure, STATUS_FAILED,
				       "%s frequency should be a positive integer, not '%s'.",
				       mf_provider_name(probe->provider), text);
	else
		target.period = (uint64_t)value;
	return result == ATTACH_OK ? attach_add_target(attachments, &target, failure) : result;
}

static enum attach_result open_clock(struct attachments *attachments,
				     const struct attach_target *target, int pid, int cpu,
				     struct attach_failure *failure)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = target->is_frequency,
		/* Threads that a traced process starts later are counted too. */
		.inherit = pid > 0,
	};
	int fd;

	if (target->is_frequency)
		attributes.sample_freq = target->period;
	else
		attributes.sample_period = target->period;
	fd = perf_event_open(&attributes, pid, cpu);
	if (fd < 0 && errno == EINVAL && target->is_frequency)
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot attach %s: the kernel refuses the frequency; "
				     "/proc/sys/kernel/perf_event_max_sample_rate limits it.",
				     target->probe->name);
	if (fd < 0)
		return attach_refused(failure, target->probe, errno);
	return attach_perf_event(attachments, target, fd, failure);
}

/* A perf event follows one thread: -p takes one for each. */
static enum attach_result attach_to_process(struct attachments *attachments,
					    const struct attach_target *target, uint32_t pid,
					    struct attach_failure *failure)
{
	char path[64];
	enum attach_result result = ATTACH_OK;
	struct dirent *entry;
	uint32_t count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	folder = opendir(path);
	if (!folder)
		return attach_failed(failure, STATUS_FAILED, "Process %u is not there.", pid);
	while (result == ATTACH_OK && (entry = readdir(folder))) {
		int thread = atoi(entry->d_name);

		if (thread <= 0)
			continue;
		result = open_clock(attachments, target, thread, -1, failure);
		/* A thread that ended meanwhile needs no event. */
		if (result == ATTACH_MISSING && errno == ESRCH)
			result = ATTACH_OK;
		else
			count++;
	}
	closedir(folder);
	if (result == ATTACH_OK && count == 0)
		return attach_failed(failure, STATUS_FAILED, "Process %u is not there.", pid);
	return result;
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	const struct session *session = attachments->session;
	enum attach_result result = ATTACH_OK;
	uint32_t count = session->online_cpu_count;

	if (target->probe->provider == MF_PROFILE && session->options->pid)
		return attach_to_process(attachments, target, session->options->pid, failure);
	if (target->probe->provider == MF_INTERVAL)
		count = 1;
	for (uint32_t i = 0; i < count && result == ATTACH_OK; i++)
		result = open_clock(attachments, target, -1, (int)session->online_cpus[i], failure);
	return result;
}

const struct attach_provider attach_timer = {.find = find, .attach = attach};
