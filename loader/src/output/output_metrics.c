/* When metrics are put together, and where they go. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/say.h"
#include "output/internal.h"
#include "output/metrics.h"
#include "base/replace_file.h"
#include "session/session.h"

/* A file is written anew after so long where the script prints nothing, and not sooner than that
 * where it does. */
#define FILE_INTERVAL_NS UINT64_C(10000000000)
#define FILE_PAUSE_NS UINT64_C(500000000)

static bool is_form(enum output_form form)
{
	return form == FORM_OPENMETRICS || form == FORM_PROMETHEUS;
}

bool output_writes_metrics(const struct options *options)
{
	return is_form(options->form) && options->output;
}

int output_metrics_open(struct output *output, struct failure *failure)
{
	const struct options *options = output->session->options;

	if (!options->metrics && !is_form(options->form))
		return STATUS_OK;
	if (output_writes_metrics(options) && replace_file_try(options->output) != 0)
		return fail(failure, STATUS_FAILED, "cannot write %s: %s", options->output,
			    strerror(errno));
	return metrics_open(&output->metrics, output->session, options->max_series, failure);
}

void output_figures(struct output *output, void (*read)(struct own_figures *own, void *context),
		    void *context)
{
	output->read_figures = read;
	output->figures_context = context;
}

int output_metrics(struct output *output, enum metric_form form, struct strbuf *to)
{
	struct own_figures own = {0};

	if (output->read_figures)
		output->read_figures(&own, output->figures_context);
	return metrics_put(output->metrics, &output->values, &own, form, to);
}

static enum metric_form form_of(const struct options *options)
{
	return options->form == FORM_PROMETHEUS ? METRICS_CLASSIC : METRICS_OPEN;
}

static int write_file(struct output *output)
{
	const struct options *options = output->session->options;
	struct strbuf *to = &output->scratch;
	int error, result = 0;

	strbuf_clear(to);
	error = output_metrics(output, form_of(options), to);
	output->metrics_due = false;
	output->metrics_written = clock_ns(CLOCK_MONOTONIC);
	if (error) {
		/* The file before it is still right of its time. */
		say_error("cannot read the maps: %s", strerror(-error));
	} else if (replace_file(options->output, 0666, to->data, to->length) != 0) {
		fail(output->sink.failure, STATUS_FAILED, "cannot write %s: %s", options->output,
		     strerror(errno));
		output->sink.failed = true;
		result = -1;
	}
	strbuf_clear(to);
	return result;
}

int output_metrics_idle(struct output *output)
{
	uint64_t passed;

	if (output->sink.failed)
		return -1;
	if (!output_writes_metrics(output->session->options) || !output->read_figures)
		return 0;
	passed = clock_ns(CLOCK_MONOTONIC) - output->metrics_written;
	if (passed < (output->metrics_due ? FILE_PAUSE_NS : FILE_INTERVAL_NS))
		return 0;
	return write_file(output);
}

int output_metrics_finish(struct output *output)
{
	const struct options *options = output->session->options;
	int error;

	if (!is_form(options->form))
		return 0;
	if (options->output)
		return write_file(output);
	error = output_metrics(output, form_of(options), &output->text);
	if (error)
		say_error("cannot read the maps: %s", strerror(-error));
	return 0;
}
