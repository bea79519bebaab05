/* software and hardware: a program after every so many events of a counter of perf. */
#include "attach/perf.h"
#include "base/exit_status.h"
#include "session/params.h"
#include "host/perf_counters.h"

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	const char *provider = mf_provider_name(probe->provider);
	uint32_t type = probe->provider == MF_SOFTWARE ? PERF_TYPE_SOFTWARE : PERF_TYPE_HARDWARE;
	struct attach_target target = {
		.probe = probe,
		.counter = find_perf_counter(type, probe->event),
	};
	int64_t count;

	if (!target.counter)
		return attach_failed(failure, STATUS_FAILED, "'%s' is not a %s event.",
				     probe->event, provider);
	target.period = target.counter->period;
	if (probe->period) {
		if (!parse_integer(probe->period, &count) || count <= 0)
			return attach_failed(failure, STATUS_FAILED,
					     "%s count should be a positive integer, not '%s'.",
					     provider, probe->period);
		target.period = (uint64_t)count;
	}
	return attach_add_target(attachments, &target, failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	const struct session *session = attachments->session;
	struct perf_event_attr attributes = {
		.type = target->counter->type,
		.config = target->counter->config,
		.sample_period = target->period,
	};

	if (session->options->pid)
		return perf_attach_to_process(attachments, target, &attributes, failure);
	return perf_attach_to_cpus(attachments, target, &attributes, session->online_cpu_count,
				   failure);
}

const struct attach_provider attach_counter = {.find = find, .attach = attach};
