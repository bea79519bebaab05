/* In place of what a run does from attaching on. */
#ifndef BPFLOAD_TESTS_RUN_TRACING_H
#define BPFLOAD_TESTS_RUN_TRACING_H

#include "run_loading.h"
#include "run_scene.h"

/* Attaching. */

int limits_check_memory(const struct session *session, struct failure *failure)
{
	(void)session;
	return step("memory", failure);
}

int session_run(const struct session *session, enum mf_provider provider,
		void (*after)(void *context), void *context, struct failure *failure)
{
	(void)session;
	CHECK(provider == MF_BEGIN || provider == MF_END);
	CHECK(!after == (provider == MF_BEGIN));
	if (after) {
		note("drained behind it:");
		after(context);
	}
	return step(provider == MF_BEGIN ? "begin" : "end", failure);
}

uint32_t session_count(const struct session *session, enum mf_provider provider)
{
	(void)session;
	CHECK(provider == MF_SELF);
	return scene.own_blocks > 1;
}

int cost_begin(struct cost *cost, const char *option, struct failure *failure)
{
	CHECK(cost->statistics.enabled == -1);
	note(option);
	return step("cost", failure);
}

void child_settle(const struct child *child)
{
	if (child->pid)
		note("child waits");
}

int attach_all(struct attachments *attachments, struct failure *failure)
{
	attachments->attached = scene.attached;
	return step("attached", failure);
}

const char *attach_iterator_pin(const struct attachments *attachments)
{
	(void)attachments;
	return scene.pin;
}

int attach_iterator(const struct attachments *attachments)
{
	(void)attachments;
	return scene.iterator;
}

int cost_find(struct cost *cost, const struct attachments *attachments, struct failure *failure)
{
	(void)cost;
	(void)attachments;
	return step("measured", failure);
}

void limits_begin(struct limits *limits)
{
	CHECK((limits->options->max_overhead > 0) == (limits->cost != NULL));
	note("limits");
}

int loop_look(struct loop *loop, void (*report)(void *context), bool (*each)(void *context),
	      void *context, struct failure *failure)
{
	CHECK(loop == scene.loop && !report == !scene.options.cost);
	loop->report = report;
	loop->each = each;
	loop->context = context;
	return step(each ? "looks each second" : "looks", failure);
}

void notify_open(void)
{
	note("manager");
}

uint64_t notify_watchdog(void)
{
	return 17;
}

void figures_begin(struct figures *figures, const struct attachments *attachments,
		   const struct events *events, struct cost *cost)
{
	(void)figures;
	(void)attachments;
	CHECK(events->output == the_output());
	scene.has_cost = cost;
}

void figures_read(struct own_figures *own, void *context)
{
	(void)own;
	(void)context;
}

void output_figures(struct output *output, void (*read)(struct own_figures *own, void *context),
		    void *context)
{
	CHECK(output == the_output() && read == figures_read && context);
	note(scene.has_cost ? "figures with cost" : "figures");
}

void metrics_server_begin(struct metrics_server *of, metrics_reader read, void *context)
{
	CHECK((void *)of == &server);
	CHECK(read(METRICS_OPEN, &scene.log, context) == -5);
}

int output_metrics(struct output *output, enum metric_form form, struct strbuf *to)
{
	CHECK(output == the_output() && form == METRICS_OPEN);
	strbuf_text(to, "metrics\n");
	return -5;
}

const char *metrics_server_url(const struct metrics_server *of)
{
	CHECK((const void *)of == &server);
	return "URL";
}

int metrics_server_fd(const struct metrics_server *of)
{
	CHECK((const void *)of == &server);
	return 72;
}

void metrics_server_turn(struct metrics_server *of)
{
	CHECK((void *)of == &server);
	note("serves");
}

int loop_feed_watchdog(struct loop *loop, uint64_t microseconds, struct failure *failure)
{
	CHECK(loop == scene.loop && microseconds == 17);
	return step("watchdog", failure);
}

int confine(struct session *session, const struct user_account *account, struct failure *failure)
{
	CHECK(session->manifest == &scene.manifest && account->groups);
	return step("confined", failure);
}

void child_release(struct child *child)
{
	note(child->pid ? "child goes on" : "no child");
}

int output_attached(struct output *output, uint32_t probes)
{
	CHECK(output == the_output());
	note_number("tells of", probes);
	return 0;
}

void notify_manager(const char *state)
{
	note(state);
}

/* Tracing. */

int loop_start_timeout(const struct options *options, struct failure *failure)
{
	CHECK(options->timeout_ns == scene.options.timeout_ns);
	return step("timeout", failure);
}

int top_screen_begin(struct top_screen *screen, struct output *output, struct events *events,
		     struct loop *loop, struct child *child, struct failure *failure)
{
	(void)screen;
	(void)child;
	CHECK(output == the_output() && events->output == output && loop == scene.loop);
	return step("screen begins", failure);
}

enum loop_end loop_run(struct loop *loop, struct events *events, struct child *child,
		       struct failure *failure)
{
	(void)child;
	(void)failure;
	CHECK(loop == scene.loop);
	note("TRACING");
	if (scene.reports_cost)
		loop->report(loop->context);
	if (loop->each)
		CHECK(loop->each(loop->context) == scene.looks);
	events->exited = scene.end == LOOP_EXIT;
	events->exit_code = scene.exit_code;
	events->broken |= scene.end == LOOP_BROKEN;
	return scene.end;
}

int iterator_run(const struct session *session, int iterator, struct events *events,
		 struct failure *failure)
{
	(void)session;
	CHECK(iterator == scene.iterator && events->output == the_output());
	return step("iterator", failure);
}

bool limits_look(struct limits *limits)
{
	(void)limits;
	note("limits are looked at");
	return scene.looks;
}

int output_metrics_idle(struct output *output)
{
	CHECK(output == the_output());
	note("metrics are written");
	return scene.no_output;
}

bool output_writes_metrics(const struct options *options)
{
	(void)options;
	return scene.writes_metrics;
}

void cost_read(struct cost *cost)
{
	(void)cost;
	note("cost is read");
}

int output_cost(struct output *output, const struct cost_table *table)
{
	(void)table;
	CHECK(output == the_output());
	note("cost is told");
	return scene.no_output;
}

int output_idle(struct output *output)
{
	CHECK(output == the_output());
	note("idle");
	return 0;
}

/* The end. */

void top_screen_leave(struct top_screen *screen)
{
	(void)screen;
	note("screen leaves");
}

void top_screen_end(struct top_screen *screen)
{
	(void)screen;
	note("screen ends");
}

void top_screen_close(struct top_screen *screen)
{
	(void)screen;
	note("screen goes");
}

void loop_settle_signals(struct loop *loop)
{
	CHECK(loop == scene.loop);
	note("signals settle");
}

void output_stop_waiting(struct output *output)
{
	CHECK(output == the_output());
	note("output waits no more");
}

void figures_settle(struct figures *figures)
{
	(void)figures;
	note("figures settle");
}

void attach_release(struct attachments *attachments)
{
	(void)attachments;
	note("detached");
}

void child_stop(struct child *child)
{
	(void)child;
	note("child stops");
}

enum drain_result events_drain(struct events *events)
{
	CHECK(events->output == the_output());
	note("drain");
	if (!scene.drains)
		return DRAIN_EMPTY;
	scene.drains--;
	events->exited = scene.exits;
	events->broken = scene.breaks;
	return scene.drains % 2 ? DRAIN_SOME : DRAIN_MORE;
}

void events_discard(struct events *events)
{
	(void)events;
	note("discard");
}

void events_resume(struct events *events)
{
	note("resume");
	events->exited = false;
}

void events_check_lost(struct events *events)
{
	/* What is printed at the end is for all that came before. */
	CHECK(events->wanted == 0);
	note("losses");
}

void loop_release_signals(const struct loop *loop, bool signalled)
{
	CHECK(loop == scene.loop);
	note(signalled ? "signals go" : "the first signal is none");
}

void events_tell_totals(struct events *events)
{
	(void)events;
	note("totals");
}

void misses_tell(const struct attachments *attachments, struct output *output)
{
	(void)attachments;
	CHECK(output == the_output());
	note("misses");
}

int output_finish(struct output *output)
{
	CHECK(output == the_output());
	note("maps");
	return scene.no_output;
}

int output_close(struct output *output)
{
	CHECK(output == the_output());
	note("output goes");
	return scene.no_output;
}

bool child_did_not_start(const struct child *child)
{
	(void)child;
	return scene.no_start;
}

int tests_run(const struct session *session, struct events *events, struct failure *failure)
{
	(void)session;
	(void)events;
	return step("tests", failure);
}

int benchmarks_run(const struct session *session, struct events *events, struct failure *failure)
{
	(void)session;
	(void)events;
	return step("benchmarks", failure);
}

void metrics_server_close(struct metrics_server *of)
{
	if (of)
		note("server goes");
}

void figures_free(struct figures *figures)
{
	(void)figures;
	note("figures go");
}

void limits_free(struct limits *limits)
{
	(void)limits;
	note("limits go");
}

void cost_free(struct cost *cost)
{
	(void)cost;
	note("cost goes");
}

void events_close(struct events *events)
{
	(void)events;
	note("events go");
}

bool attach_free(struct attachments *attachments)
{
	(void)attachments;
	note("targets go");
	return scene.leaves_events;
}

void release_leave(void)
{
	note("events are left");
}

void session_free(struct session *session)
{
	(void)session;
	note("session goes");
}

void loop_close(struct loop *loop)
{
	CHECK(loop == scene.loop);
	note("loop goes");
}

#endif
