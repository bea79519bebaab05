/* In place of what a run does before its programs are attached. */
#ifndef BPFLOAD_TESTS_RUN_LOADING_H
#define BPFLOAD_TESTS_RUN_LOADING_H

#include "run_scene.h"

/* Reading and checking. */

bool named_want_help(const struct options *options)
{
	CHECK(options == &scene.options);
	return scene.wants_help;
}

void named_print_help(const struct manifest *manifest)
{
	CHECK(manifest == &scene.manifest);
	note("help");
}

int named_check(const struct options *options, const struct manifest *manifest,
		struct failure *failure)
{
	CHECK(options == &scene.options && manifest == &scene.manifest);
	return step("named", failure);
}

int start_report_try(const struct options *options, struct failure *failure)
{
	CHECK(options == &scene.options);
	return step("report can be", failure);
}

int dump_try(const struct options *options, struct failure *failure)
{
	CHECK(options == &scene.options);
	return step("dump can be", failure);
}

void start_report_begin(struct start_report *report)
{
	scene.report = report;
	*report = (struct start_report){.stage = START_READ};
}

void start_report_next(struct start_report *report)
{
	CHECK(report == scene.report);
	report->stage++;
}

int start_report_write(struct start_report *report, const struct options *options,
		       const struct object_file *object, const struct attachments *attachments,
		       int status, const struct failure *why, struct failure *failure)
{
	(void)object;
	(void)attachments;
	(void)options;
	CHECK(status == STATUS_OK || why == &scene.failure);
	note_number("report of", status);
	if (step("report", failure) == STATUS_OK)
		return STATUS_OK;
	report->is_settled = true;
	return failure->status;
}

int object_file_read(struct object_file *object, const char *path, struct failure *failure)
{
	CHECK(strcmp(path, "an.o") == 0 || strcmp(path, "b.o") == 0);
	*object = (struct object_file){.manifest = &scene.manifest, .effects = scene.effects};
	return step("object", failure);
}

void object_file_free(struct object_file *object)
{
	CHECK(!object->manifest || object->manifest == &scene.manifest);
	note("object goes");
}

int settings_read(struct mf_config *config, struct failure *failure)
{
	CHECK(config == &scene.manifest.config);
	return step("settings", failure);
}

int policy_read(struct policy *policy, const char *path, struct failure *failure)
{
	CHECK(strcmp(path, "/etc/bpfload/policy") == 0);
	*policy = scene.policy;
	return step("policy", failure);
}

int policy_check(const struct policy *policy, const struct object_file *object, const char *path,
		 const struct options *options, struct failure *failure)
{
	CHECK(policy->is_there == scene.policy.is_there && object->manifest == &scene.manifest &&
	      strcmp(path, "an.o") == 0 && options == &scene.options);
	return step("policy allows", failure);
}

void policy_limit(const struct policy *policy, struct options *options)
{
	(void)policy;
	CHECK(options != &scene.options);
	if (scene.policy.is_there)
		options->max_memory = 77;
}

void policy_free(struct policy *policy)
{
	(void)policy;
	note("policy goes");
}

int trust_check(const struct object_file *object, const char *path, const char *keys, bool of_root,
		struct failure *failure)
{
	CHECK(object->manifest == &scene.manifest && *path && strcmp(keys, "keys") == 0 &&
	      !of_root);
	return step("trusted", failure);
}

int permissions_check(const struct object_file *object, const struct options *options,
		      struct failure *failure)
{
	CHECK(object->manifest == &scene.manifest && options == &scene.options);
	return step("permitted", failure);
}

int confine_find_user(struct user_account *account, const struct options *options,
		      struct failure *failure)
{
	CHECK(options == &scene.options);
	account->groups = malloc(4);
	return step("user", failure);
}

struct capability_uses capability_uses_find(const struct manifest *manifest,
					    const struct effects *effects)
{
	CHECK(manifest == &scene.manifest && effects->count == scene.effects.count);
	return (struct capability_uses){.has = {true}};
}

int capabilities_check(const struct capability_uses *uses, bool of_process, struct failure *failure)
{
	CHECK(uses->has[0] && of_process == (scene.options.pid != 0));
	return step("capable", failure);
}

int uname(struct utsname *host)
{
	memset(host, 0, sizeof(*host));
	snprintf(host->machine, sizeof(host->machine), "%s", scene.machine);
	return 0;
}

/* Loading. */

int loop_open(struct loop *loop, const struct options *options, struct failure *failure)
{
	CHECK(options == &scene.options);
	scene.loop = loop;
	*loop = (struct loop){.stop = 31, .process = 32};
	return step("loop", failure);
}

int session_open(struct session *session, const struct options *options,
		 const struct object_file *object, struct failure *failure)
{
	*session = (struct session){.options = options, .manifest = object->manifest};
	/* Whatever is lowered is so for all that comes. */
	CHECK(options->max_memory == (scene.policy.is_there ? 77 : scene.options.max_memory));
	return step("session", failure);
}

int attach_check(const struct session *session, struct failure *failure)
{
	CHECK(session->manifest == &scene.manifest);
	return step("programs fit", failure);
}

void process_describe(struct process *process, uint32_t pid, int descriptor)
{
	(void)process;
	CHECK(pid == 4321 && descriptor == 32);
	note("process");
}

int tests_choose(struct session *session, struct failure *failure)
{
	CHECK(!session->policy == !scene.policy.is_there);
	return step("choice", failure);
}

int attach_find(struct attachments *attachments, struct session *session, struct failure *failure)
{
	*attachments = (struct attachments){.session = session, .target_count = scene.targets};
	return step("targets", failure);
}

uint32_t attach_count_own(const struct session *session)
{
	CHECK(session->manifest == &scene.manifest);
	return scene.own_blocks;
}

int top_screen_open(struct top_screen *screen, const struct options *options,
		    const struct manifest *manifest, struct failure *failure)
{
	(void)screen;
	(void)options;
	CHECK(manifest == &scene.manifest);
	return step("screen", failure);
}

static int server;

int metrics_server_open(struct metrics_server **out, const char *address, struct failure *failure)
{
	CHECK(strcmp(address, "9435") == 0);
	*out = (struct metrics_server *)(void *)&server;
	return step("server", failure);
}

int child_start(struct child *child, const char *command, bool captured, struct failure *failure)
{
	CHECK(strcmp(command, "true") == 0 && captured == scene.options.top);
	child->pid = 55;
	return step("child", failure);
}

int session_load(struct session *session, uint32_t child_pid, struct failure *failure)
{
	(void)session;
	CHECK(child_pid == (scene.options.child ? 55 : 0));
	return step("programs", failure);
}

int dump_write(const struct session *session, const struct object_file *object,
	       struct failure *failure)
{
	CHECK(session->manifest == object->manifest);
	return step("dump", failure);
}

static inline struct output *the_output(void)
{
	static int output;

	return (struct output *)(void *)&output;
}

int output_open(struct output **out, struct session *session, struct failure *failure)
{
	(void)session;
	/* Where it fails there is none. */
	if (step("output", failure) == STATUS_OK)
		*out = the_output();
	return failure->status;
}

int output_stop_by(struct output *output, int stop)
{
	CHECK(output == the_output() && stop == 31);
	return step("output stops", &scene.failure);
}

int output_follow(struct output *output, uint32_t pid)
{
	CHECK(output == the_output() && pid == 55);
	note("child is followed");
	return 71;
}

void output_hear(struct output *output)
{
	CHECK(output == the_output());
	note("hears");
}

int loop_watch(struct loop *loop, int fd, void (*serve)(void *context), void *context,
	       struct failure *failure)
{
	CHECK(loop == scene.loop);
	note_number("watch", fd);
	serve(context);
	return step("watched", failure);
}

int events_open(struct events *events, const struct session *session, struct output *output,
		struct failure *failure)
{
	CHECK(output == the_output());
	*events = (struct events){.session = session, .output = output, .wanted = 9};
	return step("events", failure);
}

int loop_watch_ring(struct loop *loop, const struct events *events, struct failure *failure)
{
	CHECK(loop == scene.loop && events->output == the_output());
	return step("ring", failure);
}

#endif
