/* What a test of a run has: options and an object, how each step of it goes, and the log in which
 * each writes its name. */
#ifndef BPFLOAD_TESTS_RUN_SCENE_H
#define BPFLOAD_TESTS_RUN_SCENE_H

#include <errno.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/iter.h"
#include "attach/release.h"
#include "check.h"
#include "host/capabilities.h"
#include "output/output.h"
#include "run/confine.h"
#include "run/cost.h"
#include "run/dump.h"
#include "run/events.h"
#include "run/figures.h"
#include "run/iterator.h"
#include "run/limits.h"
#include "run/loop.h"
#include "run/metrics_server.h"
#include "run/misses.h"
#include "run/notify.h"
#include "run/start_report.h"
#include "run/tests.h"
#include "run/top_screen.h"
#include "says.h"
#include "session/named_params.h"
#include "session/permissions.h"
#include "session/policy.h"
#include "session/session.h"
#include "session/settings.h"
#include "session/trust.h"

static struct {
	struct options options;
	struct manifest manifest;
	struct effects effects;
	struct policy policy;
	struct strbuf log;
	struct failure failure;
	/* The step that fails, and with which status. */
	const char *fails;
	int status;
	/* How it is with the script. */
	bool wants_help;
	uint32_t targets, attached, own_blocks;
	int iterator;
	const char *pin;
	/* What its events do: how often there are some to drain, and what comes of them then. */
	uint32_t drains;
	bool exits, breaks;
	int exit_code;
	/* What the loop does, and how it ends; who is called on the way. */
	enum loop_end end;
	bool looks, reports_cost, has_cost;
	/* How it is with the command of -c. */
	bool no_start;
	/* What cannot be written. */
	int no_output;
	bool writes_metrics;
	bool leaves_events;
	const char *machine;
	struct loop *loop;
	struct start_report *report;
} scene;

static inline void note(const char *name)
{
	strbuf_text(&scene.log, name);
	strbuf_char(&scene.log, '\n');
}

static inline void note_number(const char *name, long long number)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %lld", name, number);
	note(text);
}

/* A step that may fail: an exit status. */
static inline int step(const char *name, struct failure *failure)
{
	note(name);
	if (scene.fails && strcmp(scene.fails, name) == 0)
		return fail(failure, scene.status, "No %s.", name);
	return STATUS_OK;
}

#endif
