/* interval (on one CPU) and profile (on all), by the software event cpu-clock. */
#include <stdio.h>
#include <string.h>

#include "attach/perf.h"
#include "session/params.h"

struct timer {
	bool is_frequency;
	/* ns, or Hz. */
	uint64_t period;
};

static enum attach_result not_positive(const struct mf_probe *probe, const char *text,
				       struct failure *failure)
{
	return attach_failed(failure, STATUS_FAILED,
			     "%s frequency should be a positive integer, not '%s'.",
			     mf_provider_name(probe->provider), text);
}

/* What parameters make of `$1`, `$1ms` or `$2$1`: a number of times a second, or a duration with
 * its unit, of which whole microseconds count. */
static enum attach_result read_parameters(const struct mf_probe *probe, const char *text,
					  struct timer *timer, struct failure *failure)
{
	const char *provider = mf_provider_name(probe->provider);
	size_t length = strlen(text);
	bool hertz = length > 2 && strcmp(text + length - 2, "hz") == 0;
	char number[32] = "";
	int64_t value;

	if (!hertz && !timer->is_frequency &&
	    (length == 0 || text[length - 1] < 'a' || text[length - 1] > 'z'))
		return attach_failed(failure, STATUS_FAILED,
				     "%s probe must have unit of time, not '%s'.", provider, text);
	snprintf(number, sizeof(number), "%.*s", (int)(hertz ? length - 2 : length), text);
	timer->is_frequency = timer->is_frequency || hertz;
	if (!parse_integer(number, &value) || value <= 0)
		return not_positive(probe, text, failure);
	if (!timer->is_frequency && value < 1000)
		return attach_failed(failure, STATUS_FAILED,
				     "%s must be at least 1us long, not %s.", provider, text);
	timer->period = (uint64_t)(timer->is_frequency ? value : value - value % 1000);
	return ATTACH_OK;
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_timer_target *wanted = probe->target;
	const struct attach_target target = {.probe = probe};
	struct timer timer = {.is_frequency = wanted->frequency != NULL};
	const char *text = wanted->frequency ? wanted->frequency : wanted->period;
	enum attach_result result = ATTACH_OK;
	int64_t value;

	if (probe->parameters)
		result = read_parameters(probe, text, &timer, failure);
	else if (!parse_integer(text, &value) || value <= 0)
		result = not_positive(probe, text, failure);
	else
		timer.period = (uint64_t)value;
	return result == ATTACH_OK
		       ? attach_add_target(attachments, &target, &timer, sizeof(timer), failure)
		       : result;
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	const struct session *session = attachments->session;
	const struct timer *timer = target->own;
	bool profile = target->probe->provider == MF_PROFILE;
	struct perf_event_attr clock = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = timer->is_frequency,
		/* A union with sample_freq. */
		.sample_period = timer->period,
	};

	if (profile && session->options->pid)
		return perf_attach_to_process(attachments, target, &clock, failure);
	return perf_attach_to_cpus(attachments, target, &clock,
				   profile ? session->online_cpu_count : 1, failure);
}

const struct attach_provider attach_timer = {
	.fits = attach_fits_perf_event, .find = find, .attach = attach};
