/*
 * Metrics for Prometheus and what reads its formats: the whole of them, each time that the script
 * prints one of its maps, into a file that is replaced at once (base/replace_file.h); without a
 * file, once at the end. What the script prints besides is text on standard error.
 */
#include "output/aside.h"
#include "output/cost_table.h"
#include "output/internal.h"
#include "output/metrics.h"
#include "output/test_results.h"

static int put_map(struct output *output, const struct map_view *view)
{
	if (!metrics_has(output->metrics, view->rows->map))
		return aside_map(output, view);
	output->metrics_due = true;
	return 0;
}

const struct renderer metrics_renderer = {
	.tests = &text_test_renderer,
	.captures_commands = true,
	.text_begin = aside_text_begin,
	.text_end = aside_text_end,
	.value = aside_value,
	.map = put_map,
	.warning = aside_warning,
	.message = aside_message,
	.attached = aside_attached,
	.repeated = aside_repeated,
	.lost = aside_lost,
	.lost_total = aside_lost_total,
	.missed = aside_missed,
	.cost = text_put_cost,
	.end_of_run = aside_end_of_run,
};
