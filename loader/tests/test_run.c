/* A run from its object to its exit status: what follows on what, what is left out where one step
 * fails, and that everything is given back, once. Each step is stood in for: it writes its name
 * into a log. */
#include "run/run.h"

#include <stdlib.h>
#include <unistd.h>

#include "captured.h"
#include "run_loading.h"
#include "run_scene.h"
#include "run_tracing.h"

static void begin(void)
{
	static const char *objects[] = {"an.o", "b.o"};

	failure_clear(&scene.failure);
	strbuf_free(&scene.log);
	memset(&scene, 0, sizeof(scene));
	scene.options.objects = objects;
	scene.options.object_count = 1;
	scene.manifest.kernel_arch = "x86_64";
	scene.manifest.script = "script.bt";
	scene.machine = "x86_64";
	scene.targets = 1;
	scene.attached = 3;
	scene.end = LOOP_PROCESS;
	unsetenv("__BPFTRACE_NOTIFY_PROBES_ATTACHED");
}

static void expect_at(int status, const char *log, int line)
{
	int got = run_object(&scene.options, &scene.failure);

	if (!check_that(got == status, "status", __FILE__, line))
		fprintf(stderr, "  %d instead of %d: %s\n", got, status, scene.failure.text);
	check_text(&scene.log, log, __FILE__, line);
	begin();
}

#define EXPECT(status, log) expect_at((status), (log), __LINE__)

#define CHECKED                                                                                   \
	"report can be\ndump can be\nobject\nnamed\nsettings\npolicy\npolicy allows\npermitted\n" \
	"user\ncapable\n"
#define FOUND CHECKED "loop\nsession\nprograms fit\nchoice\ntargets\n"
#define LOADED "screen\nprograms\ndump\noutput\noutput stops\nevents\nring\n"
#define ATTACHED "memory\nbegin\nattached\n"
#define SETTLED "watchdog\nreport of 0\nreport\nconfined\nno child\n"
#define TOLD "tells of 3\nREADY=1\n"
#define BEGUN "looks\nmanager\nfigures\n" SETTLED TOLD
#define TRACED "timeout\nscreen begins\nTRACING\n"
#define DETACHED "figures settle\ndetached\nchild stops\nscreen ends\n"
#define ENDED "drained behind it:\nresume\ndrain\nend\nlosses\n"
#define LAST "the first signal is none\ntotals\nmisses\nmaps\noutput goes\n"
#define GONE                                                                                     \
	"screen leaves\nscreen ends\nscreen goes\nfigures go\nlimits go\ncost goes\nevents go\n" \
	"targets go\nchild stops\nsession goes\nloop goes\nobject goes\npolicy goes\n"
#define UP_TO_TRACING FOUND LOADED ATTACHED BEGUN TRACED
#define FINISHED "STOPPING=1\nscreen leaves\n" DETACHED "drain\nresume\n" ENDED LAST GONE

static void whole_runs(void)
{
	EXPECT(STATUS_OK, UP_TO_TRACING FINISHED);
	/* All that was queued up to the end of the process counts. */
	scene.drains = 2;
	EXPECT(STATUS_OK, UP_TO_TRACING "STOPPING=1\nscreen leaves\n" DETACHED
					"drain\ndrain\ndrain\nresume\n" ENDED LAST GONE);
	/* exit() among it ends it; nothing behind that is printed. */
	scene.drains = 2;
	scene.exits = true;
	EXPECT(STATUS_OK, UP_TO_TRACING "STOPPING=1\nscreen leaves\n" DETACHED
					"drain\ndiscard\nresume\ndrained behind it:\nresume\n"
					"drain\nresume\ndrain\nend\nlosses\n" LAST GONE);
	scene.end = LOOP_EXIT;
	scene.exit_code = 42;
	EXPECT(42, UP_TO_TRACING "STOPPING=1\nscreen leaves\n" DETACHED
				 "discard\nresume\n" ENDED LAST GONE);
	scene.end = LOOP_SIGNAL;
	EXPECT(STATUS_OK, UP_TO_TRACING
	       "STOPPING=1\nscreen leaves\nsignals settle\noutput waits no more\n" DETACHED
	       "discard\nresume\n" ENDED "signals go\ntotals\nmisses\nmaps\noutput goes\n" GONE);
	scene.end = LOOP_LIMIT;
	scene.exit_code = 42;
	EXPECT(STATUS_FAILED, UP_TO_TRACING FINISHED);
	scene.end = LOOP_FAILED;
	EXPECT(STATUS_FAILED, UP_TO_TRACING "STOPPING=1\nscreen leaves\n" DETACHED
					    "discard\nresume\n" ENDED LAST GONE);
	/* What cannot be written is not tried again. */
	scene.end = LOOP_BROKEN;
	EXPECT(STATUS_FAILED,
	       UP_TO_TRACING "STOPPING=1\nscreen leaves\n" DETACHED
			     "discard\nresume\nlosses\nthe first signal is none\ntotals\n"
			     "misses\noutput goes\n" GONE);
	scene.drains = 2;
	scene.breaks = true;
	EXPECT(STATUS_FAILED, UP_TO_TRACING "STOPPING=1\nscreen leaves\n" DETACHED
					    "drain\nresume\nlosses\nthe first signal is none\n"
					    "totals\nmisses\noutput goes\n" GONE);
	/* What the end blocks send, to the last of it, or until it cannot be written. */
	scene.end = LOOP_EXIT;
	scene.drains = 2;
	EXPECT(STATUS_OK, UP_TO_TRACING "STOPPING=1\nscreen leaves\n" DETACHED
					"discard\nresume\ndrained behind it:\nresume\ndrain\n"
					"resume\ndrain\nresume\ndrain\nend\nlosses\n" LAST GONE);
	scene.end = LOOP_EXIT;
	scene.drains = 2;
	scene.breaks = true;
	EXPECT(STATUS_FAILED,
	       UP_TO_TRACING "STOPPING=1\nscreen leaves\n" DETACHED
			     "discard\nresume\ndrained behind it:\nresume\ndrain\nend\nlosses\n"
			     "the first signal is none\ntotals\nmisses\noutput goes\n" GONE);
	scene.no_output = -1;
	EXPECT(STATUS_FAILED, UP_TO_TRACING FINISHED);
	/* A command that was none, which its own messages say. */
	scene.no_start = true;
	EXPECT(STATUS_FAILED, UP_TO_TRACING FINISHED);
	scene.no_start = true;
	scene.end = LOOP_EXIT;
	scene.exit_code = 3;
	EXPECT(STATUS_FAILED, UP_TO_TRACING "STOPPING=1\nscreen leaves\n" DETACHED
					    "discard\nresume\n" ENDED LAST GONE);
	scene.leaves_events = true;
	EXPECT(STATUS_OK, UP_TO_TRACING FINISHED "events are left\n");
}

/* Whatever fails before probes are there: nothing of what follows is done, it is reported, and what
 * there is goes. */
static void failing_steps(void)
{
	static const char whole[] = FOUND LOADED ATTACHED "looks\nmanager\nfigures\n" SETTLED;
	static const int statuses[] = {STATUS_FAILED, STATUS_KERNEL, STATUS_PERMISSION,
				       STATUS_OBJECT};
	static const char *const steps[] = {
		"report can be", "dump can be",	 "object",   "named",	"settings", "policy",
		"policy allows", "permitted",	 "user",     "capable", "loop",	    "session",
		"programs fit",	 "choice",	 "targets",  "screen",	"programs", "dump",
		"output",	 "output stops", "events",   "ring",	"memory",   "begin",
		"attached",	 "looks",	 "watchdog", "report",	"confined"};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct strbuf expected = {0};
		const char *end = strstr(whole, steps[i]);
		bool has_output;
		int status = statuses[i % 4];

		/* Steps of several words begin as others do. */
		while (end[strlen(steps[i])] != '\n' || (end != whole && end[-1] != '\n'))
			end = strstr(end + 1, steps[i]);
		strbuf_put(&expected, whole, (size_t)(end - whole) + strlen(steps[i]) + 1);
		if (strcmp(steps[i], "output stops") == 0)
			strbuf_text(&expected, "signals settle\n");
		/* What could not be written is not tried again. */
		if (strcmp(steps[i], "report can be") != 0 && strcmp(steps[i], "report") != 0) {
			char text[64];

			snprintf(text, sizeof(text), "report of %d\nreport\n", status);
			strbuf_text(&expected, text);
		}
		has_output = strstr(strbuf_c_text(&expected), "output stops");
		if (strstr(strbuf_c_text(&expected), "loop\n"))
			strbuf_text(&expected, has_output
						       ? "screen leaves\nscreen ends\noutput goes\n"
						       : "screen leaves\nscreen ends\n");
		strbuf_text(&expected, strstr(strbuf_c_text(&expected), "loop\n")
					       ? strstr(GONE, "screen goes")
					       : strstr(GONE, "object goes"));
		/* Without a policy, or an object, there is none to be given back. */
		scene.fails = steps[i];
		scene.status = status;
		if (i < 2) {
			CHECK(run_object(&scene.options, &scene.failure) == status);
			CHECK(!strstr(strbuf_c_text(&scene.log), "object\n"));
			begin();
		} else {
			expect_at(status, strbuf_c_text(&expected), __LINE__);
		}
		strbuf_free(&expected);
	}
	/* What fails once tracing has begun is told as it is, and all ends as it should. */
	scene.fails = "timeout";
	scene.status = STATUS_KERNEL;
	EXPECT(STATUS_FAILED, FOUND LOADED ATTACHED BEGUN
	       "timeout\nSTOPPING=1\nscreen leaves\n" DETACHED "discard\nresume\n" ENDED LAST GONE);
	scene.fails = "screen begins";
	scene.status = STATUS_KERNEL;
	EXPECT(STATUS_FAILED, FOUND LOADED ATTACHED BEGUN
	       "timeout\nscreen begins\nSTOPPING=1\nscreen leaves\n" DETACHED
	       "discard\nresume\n" ENDED LAST GONE);
	scene.fails = "end";
	scene.status = STATUS_PERMISSION;
	EXPECT(STATUS_PERMISSION, UP_TO_TRACING FINISHED);
}

static void other_ways(void)
{
	scene.wants_help = true;
	EXPECT(STATUS_OK, "object\nnamed\nsettings\npolicy\npolicy allows\npermitted\nuser\n"
			  "capable\nhelp\nobject goes\npolicy goes\n");
	scene.wants_help = true;
	scene.fails = "object";
	scene.status = STATUS_OBJECT;
	CHECK(run_object(&scene.options, &scene.failure) == STATUS_OBJECT);
	CHECK(!strstr(strbuf_c_text(&scene.log), "report") &&
	      !strstr(strbuf_c_text(&scene.log), "help"));
	begin();
	scene.options.dry_run = true;
	EXPECT(STATUS_OK, FOUND LOADED "memory\nattached\nreport of 0\nreport\nscreen leaves\n"
				       "screen ends\noutput goes\n"
				       "screen goes\nfigures go\nlimits go\ncost goes\nevents go\n"
				       "targets go\nchild stops\nsession goes\nloop goes\n"
				       "object goes\npolicy goes\n");
	scene.options.quiet = true;
	EXPECT(STATUS_OK, FOUND LOADED ATTACHED "looks\nmanager\nfigures\n" SETTLED
						"READY=1\n" TRACED FINISHED);
	/* begin and end are probes, too. */
	scene.own_blocks = 1;
	scene.targets = 0;
	scene.attached = 0;
	EXPECT(STATUS_OK, FOUND LOADED ATTACHED "looks\nmanager\nfigures\n" SETTLED
						"tells of 1\nREADY=1\n" FINISHED);
	/* A block for signals waits for them. */
	scene.own_blocks = 2;
	scene.targets = 0;
	scene.attached = 0;
	EXPECT(STATUS_OK, FOUND LOADED ATTACHED "looks\nmanager\nfigures\n" SETTLED
						"tells of 2\nREADY=1\n" TRACED FINISHED);
	scene.iterator = 8;
	EXPECT(STATUS_OK, FOUND LOADED ATTACHED BEGUN "iterator\n" FINISHED);
	scene.iterator = 8;
	scene.fails = "iterator";
	scene.status = STATUS_KERNEL;
	EXPECT(STATUS_FAILED,
	       FOUND LOADED ATTACHED BEGUN "iterator\nSTOPPING=1\nscreen leaves\n" DETACHED
					   "discard\nresume\n" ENDED LAST GONE);
}

static void nothing_to_attach(void)
{
	scene.targets = 0;
	CHECK(run_object(&scene.options, &scene.failure) == STATUS_FAILED);
	CHECK(says(&scene.failure, STATUS_FAILED, "No probes to attach."));
	CHECK(!strstr(strbuf_c_text(&scene.log), "programs\n"));
	begin();
	scene.targets = 0;
	scene.options.quiet = true;
	CHECK(run_object(&scene.options, &scene.failure) == STATUS_FAILED);
	CHECK(scene.failure.status == STATUS_OK);
	begin();
}

/* --verify, -p, -c, --metrics: each in its place. */
static void options(void)
{
	scene.options.verify = "keys";
	EXPECT(STATUS_OK, "report can be\ndump can be\nobject\nnamed\nsettings\npolicy\n"
			  "policy allows\ntrusted\npermitted\nuser\ncapable\nloop\nsession\n"
			  "programs fit\nchoice\ntargets\n" LOADED ATTACHED BEGUN TRACED FINISHED);
	scene.options.verify = "keys";
	scene.fails = "trusted";
	scene.status = STATUS_OBJECT;
	CHECK(run_object(&scene.options, &scene.failure) == STATUS_OBJECT);
	CHECK(strcmp(scene.failure.file, "an.o") == 0 &&
	      !strstr(strbuf_c_text(&scene.log), "permitted"));
	begin();
	scene.policy.is_there = true;
	/* Memory is limited then: it is looked at. */
	EXPECT(STATUS_OK, FOUND LOADED ATTACHED
	       "limits\nlooks each second\nmanager\nfigures\n" SETTLED TOLD TRACED
	       "metrics are written\nlimits are looked at\n" FINISHED);
	scene.options.pid = 4321;
	EXPECT(STATUS_OK,
	       CHECKED "loop\nsession\nprograms fit\nprocess\nchoice\ntargets\n" LOADED ATTACHED
		       BEGUN TRACED FINISHED);
	scene.options.child = "true";
	EXPECT(STATUS_OK, FOUND
	       "screen\nchild\nprograms\ndump\noutput\noutput stops\nchild is followed\nwatch 71\n"
	       "hears\nwatched\nevents\nring\nmemory\nbegin\nchild waits\nattached\nlooks\nmanager\n"
	       "figures\nwatchdog\nreport of 0\nreport\nconfined\nchild goes on\n" TOLD TRACED
		       FINISHED);
	scene.options.metrics = "9435";
	EXPECT(STATUS_OK, FOUND
	       "screen\nserver\nprograms\ndump\noutput\noutput stops\nevents\nring\n" ATTACHED
	       "looks\nmanager\nfigures\nmetrics\nwatch 72\nserves\nwatched\n" SETTLED TOLD TRACED
	       "STOPPING=1\nscreen leaves\n" DETACHED "drain\nresume\n" ENDED LAST
	       "screen leaves\nscreen ends\nscreen goes\nserver goes\nfigures go\nlimits go\n"
	       "cost goes\nevents go\ntargets go\nchild stops\nsession goes\nloop goes\n"
	       "object goes\npolicy goes\n");
}

/* Metrics in a file, what probes cost, and what they may. */
static void measuring(void)
{
	scene.writes_metrics = true;
	EXPECT(STATUS_OK,
	       FOUND LOADED ATTACHED "looks each second\nmanager\nfigures\n" SETTLED TOLD TRACED
				     "metrics are written\n" FINISHED);
	scene.options.cost = true;
	scene.reports_cost = true;
	EXPECT(STATUS_OK, FOUND LOADED
	       "memory\nbegin\n--cost\ncost\nattached\nmeasured\nlooks\nmanager\n"
	       "figures with cost\n" SETTLED TOLD TRACED
	       "cost is read\ncost is told\nidle\nSTOPPING=1\nscreen leaves\n" DETACHED
	       "drain\nresume\n" ENDED "the first signal is none\ntotals\nmisses\nmaps\n"
	       "cost is read\ncost is told\nidle\noutput goes\n" GONE);
	scene.options.max_overhead = 1;
	scene.looks = true;
	EXPECT(STATUS_OK,
	       FOUND LOADED "memory\nbegin\n--max-overhead\ncost\nattached\nmeasured\nlimits\n"
			    "looks each second\nmanager\nfigures with cost\n" SETTLED TOLD TRACED
			    "metrics are written\nlimits are looked at\n" FINISHED);
	scene.options.max_overhead = 1;
	scene.fails = "measured";
	scene.status = STATUS_PERMISSION;
	CHECK(run_object(&scene.options, &scene.failure) == STATUS_PERMISSION);
	CHECK(!strstr(strbuf_c_text(&scene.log), "looks"));
	begin();
	scene.options.cost = true;
	scene.fails = "cost";
	scene.status = STATUS_PERMISSION;
	CHECK(run_object(&scene.options, &scene.failure) == STATUS_PERMISSION);
	CHECK(!strstr(strbuf_c_text(&scene.log), "attached"));
	begin();
	/* What cannot be written ends it. */
	scene.options.cost = true;
	scene.reports_cost = true;
	scene.no_output = -1;
	CHECK(run_object(&scene.options, &scene.failure) == STATUS_FAILED);
	CHECK(!strstr(strbuf_c_text(&scene.log), "maps\n"));
	begin();
	scene.writes_metrics = true;
	scene.no_output = -1;
	CHECK(run_object(&scene.options, &scene.failure) == STATUS_FAILED);
	CHECK(!strstr(strbuf_c_text(&scene.log), "maps\n"));
	begin();
}

#define CLOSED "output goes\n" GONE

static void tests_and_benchmarks(void)
{
	scene.options.test = true;
	scene.options.metrics = "9435";
	scene.targets = 0;
	EXPECT(STATUS_OK, FOUND LOADED "tests\n" CLOSED);
	scene.options.bench = true;
	scene.targets = 0;
	scene.options.metrics = "9435";
	EXPECT(STATUS_OK, FOUND LOADED "benchmarks\n" CLOSED);
	scene.options.test = scene.options.bench = true;
	EXPECT(STATUS_OK, FOUND LOADED "tests\nbenchmarks\n" CLOSED);
	/* Benchmarks are measured also where a test failed; which is what counts. */
	scene.options.test = scene.options.bench = true;
	scene.fails = "tests";
	scene.status = STATUS_KERNEL;
	EXPECT(STATUS_KERNEL,
	       FOUND LOADED "tests\nbenchmarks\noutput goes\nreport of 3\nreport\n" GONE);
	scene.options.test = scene.options.bench = true;
	scene.fails = "benchmarks";
	scene.status = STATUS_KERNEL;
	EXPECT(STATUS_KERNEL,
	       FOUND LOADED "tests\nbenchmarks\noutput goes\nreport of 3\nreport\n" GONE);
	scene.options.bench = true;
	scene.no_output = -1;
	EXPECT(STATUS_FAILED, FOUND LOADED "benchmarks\noutput goes\nreport of 1\nreport\n" GONE);
	scene.options.test = true;
	scene.options.dry_run = true;
	EXPECT(STATUS_OK, FOUND LOADED "screen leaves\nscreen ends\noutput goes\nscreen goes\n"
				       "figures go\nlimits go\ncost goes\nevents go\ntargets go\n"
				       "child stops\nsession goes\nloop goes\nobject goes\n"
				       "policy goes\n");
}

/* Where nothing ties an object to its architecture it runs on others. */
static void architectures(void)
{
	static const struct mf_tie ties[] = {{.reason = "it reads registers", .line = 4},
					     {.reason = "another", .line = 9, .file = "b.bt"}};

	scene.machine = "aarch64";
	scene.manifest.has_ties = true;
	EXPECT(STATUS_OK, UP_TO_TRACING FINISHED);
	/* Of old objects it is not known. */
	scene.machine = "aarch64";
	CHECK(run_object(&scene.options, &scene.failure) == STATUS_KERNEL);
	CHECK(says(&scene.failure, STATUS_KERNEL,
		   "the object was built for x86_64, and this machine is aarch64."));
	CHECK(strcmp(scene.failure.file, "an.o") == 0 && scene.failure.line == 0);
	begin();
	for (uint32_t i = 0; i < 2; i++) {
		scene.machine = "aarch64";
		scene.manifest.has_ties = true;
		scene.manifest.ties = &ties[i];
		scene.manifest.tie_count = 1;
		CHECK(run_object(&scene.options, &scene.failure) == STATUS_KERNEL);
		CHECK(says(&scene.failure, STATUS_KERNEL,
			   i ? "The object was built for x86_64, and this machine is aarch64: "
			       "another."
			     : "The object was built for x86_64, and this machine is aarch64: it "
			       "reads registers."));
		CHECK(scene.failure.line == ties[i].line &&
		      strcmp(scene.failure.file, i ? "b.bt" : "script.bt") == 0);
		CHECK(strstr(scene.failure.hint, "a description of a kernel for aarch64."));
		begin();
	}
	scene.manifest.has_ties = true;
	scene.manifest.ties = ties;
	scene.manifest.tie_count = 1;
	EXPECT(STATUS_OK, UP_TO_TRACING FINISHED);
}

/* What is written to a descriptor meanwhile. */
static int said_to(int descriptor, int (*run)(const struct options *options), char text[512])
{
	struct captured captured;
	struct strbuf all = {0};
	int status;

	capture_begin(&captured, descriptor);
	status = run(&scene.options);
	capture_end(&captured, &all);
	snprintf(text, 512, "%s", strbuf_c_text(&all));
	strbuf_free(&all);
	return status;
}

static int run_it(const struct options *options)
{
	return run_object(options, &scene.failure);
}

static void said_on_the_way(void)
{
	static const char notice[] = "__BPFTRACE_NOTIFY_PROBES_ATTACHED\n";
	char text[512];

	/* Whoever asks for it by this name learns that probes are there. */
	setenv("__BPFTRACE_NOTIFY_PROBES_ATTACHED", "1", 1);
	CHECK(said_to(STDOUT_FILENO, run_it, text) == STATUS_OK && strcmp(text, notice) == 0);
	begin();
	CHECK(said_to(STDOUT_FILENO, run_it, text) == STATUS_OK && !*text);
	begin();
	scene.pin = "/sys/fs/bpf/it";
	CHECK(said_to(STDOUT_FILENO, run_it, text) == STATUS_OK);
	CHECK(strcmp(text, "Program pinned to /sys/fs/bpf/it\n") == 0);
	CHECK_TEXT(&scene.log, FOUND LOADED ATTACHED
		   "report of 0\nreport\nscreen leaves\nscreen ends\noutput goes\nscreen goes\n"
		   "figures go\nlimits go\ncost goes\nevents go\ntargets go\nchild stops\n"
		   "session goes\nloop goes\nobject goes\npolicy goes\n");
	begin();
	scene.options.metrics = "9435";
	CHECK(said_to(STDERR_FILENO, run_it, text) == STATUS_OK);
	CHECK(strcmp(text, "Metrics at URL\n") == 0);
	begin();
	scene.options.metrics = "9435";
	scene.options.quiet = true;
	CHECK(said_to(STDERR_FILENO, run_it, text) == STATUS_OK && !*text);
	begin();
	/* A command that nothing looks at. */
	for (int i = 0; i < 3; i++) {
		scene.targets = 0;
		scene.own_blocks = 1;
		scene.options.child = i == 2 ? NULL : "true";
		scene.options.no_warnings = i == 1;
		CHECK(said_to(STDERR_FILENO, run_it, text) == STATUS_OK);
		CHECK(!strstr(text, "only begin and end blocks") == (i != 0));
		begin();
	}
}

static void checking(void)
{
	struct effect effects[] = {{.kind = 0, .what = "a", .who = "begin"},
				   {.kind = 0, .what = "b"}};
	char text[512], line[512];

	CHECK(said_to(STDOUT_FILENO, check_objects, text) == STATUS_OK);
	CHECK(strcmp(text, "an.o: ok\n") == 0);
	CHECK_TEXT(&scene.log, "object\nsession\nprograms fit\nsession goes\nobject goes\n");
	scene.options.quiet = true;
	scene.options.verify = "keys";
	CHECK(said_to(STDOUT_FILENO, check_objects, text) == STATUS_OK && !*text);
	CHECK_TEXT(&scene.log,
		   "object\ntrusted\nsession\nprograms fit\nsession goes\nobject goes\n");
	begin();
	/* What is wrong with one does not keep the others from being checked; the first counts. */
	scene.options.object_count = 2;
	for (int i = 0; i < 4; i++) {
		static const char *const fails[] = {"object", "trusted", "session", "programs fit"};
		static const char *const logs[] = {
			"object\nobject goes\nobject\nobject goes\n",
			"object\ntrusted\nobject goes\nobject\ntrusted\nobject goes\n",
			"object\ntrusted\nsession\nsession goes\nobject goes\n"
			"object\ntrusted\nsession\nsession goes\nobject goes\n",
			"object\ntrusted\nsession\nprograms fit\nsession goes\nobject goes\n"
			"object\ntrusted\nsession\nprograms fit\nsession goes\nobject goes\n"};

		scene.options.verify = "keys";
		scene.fails = fails[i];
		scene.status = STATUS_OBJECT;
		CHECK(said_to(STDERR_FILENO, check_objects, text) == STATUS_OBJECT);
		snprintf(line, sizeof(line), "ERROR: an.o: No %s.\nERROR: b.o: No %s.\n", fails[i],
			 fails[i]);
		if (!CHECK(strcmp(text, line) == 0))
			fprintf(stderr, "  %s\n", text);
		CHECK_TEXT(&scene.log, logs[i]);
	}
	begin();
	/* What it does beyond tracing, and what would allow it. */
	scene.options.verbose = true;
	scene.effects = (struct effects){.items = effects, .count = 2, .are_denied = true};
	CHECK(said_to(STDOUT_FILENO, check_objects, text) == STATUS_OK);
	snprintf(line, sizeof(line),
		 "an.o: ok\n  %s (a in begin)%s\n  %s (b)%s\n"
		 "  its manifest says that it changes nothing\n",
		 mf_effects[0].does,
		 effect_needs(&effects[0]) == MF_NEEDS_UNSAFE ? ": --unsafe" : "",
		 mf_effects[0].does,
		 effect_needs(&effects[1]) == MF_NEEDS_UNSAFE ? ": --unsafe" : "");
	if (!CHECK(strcmp(text, line) == 0))
		fprintf(stderr, "  %s\n  %s\n", text, line);
	begin();
}

int main(void)
{
	begin();
	whole_runs();
	failing_steps();
	other_ways();
	nothing_to_attach();
	options();
	measuring();
	tests_and_benchmarks();
	architectures();
	said_on_the_way();
	checking();
	strbuf_free(&scene.log);
	return check_result("run");
}
