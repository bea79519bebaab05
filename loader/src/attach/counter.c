/* software and hardware: a program after every so many events of a counter of perf. */
#include "attach/perf.h"
#include "host/perf_counters.h"
#include "session/params.h"

struct counter {
	const struct perf_counter *event;
	/* In events. */
	uint64_t period;
};

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_counter_target *wanted = probe->target;
	const char *provider = mf_provider_name(probe->provider);
	uint32_t type = probe->provider == MF_SOFTWARE ? PERF_TYPE_SOFTWARE : PERF_TYPE_HARDWARE;
	const struct attach_target target = {.probe = probe};
	struct counter counter = {.event = find_perf_counter(type, wanted->event)};
	int64_t count;

	if (!counter.event)
		return attach_failed(failure, STATUS_FAILED, "'%s' is not a %s event.",
				     wanted->event, provider);
	counter.period = counter.event->period;
	if (wanted->count) {
		if (!parse_integer(wanted->count, &count) || count <= 0)
			return attach_failed(failure, STATUS_FAILED,
					     "%s count should be a positive integer, not '%s'.",
					     provider, wanted->count);
		counter.period = (uint64_t)count;
	}
	return attach_add_target(attachments, &target, &counter, sizeof(counter), failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	const struct session *session = attachments->session;
	const struct counter *counter = target->own;
	struct perf_event_attr attributes = {
		.type = counter->event->type,
		.config = counter->event->config,
		.sample_period = counter->period,
	};

	if (session->options->pid)
		return perf_attach_to_process(attachments, target, &attributes, failure);
	return perf_attach_to_cpus(attachments, target, &attributes, session->online_cpu_count,
				   failure);
}

const struct attach_provider attach_counter = {
	.fits = attach_fits_perf_event, .find = find, .attach = attach};
