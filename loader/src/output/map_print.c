/* Events about maps: print, clear, zero. And the maps that are printed without being asked for. */
#include <stdlib.h>
#include <string.h>

#include "output/map_change.h"
#include "output/map_rows.h"
#include "output/metrics.h"
#include "output/internal.h"
#include "output/recorder.h"
#include "output/replay.h"
#include "session/params.h"
#include "base/memory.h"
#include "base/say.h"
#include "session/session.h"

/*
 * Whether a map is to be emptied for the present event, of its keys too or with `keep` of its
 * values alone. One that was sent before the map was last emptied so far is done with: what had
 * come by then was printed or is gone, and what came since is not its own. So a script that asks
 * more often than programs can be waited for does not fall behind.
 */
static bool empty_again(struct output *output, const struct mf_map *map, bool keep)
{
	size_t index = (size_t)(map - output->session->manifest->maps);
	uint64_t done = keep ? output->emptied[index].values : output->emptied[index].keys;

	if (map->next && output->sent <= done)
		return false;
	output->emptied[index].times++;
	output->emptied[index].values = output->now;
	if (!keep)
		output->emptied[index].keys = output->now;
	return true;
}

/* What is taken out of a map that is a metric counts on. */
static int take_rows(struct map_rows *rows, struct output *output, const struct mf_map *map,
		     bool keep)
{
	int error = map_rows_take(rows, output->session, map, keep);

	if (!error && output->metrics)
		metrics_keep(output->metrics, &output->values, rows);
	return error;
}

/* Empties a map, or with `keep` sets its values to zero. 0, or a negative error number. */
static int empty_map(struct output *output, const struct mf_map *map, bool keep)
{
	struct map_rows rows;
	int error;

	if (!metrics_has(output->metrics, map))
		return keep ? map_zero(output->session, map) : map_clear(output->session, map);
	error = take_rows(&rows, output, map, keep);
	map_rows_free(&rows);
	return error;
}

static int read_map(struct map_rows *rows, struct output *output, const struct mf_map *map,
		    enum mf_then then)
{
	const struct session *session = output->session;
	int error;

	if (output->replay)
		return replay_rows(rows, output, map);
	if (then == MF_THEN_NOTHING)
		return map_rows_read(rows, session, map);
	if (empty_again(output, map, then == MF_THEN_ZERO))
		return take_rows(rows, output, map, then == MF_THEN_ZERO);
	if (then == MF_THEN_CLEAR) {
		map_rows_none(rows, map);
		return 0;
	}
	error = map_rows_read(rows, session, map);
	if (!error)
		map_rows_zero(rows);
	return error;
}

/* It is recorded, and not shown. */
static bool is_silent(const struct output *output)
{
	return output->recorder && !output->recorder->prints;
}

/*
 * `asked`: by print(), which shows zero for a scalar that was never written; the dump at the end
 * passes over such maps.
 */
static int print_map(struct output *output, const struct mf_map *map, uint32_t top, uint32_t div,
		     bool asked, enum mf_then then)
{
	bool buckets = map->value->kind == MF_HIST || map->value->kind == MF_LHIST;
	uint32_t *order = NULL;
	struct map_rows rows;
	struct map_view view;
	int result = 0, error;

	if (output->sink.failed)
		return -1;
	error = read_map(&rows, output, map, then);
	if (!error && output->recorder) {
		result = recorder_rows(output, &rows);
		if (result == 0 && !asked)
			result = recorder_map(output, map);
		if (result != 0)
			goto out;
	}
	if (!error && !rows.count && asked && !map->key && !buckets)
		error = map_rows_add_zero(&rows);
	if (error && !output->replay)
		say_error("cannot read map %s: %s", map->name, strerror(-error));
	if (error || !rows.count || is_silent(output))
		goto out;
	order = memory_array(rows.count, sizeof(*order));
	map_rows_sort(&rows, order);
	view = (struct map_view){
		.rows = &rows, .order = order, .count = rows.count, .div = div ? div : 1};
	/* The greatest stand at the end. */
	if (top && top < view.count) {
		view.order += view.count - top;
		view.count = top;
	}
	result = output->renderer->map(output, &view);
out:
	free(order);
	map_rows_free(&rows);
	return result;
}

int output_dump_map(struct output *output, const struct mf_map *map)
{
	return print_map(output, map, 0, 1, false, MF_THEN_NOTHING);
}

int output_map(struct output *output, const struct mf_map *map, uint32_t top, uint32_t div)
{
	return print_map(output, map, top, div, true, MF_THEN_NOTHING);
}

static int by_name(const void *left, const void *right)
{
	const struct mf_map *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

int output_all_maps(struct output *output)
{
	const struct manifest *manifest = output->session->manifest;
	const struct mf_map **maps = memory_array(manifest->map_count, sizeof(struct mf_map *));
	int result = 0;

	for (uint32_t i = 0; i < manifest->map_count; i++)
		maps[i] = &manifest->maps[i];
	qsort(maps, manifest->map_count, sizeof(struct mf_map *), by_name);
	for (uint32_t i = 0; i < manifest->map_count && result == 0; i++) {
		if (output->recorder)
			recorder_now(output);
		result = print_map(output, maps[i], 0, 1, false, MF_THEN_NOTHING);
	}
	free(maps);
	return result;
}

int run_print_map(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	const struct options *options = output->session->options;
	uint32_t top = params_number(options, event->top_parameter, event->top);
	uint32_t div = params_number(options, event->div_parameter, event->div);

	(void)record;
	return print_map(output, event->map, top, div, true, event->then);
}

int run_clear(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	int error = 0;

	(void)record;
	if (empty_again(output, event->map, false))
		error = empty_map(output, event->map, false);
	if (error)
		say_error("cannot clear map %s: %s", event->map->name, strerror(-error));
	return 0;
}

int run_zero(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	int error = 0;

	(void)record;
	if (empty_again(output, event->map, true))
		error = empty_map(output, event->map, true);
	if (error)
		say_error("cannot set map %s to zero: %s", event->map->name, strerror(-error));
	return 0;
}
