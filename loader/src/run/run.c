#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/iter.h"
#include "attach/release.h"
#include "host/capabilities.h"
#include "run/child.h"
#include "run/cost.h"
#include "run/confine.h"
#include "run/dump.h"
#include "run/events.h"
#include "run/figures.h"
#include "run/iterator.h"
#include "run/limits.h"
#include "run/loop.h"
#include "run/metrics_server.h"
#include "run/misses.h"
#include "session/named_params.h"
#include "run/notify.h"
#include "run/start_report.h"
#include "object/object_file.h"
#include "output/output.h"
#include "base/failure.h"
#include "base/memory.h"
#include "base/say.h"
#include "base/terminal_text.h"
#include "session/session.h"
#include "session/permissions.h"
#include "session/policy.h"
#include "session/trust.h"
#include "run/tests.h"
#include "run/top_screen.h"
#include "session/settings.h"

#define NOTIFY_VARIABLE "__BPFTRACE_NOTIFY_PROBES_ATTACHED"

struct run {
	const struct options *options;
	struct object_file object;
	struct session session;
	struct attachments attachments;
	struct child child;
	struct loop loop;
	struct events events;
	struct top_screen screen;
	struct output *output;
	struct cost cost;
	struct figures figures;
	/* NULL: nobody asks for metrics there. */
	struct metrics_server *server;
	struct limits limits;
	struct policy policy;
	/* What was asked for, within what the policy allows. */
	struct options limited;
	/* Of --user. */
	struct user_account account;
	struct start_report report;
};

/* SIGUSR2, and the end. */
static void tell_cost(void *context)
{
	struct run *run = context;

	cost_read(&run->cost);
	if (output_cost(run->output, &run->cost.table) != 0 || output_idle(run->output) != 0)
		run->events.broken = true;
}

static bool is_limited(const struct options *options)
{
	return options->max_overhead > 0 || options->max_memory;
}

/* Each second. Whether tracing ends. */
static bool look_at_limits(void *context)
{
	struct run *run = context;

	if (output_metrics_idle(run->output) != 0)
		run->events.broken = true;
	return is_limited(run->options) && limits_look(&run->limits);
}

static bool is_measured(const struct options *options)
{
	return options->cost || options->max_overhead > 0;
}

/* What tracing costs counts from here on. */
static int begin_limits(struct run *run, struct failure *failure)
{
	const struct options *options = run->options;
	bool looks = is_limited(options) || output_writes_metrics(options);
	int status = STATUS_OK;

	if (is_measured(options))
		status = cost_find(&run->cost, &run->attachments, failure);
	run->limits = (struct limits){
		.options = options,
		.session = &run->session,
		.attachments = &run->attachments,
		.cost = options->max_overhead > 0 ? &run->cost : NULL,
	};
	if (status != STATUS_OK)
		return status;
	if (is_limited(options))
		limits_begin(&run->limits);
	return loop_look(&run->loop, options->cost ? tell_cost : NULL,
			 looks ? look_at_limits : NULL, run, failure);
}

static int read_metrics(enum metric_form form, struct strbuf *to, void *context)
{
	struct run *run = context;

	return output_metrics(run->output, form, to);
}

static void serve_metrics(void *context)
{
	metrics_server_turn(context);
}

/* From here on metrics are right: everything is attached. */
static int begin_metrics(struct run *run, struct failure *failure)
{
	const struct options *options = run->options;

	figures_begin(&run->figures, &run->attachments, &run->events,
		      is_measured(options) ? &run->cost : NULL);
	output_figures(run->output, figures_read, &run->figures);
	if (!run->server)
		return STATUS_OK;
	metrics_server_begin(run->server, read_metrics, run);
	if (!options->quiet)
		say("Metrics at %s", metrics_server_url(run->server));
	return loop_watch(&run->loop, metrics_server_fd(run->server), serve_metrics, run->server,
			  failure);
}

/* An object runs on another architecture than its own where nothing ties it to that one. */
static int check_architecture(const struct manifest *manifest, struct failure *failure)
{
	const struct mf_tie *tie = manifest->tie_count > 0 ? manifest->ties : NULL;
	struct utsname host;

	if (uname(&host) != 0 || strcmp(host.machine, manifest->kernel_arch) == 0 ||
	    (manifest->has_ties && !tie))
		return STATUS_OK;
	fail(failure, STATUS_KERNEL, "%s object was built for %s, and this machine is %s%s%s.",
	     tie && tie->line ? "The" : "the", manifest->kernel_arch, host.machine, tie ? ": " : "",
	     tie ? tie->reason : "");
	if (tie && tie->line)
		fail_at(failure, tie->file ? tie->file : manifest->script, tie->line);
	return fail_hint(
		failure,
		"Build the script with --kernel, against a description of a kernel for %s.",
		host.machine);
}

/* --verify */
static int check_signature(const struct object_file *object, const char *path,
			   const struct options *options, struct failure *failure)
{
	if (!options->verify)
		return STATUS_OK;
	return trust_check(object, path, options->verify, false, failure);
}

static int read_object(struct run *run, struct failure *failure)
{
	const struct options *options = run->options;
	const char *path = options->objects[0];
	struct capability_uses uses;
	int status;

	if (object_file_read(&run->object, path, failure) != STATUS_OK)
		return fail_at(failure, path, 0);
	status = named_check(options, run->object.manifest, failure);
	if (status == STATUS_OK)
		status = settings_read(&run->object.manifest->config, failure);
	if (status != STATUS_OK)
		return status;
	if (policy_read(&run->policy, POLICY_FILE, failure) != STATUS_OK)
		return failure->status;
	if (policy_check(&run->policy, &run->object, path, options, failure) != STATUS_OK ||
	    check_signature(&run->object, path, options, failure) != STATUS_OK)
		return fail_at(failure, path, 0);
	run->limited = *options;
	policy_limit(&run->policy, &run->limited);
	run->options = &run->limited;
	if (permissions_check(&run->object, options, failure) != STATUS_OK)
		return fail_at(failure, path, 0);
	if (confine_find_user(&run->account, options, failure) != STATUS_OK)
		return failure->status;
	if (check_architecture(run->object.manifest, failure) != STATUS_OK)
		return fail_at(failure, path, 0);
	uses = capability_uses_find(run->object.manifest, &run->object.effects);
	return capabilities_check(&uses, options->pid != 0, failure);
}

/* Opens the object with libbpf, and checks its programs against the manifest. */
static int open_object(struct session *session, const struct options *options,
		       const struct object_file *object, struct failure *failure)
{
	int status = session_open(session, options, object, failure);

	return status == STATUS_OK ? attach_check(session, failure) : status;
}

static void hear(void *context)
{
	const struct run *run = context;

	output_hear(run->output);
}

/* Where the kernel does not tell, names are those that /proc has. */
static int follow_child(struct run *run, struct failure *failure)
{
	int fd = run->child.pid ? output_follow(run->output, (uint32_t)run->child.pid) : -1;

	if (fd < 0)
		return STATUS_OK;
	return loop_watch(&run->loop, fd, hear, run, failure);
}

static int load(struct run *run, struct failure *failure)
{
	const struct options *options = run->options;
	int status = open_object(&run->session, options, &run->object, failure);

	run->session.policy = run->policy.is_there ? &run->policy : NULL;
	if (options->pid)
		process_describe(&run->session.process, options->pid, run->loop.process);
	if (status == STATUS_OK)
		status = tests_choose(&run->session, failure);
	if (status == STATUS_OK)
		status = attach_find(&run->attachments, &run->session, failure);
	if (status != STATUS_OK)
		return status;
	if (run->attachments.target_count == 0 && attach_count_own(&run->session) == 0 &&
	    !options->test && !options->bench)
		return options->quiet ? STATUS_FAILED
				      : fail(failure, STATUS_FAILED, "No probes to attach.");
	status = top_screen_open(&run->screen, options, run->object.manifest, failure);
	if (status == STATUS_OK && options->metrics && !options->test && !options->bench)
		status = metrics_server_open(&run->server, options->metrics, failure);
	if (status == STATUS_OK && options->child)
		status = child_start(&run->child, options->child, options->top, failure);
	if (status == STATUS_OK)
		status = session_load(&run->session, (uint32_t)run->child.pid, failure);
	if (status == STATUS_OK)
		status = dump_write(&run->session, &run->object, failure);
	if (status == STATUS_OK)
		status = output_open(&run->output, &run->session, failure);
	if (status == STATUS_OK) {
		status = output_stop_by(run->output, run->loop.stop);
		/* The signal has done what it is for. */
		if (status != STATUS_OK)
			loop_settle_signals(&run->loop);
	}
	if (status == STATUS_OK)
		status = follow_child(run, failure);
	if (status == STATUS_OK)
		status = events_open(&run->events, &run->session, run->output, failure);
	if (status == STATUS_OK)
		status = loop_watch_ring(&run->loop, &run->events, failure);
	return status;
}

static void announce(const struct run *run)
{
	uint32_t count = run->attachments.attached + attach_count_own(&run->session);
	static const char notice[] = NOTIFY_VARIABLE "\n";
	ssize_t ignored;

	if (!run->options->quiet)
		output_attached(run->output, count);
	notify_manager("READY=1");
	if (getenv(NOTIFY_VARIABLE)) {
		ignored = write(STDOUT_FILENO, notice, sizeof(notice) - 1);
		(void)ignored;
	}
}

/* Handles all that is queued; new records do not come for ever, since nothing is attached any more.
 */
static void drain_all(void *context)
{
	struct run *run = context;

	do
		events_resume(&run->events);
	while (events_drain(&run->events) != DRAIN_EMPTY && !run->events.broken);
}

/* What was queued up to exit() or the end of the ring. */
static void drain_to_exit(struct run *run)
{
	while (!run->events.exited && !run->events.broken &&
	       events_drain(&run->events) != DRAIN_EMPTY)
		;
}

/* After tracing: no more events, the end programs, the last output. */
static int finish(struct run *run, enum loop_end end, struct failure *failure)
{
	int status = STATUS_OK;

	notify_manager("STOPPING=1");
	top_screen_leave(&run->screen);
	if (end == LOOP_SIGNAL) {
		loop_settle_signals(&run->loop);
		output_stop_waiting(run->output);
	}
	figures_settle(&run->figures);
	attach_release(&run->attachments);
	child_stop(&run->child);
	top_screen_end(&run->screen);
	if (end == LOOP_PROCESS || end == LOOP_LIMIT)
		drain_to_exit(run);
	/* After exit() or a signal, what is queued does not count any more. */
	if ((end != LOOP_PROCESS && end != LOOP_LIMIT) || run->events.exited)
		events_discard(&run->events);
	events_resume(&run->events);
	/* What is printed at the end is for all that came before. */
	run->events.wanted = 0;
	if (!run->events.broken)
		status = session_run(&run->session, MF_END, drain_all, run, failure);
	events_check_lost(&run->events);
	loop_release_signals(&run->loop, end == LOOP_SIGNAL);
	events_tell_totals(&run->events);
	misses_tell(&run->attachments, run->output);
	if (!run->events.broken && output_finish(run->output) != 0)
		run->events.broken = true;
	if (run->options->cost && !run->events.broken)
		tell_cost(run);
	if (output_close(run->output) != 0)
		run->events.broken = true;
	run->output = NULL;
	if (run->events.broken || end == LOOP_FAILED || end == LOOP_LIMIT)
		return STATUS_FAILED;
	if (status == STATUS_OK && child_did_not_start(&run->child))
		return STATUS_FAILED;
	return status != STATUS_OK ? status : run->events.exit_code;
}

/* --report. What can fail yet is that rights are given up, after which no file could be made. */
static int report_attached(struct run *run, struct failure *failure)
{
	start_report_next(&run->report);
	return start_report_write(&run->report, run->options, &run->object, &run->attachments,
				  STATUS_OK, failure, failure);
}

/* --report of a start that failed, unless it is what could not be written. */
static void report_failure(struct run *run, int status, const struct failure *why)
{
	struct failure failure = {0};

	start_report_write(&run->report, run->options, &run->object, &run->attachments, status, why,
			   &failure);
	failure_tell(&failure);
	failure_clear(&failure);
}

static int trace(struct run *run, struct failure *failure)
{
	bool dry_run = run->options->dry_run;
	enum loop_end end;
	const char *pin;
	int iterator, status = limits_check_memory(&run->session, failure);

	if (status == STATUS_OK && !dry_run)
		status = session_run(&run->session, MF_BEGIN, NULL, NULL, failure);
	if (status == STATUS_OK && is_measured(run->options))
		status = cost_begin(&run->cost, run->options->cost ? "--cost" : "--max-overhead",
				    failure);
	child_settle(&run->child);
	if (status == STATUS_OK)
		status = attach_all(&run->attachments, failure);
	/* What runs of the script between attaching and detaching is not waited for nor printed. */
	if (status != STATUS_OK || dry_run)
		return status == STATUS_OK ? report_attached(run, failure) : status;
	pin = attach_iterator_pin(&run->attachments);
	if (pin) {
		if (report_attached(run, failure) != STATUS_OK)
			return failure->status;
		/* Others read it from here on; what it sends is not for this process. */
		printf("Program pinned to %s\n", pin);
		return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
	}
	status = begin_limits(run, failure);
	if (status != STATUS_OK)
		return status;
	notify_open();
	if (begin_metrics(run, failure) != STATUS_OK)
		return failure->status;
	if (loop_feed_watchdog(&run->loop, notify_watchdog(), failure) != STATUS_OK)
		return failure->status;
	if (report_attached(run, failure) != STATUS_OK)
		return failure->status;
	if (confine(&run->session, &run->account, failure) != STATUS_OK)
		return failure->status;
	run->report.is_settled = true;
	child_release(&run->child);
	announce(run);
	iterator = attach_iterator(&run->attachments);
	if (iterator) {
		end = LOOP_PROCESS;
		if (iterator_run(&run->session, iterator, &run->events, failure) != STATUS_OK)
			end = LOOP_FAILED;
	} else if (run->attachments.target_count == 0 &&
		   session_count(&run->session, MF_SELF) == 0) {
		/* Only begin and end: nothing more will come. */
		end = LOOP_PROCESS;
		if (run->options->child && !run->options->no_warnings)
			say_warning(
				"the script has only begin and end blocks: it ends at once, and the command of -c with it.");
	} else if (loop_start_timeout(run->options, failure) != STATUS_OK ||
		   top_screen_begin(&run->screen, run->output, &run->events, &run->loop,
				    &run->child, failure) != STATUS_OK) {
		end = LOOP_FAILED;
	} else {
		end = loop_run(&run->loop, &run->events, &run->child, failure);
	}
	return finish(run, end, failure);
}

/* --test, --bench: nothing is attached. */
static int run_tests(struct run *run, struct failure *failure)
{
	const struct options *options = run->options;
	int status = STATUS_OK;

	if (options->dry_run)
		return STATUS_OK;
	if (options->test)
		status = tests_run(&run->session, &run->events, failure);
	if (options->bench && (status == STATUS_OK || options->test)) {
		int measured = benchmarks_run(&run->session, &run->events, failure);

		status = status == STATUS_OK ? measured : status;
	}
	if (output_close(run->output) != 0)
		status = STATUS_FAILED;
	run->output = NULL;
	return status;
}

int run_object(const struct options *options, struct failure *failure)
{
	struct run run = {.options = options, .cost.statistics.enabled = -1};
	bool help = named_want_help(options), has_events_left = false;
	int status = help ? STATUS_OK : start_report_try(options, failure);
	bool reports = !help && status == STATUS_OK;

	if (reports)
		status = dump_try(options, failure);
	start_report_begin(&run.report);
	if (status == STATUS_OK)
		status = read_object(&run, failure);

	if (status == STATUS_OK && help)
		named_print_help(run.object.manifest);
	if (status == STATUS_OK && !help) {
		start_report_next(&run.report);
		status = loop_open(&run.loop, options, failure);
		if (status == STATUS_OK)
			status = load(&run, failure);
		if (status == STATUS_OK)
			start_report_next(&run.report);
		if (status == STATUS_OK)
			status = options->test || options->bench ? run_tests(&run, failure)
								 : trace(&run, failure);
	}
	if (reports && status != STATUS_OK && !run.report.is_settled)
		report_failure(&run, status, failure);
	if (run.report.stage != START_READ) {
		top_screen_leave(&run.screen);
		top_screen_end(&run.screen);
		if (run.output)
			output_close(run.output);
		top_screen_close(&run.screen);
		metrics_server_close(run.server);
		figures_free(&run.figures);
		limits_free(&run.limits);
		cost_free(&run.cost);
		events_close(&run.events);
		has_events_left = attach_free(&run.attachments);
		child_stop(&run.child);
		session_free(&run.session);
		loop_close(&run.loop);
	}
	object_file_free(&run.object);
	free(run.account.groups);
	policy_free(&run.policy);
	if (has_events_left)
		release_leave();
	return status;
}

/* How the object reaches outside, and the option that allows it. */
static void print_effects(const struct effects *effects)
{
	static const char *const allows[] = {
		[MF_NEEDS_NOTHING] = "",
		[MF_NEEDS_RUN] = ": --allow-run",
		[MF_NEEDS_WRITE] = ": --allow-write",
		[MF_NEEDS_UNSAFE] = ": --unsafe",
	};
	struct strbuf text = {0};

	for (uint32_t i = 0; i < effects->count; i++) {
		const struct effect *effect = &effects->items[i];

		char *line =
			memory_format("  %s (%s%s%s)%s\n", mf_effects[effect->kind].does,
				      effect->what, effect->who ? " in " : "",
				      effect->who ? effect->who : "", allows[effect_needs(effect)]);

		strbuf_text(&text, line);
		free(line);
	}
	terminal_write(stdout, &text);
	if (effects->are_denied)
		puts("  its manifest says that it changes nothing");
}

static int check_object(const struct options *options, const char *path, struct failure *failure)
{
	struct object_file object;
	struct session session;
	int status = object_file_read(&object, path, failure);

	if (status == STATUS_OK)
		status = check_signature(&object, path, options, failure);
	if (status != STATUS_OK) {
		fail_at(failure, path, 0);
	} else {
		status = open_object(&session, options, &object, failure);
		session_free(&session);
		if (status == STATUS_OBJECT)
			fail_at(failure, path, 0);
		if (status == STATUS_OK && !options->quiet)
			printf("%s: ok\n", path);
		if (status == STATUS_OK && options->verbose)
			print_effects(&object.effects);
	}
	object_file_free(&object);
	return status;
}

int check_objects(const struct options *options)
{
	int result = STATUS_OK;

	/* What is wrong with one does not keep the others from being checked. */
	for (uint32_t i = 0; i < options->object_count; i++) {
		struct failure failure = {0};
		int status = check_object(options, options->objects[i], &failure);

		failure_tell(&failure);
		failure_clear(&failure);
		if (result == STATUS_OK)
			result = status;
	}
	return result;
}
