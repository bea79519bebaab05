/* An output that takes nothing, or takes nothing more: each function says so, and none waits for
 * the next to say it. */
#include <fcntl.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"
#include "fixture.h"
#include "output/cost_table.h"
#include "output/internal.h"
#include "output/output.h"
#include "output/renderer.h"

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_store variable = {.kind = MF_STORE_GLOBAL, .value_size = 8, .present = 8};
static struct mf_map map = {.name = "@m", .value = &int64, .stores = &variable, .store_count = 1};
static const struct mf_probe probe = {.name = "begin"};
static const struct mf_event events[] = {
	{.kind = MF_EVENT_PRINTF, .index = 0, .size = 8, .format = "line\n"},
	{.kind = MF_EVENT_WARNING, .index = 1, .size = 8, .message = "watch out"},
	{.kind = MF_EVENT_ERRORF, .index = 2, .size = 8, .format = "it is wrong"},
	{.kind = MF_EVENT_TIME, .index = 3, .size = 8, .format = "now\n"},
	{.kind = MF_EVENT_PRINT_MAP, .index = 4, .size = 8, .map = &map},
	{.kind = MF_EVENT_SYSTEM, .index = 5, .size = 8, .format = "true"},
};

struct tester {
	struct fixture fixture;
	struct output *output;
	int stderr_behind;
};

/* What is said beside the output is nobody's here. A line waits in it that cannot be written. */
static bool setup(struct tester *tester, enum buffering buffering)
{
	struct fixture *fixture = &tester->fixture;
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	*tester = (struct tester){.stderr_behind = dup(STDERR_FILENO)};
	fixture_init(fixture);
	fixture->manifest.events = events;
	fixture->manifest.event_count = sizeof(events) / sizeof(*events);
	fixture->manifest.maps = &map;
	fixture->manifest.map_count = 1;
	fixture->options.output = "/dev/full";
	fixture->options.buffering = buffering;
	fixture->bss[0] = fixture->bss[8] = 1;
	failure_clear(&failure);
	if (!CHECK(output_open(&tester->output, &fixture->session, &failure) == STATUS_OK))
		return false;
	strbuf_text(&tester->output->text, "waits\n");
	dup2(nowhere, STDERR_FILENO);
	close(nowhere);
	return true;
}

static void teardown(struct tester *tester)
{
	dup2(tester->stderr_behind, STDERR_FILENO);
	close(tester->stderr_behind);
	CHECK(output_close(tester->output) == -1);
	CHECK(failure.status == STATUS_FAILED &&
	      strcmp(failure.text, "cannot write the output: No space left on device") == 0);
	fixture_free(&tester->fixture);
}

static int send(struct output *output, int index)
{
	return output_event(output, &events[index], (const uint32_t[]){0, 0}, 8);
}

static int send_line(struct output *output)
{
	return send(output, 0);
}

static int send_warning(struct output *output)
{
	return send(output, 1);
}

static int send_error(struct output *output)
{
	return send(output, 2);
}

static int lose_time(struct output *output)
{
	return output_lost_control(output, &events[3]);
}

static int send_print(struct output *output)
{
	return send(output, 4);
}

static int send_command(struct output *output)
{
	return send(output, 5);
}

static int attach(struct output *output)
{
	return output_attached(output, 1);
}

static int lose(struct output *output)
{
	return output_lost(output, &(struct loss){&events[0], 1}, 1);
}

static int lose_nothing(struct output *output)
{
	return output_lost(output, NULL, 0);
}

static int lose_in_all(struct output *output)
{
	return output_lost_total(output, &(struct loss){&events[0], 1}, 1);
}

static int miss(struct output *output)
{
	return output_missed(output, &(struct miss){&probe, 1}, 1);
}

static int repeat(struct output *output)
{
	return output_repeated(output, &events[1], 0, 1);
}

static int tell_cost(struct output *output)
{
	return output_cost(output, &(struct cost_table){0});
}

static int print_map(struct output *output)
{
	return output_map(output, &map, 0, 1);
}

static int dump_map(struct output *output)
{
	return output_dump_map(output, &map);
}

/* `at_once`: it writes what waits, or says something on stderr, which comes behind that;
 * `unbuffered`: it writes with -B none alone. */
static const struct call {
	int (*call)(struct output *output);
	bool at_once, unbuffered;
} calls[] = {
	{send_line, false, true},
	{send_warning, true, true},
	{send_error, true, true},
	{lose_time, false, true},
	{send_print, false, true},
	{send_command, true, true},
	{attach, true, true},
	{lose, true, true},
	{lose_nothing, true, true},
	{lose_in_all, true, true},
	{miss, true, true},
	{repeat, true, true},
	{tell_cost, true, true},
	{print_map, false, true},
	{dump_map, false, true},
	{output_all_maps, false, true},
	{output_idle, true, true},
	{output_finish, true, true},
	{output_flush, true, true},
	{output_reopen, true, true},
	{output_end_of_run, false, false},
};

static void try(size_t index, enum buffering buffering, int expected)
{
	struct tester tester;
	int first, again;

	if (!setup(&tester, buffering))
		return;
	first = calls[index].call(tester.output);
	/* Whatever it was, from then on nothing is taken. */
	output_flush(tester.output);
	again = calls[index].call(tester.output);
	teardown(&tester);
	if (!CHECK(first == expected) || !CHECK(again == -1))
		fprintf(stderr, "  call %zu, buffering %d: %d, %d\n", index, buffering, first,
			again);
}

static void each_call_tells_what_it_meets(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		try(i, BUFFER_LINE, calls[i].at_once ? -1 : 0);
		try(i, BUFFER_NONE, calls[i].unbuffered ? -1 : 0);
	}
}

/* Nothing is written while nothing waits for it: what is idle has met nothing. */
static void what_is_kept_fails_when_it_is_written(void)
{
	struct tester tester;

	if (!setup(&tester, BUFFER_FULL))
		return;
	CHECK(output_idle(tester.output) == 0 && send_line(tester.output) == 0);
	strbuf_fill(&tester.output->text, 'x', OUTPUT_HIGH_WATER);
	CHECK(output_idle(tester.output) == -1 && output_idle(tester.output) == -1);
	teardown(&tester);
}

int main(void)
{
	each_call_tells_what_it_meets();
	what_is_kept_fails_when_it_is_written();
	failure_clear(&failure);
	return check_result("failed_output");
}
