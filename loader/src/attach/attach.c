#include "attach/attach.h"
#include "attach/kprobe_multi.h"
#include "attach/kprobe_session.h"
#include "attach/tracepoint_raw.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "session/params.h"
#include "base/say.h"
#include "host/tracefs.h"
#include "attach/user_addresses.h"
#include "binary/zip_member.h"

static const struct attach_provider *const providers[] = {
	[MF_TRACEPOINT] = &attach_tracepoint,
	[MF_RAWTRACEPOINT] = &attach_rawtracepoint,
	[MF_KPROBE] = &attach_kprobe,
	[MF_KRETPROBE] = &attach_kretprobe,
	[MF_FENTRY] = &attach_fentry,
	[MF_FEXIT] = &attach_fentry,
	[MF_UPROBE] = &attach_uprobe,
	[MF_URETPROBE] = &attach_uprobe,
	[MF_USDT] = &attach_usdt,
	[MF_INTERVAL] = &attach_timer,
	[MF_PROFILE] = &attach_timer,
	[MF_SOFTWARE] = &attach_counter,
	[MF_HARDWARE] = &attach_counter,
	[MF_WATCHPOINT] = &attach_watchpoint,
	[MF_ITER] = &attach_iter,
};

/* NULL for begin, end, self, test and bench, which the loader runs itself. */
static const struct attach_provider *provider_of(const struct mf_probe *probe)
{
	if (probe->syscalls != MF_NONE)
		return &attach_syscalls;
	return probe->provider < sizeof(providers) / sizeof(*providers) ? providers[probe->provider]
									: NULL;
}

enum attach_result attach_missing(struct attach_failure *failure, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->why, sizeof(failure->why), format, arguments);
	va_end(arguments);
	failure->status = STATUS_FAILED;
	return ATTACH_MISSING;
}

enum attach_result attach_lacking(struct attach_failure *failure, const char *why)
{
	enum attach_result result = attach_missing(failure, "%s", why);

	failure->status = STATUS_KERNEL;
	return result;
}

enum attach_result attach_failed(struct attach_failure *failure, int status, const char *format,
				 ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->why, sizeof(failure->why), format, arguments);
	va_end(arguments);
	failure->status = status;
	return ATTACH_FAILED;
}

enum attach_result attach_refused(struct attach_failure *failure, const struct mf_probe *probe,
				  int error)
{
	if (error == EPERM || error == EACCES)
		return attach_failed(
			failure, STATUS_PERMISSION,
			"No permission to attach %s: %s. It needs CAP_PERFMON and CAP_BPF, "
			"and a kernel that is not locked down against it.",
			probe->name, strerror(error));
	if (error == ENOMEM || error == EMFILE || error == ENFILE)
		return attach_failed(failure, STATUS_FAILED, "Cannot attach %s: %s.", probe->name,
				     strerror(error));
	/* What libbpf says of a cookie on a kernel without (bpf_program__attach_perf_event_opts).
	 */
	if (error == EOPNOTSUPP)
		return attach_failed(failure, STATUS_KERNEL,
				     "Cannot attach %s: this kernel's probes carry no number that "
				     "tells them apart (bpf_cookie), which Linux 5.15 brings.",
				     probe->name);
	/* ENOTSUPP of the kernel, which libc has no name for (arch_prepare_bpf_trampoline,
	 * kernel/bpf/trampoline.c). */
	if (error == 524)
		return attach_failed(failure, STATUS_KERNEL,
				     "Cannot attach %s: this kernel has no BPF trampolines for its "
				     "processor; arm64 has them since Linux 6.4. A kprobe may do "
				     "instead.",
				     probe->name);
	return attach_missing(failure, "Cannot attach %s: %s.", probe->name, strerror(error));
}

struct bpf_program *attach_program(const struct attachments *attachments,
				   const struct mf_probe *probe)
{
	return attachments->session->programs[probe->index];
}

/* Room for one more item in a growing array. */
static bool grow(void **items, uint32_t count, uint32_t *room, size_t size)
{
	uint32_t larger = *room ? 2 * *room : 64;
	void *moved;

	if (count < *room)
		return true;
	moved = realloc(*items, larger * size);
	if (!moved)
		return false;
	*items = moved;
	*room = larger;
	return true;
}

static bool has_pattern(const struct mf_probe *probe)
{
	return (probe->category && is_pattern(probe->category)) ||
	       (probe->event && is_pattern(probe->event)) ||
	       (probe->path && is_pattern(probe->path)) ||
	       (probe->module && is_pattern(probe->module)) ||
	       (probe->function && is_pattern(probe->function));
}

bool attach_is_wanted(struct attachments *attachments, const char *name)
{
	const struct options *options = attachments->session->options;
	bool wanted = !options->has_probe_filter ||
		      regexec(&options->probe_filter, name, 0, NULL, 0) == 0;

	attachments->filtered += !wanted;
	return wanted;
}

/* Whether its name is that of all it attaches to: no pattern, and no part is left open. */
static bool has_whole_name(const struct mf_probe *probe)
{
	return !has_pattern(probe) && !probe->cpp && !(probe->path && !*probe->path) &&
	       !(probe->provider == MF_USDT && !*probe->category);
}

/* A name with parameters is known here first: the program asks for it by the cookie. Events of a
 * pattern have got theirs already. */
static bool name_expanded(const struct attachments *attachments, struct attach_target *target)
{
	const struct mf_probe *probe = target->probe;

	if (!probe->parameters || has_pattern(probe) || probe->provider == MF_USDT ||
	    probe->provider == MF_UPROBE || probe->provider == MF_URETPROBE)
		return true;
	target->cookie = probe_names_add(&attachments->session->names, probe->name);
	return target->cookie != UINT32_MAX;
}

enum attach_result attach_add_target(struct attachments *attachments,
				     const struct attach_target *target,
				     struct attach_failure *failure)
{
	uint32_t most = attachments->session->manifest->config.max_probes;
	struct attach_target *added;
	const char *member;

	if (!grow((void **)&attachments->targets, attachments->target_count,
		  &attachments->target_room, sizeof(*attachments->targets)))
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	added = &attachments->targets[attachments->target_count];
	*added = *target;
	member = target->path ? strstr(target->path, ZIP_SEPARATOR) : NULL;
	/* The kernel knows the archive only; offsets are in it. */
	if (member)
		added->path = arena_text(&attachments->session->arena, target->path,
					 (size_t)(member - target->path));
	if (member && !added->path)
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	if (!name_expanded(attachments, added))
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	attachments->target_count++;
	attachments->found += target->events ? target->events : 1;
	if (most && attachments->found > most)
		return attach_failed(
			failure, STATUS_FAILED,
			"Can't attach to %u probes or more because it exceeds the current "
			"limit of %u probes. The config variable max_probes raises it.",
			attachments->found, most);
	return ATTACH_OK;
}

enum attach_result attach_add_link(struct attachments *attachments, struct bpf_link *link,
				   const struct mf_probe *probe, struct attach_failure *failure)
{
	if (!link)
		return attach_refused(failure, probe, errno);
	if (!grow((void **)&attachments->links, attachments->link_count, &attachments->link_room,
		  sizeof(*attachments->links))) {
		bpf_link__destroy(link);
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	}
	attachments->links[attachments->link_count++] = link;
	return ATTACH_OK;
}

enum attach_result attach_add_descriptor(struct attachments *attachments, int link,
					 const struct mf_probe *probe,
					 struct attach_failure *failure)
{
	if (link < 0)
		return attach_refused(failure, probe, errno);
	if (!grow((void **)&attachments->descriptors, attachments->descriptor_count,
		  &attachments->descriptor_room, sizeof(*attachments->descriptors))) {
		close(link);
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	}
	attachments->descriptors[attachments->descriptor_count++] = link;
	return ATTACH_OK;
}

enum attach_result attach_perf_event(struct attachments *attachments,
				     const struct attach_target *target, int fd,
				     struct attach_failure *failure)
{
	LIBBPF_OPTS(bpf_perf_event_opts, options, .bpf_cookie = target->cookie);
	struct bpf_link *link;

	link = bpf_program__attach_perf_event_opts(attach_program(attachments, target->probe), fd,
						   &options);
	if (!link) {
		int error = errno;

		/* The link owns the descriptor once it is there. */
		close(fd);
		/* Permission was asked when the event was opened: this is about max_ctx_offset
		   (perf_event_set_bpf_prog, kernel/events/core.c). */
		if (error == EACCES)
			return attach_failed(failure, STATUS_FAILED,
					     "Cannot attach %s%s%s%s%s: the program reads beyond "
					     "the event's record.",
					     target->probe->name, target->category ? " to " : "",
					     target->category ? target->category : "",
					     target->category ? ":" : "",
					     target->category ? target->event : "");
		errno = error;
	}
	return attach_add_link(attachments, link, target->probe, failure);
}

/* Tells of a failure as missing_probes wants it. STATUS_OK: go on without the probe. */
static int tell(const struct session *session, const struct mf_probe *probe,
		enum attach_result result, const struct attach_failure *failure)
{
	enum mf_missing_probes policy = session->manifest->config.missing_probes;
	const char *script = probe->file ? probe->file : session->manifest->script;
	size_t length = strlen(failure->why);

	if (result == ATTACH_FAILED || policy == MF_MISSING_PROBES_ERROR) {
		say("%s:%u: ERROR: %s", script, probe->line, failure->why);
		if (result == ATTACH_MISSING)
			say("HINT: If this is expected, set the 'missing_probes' config variable "
			    "to "
			    "'warn'.");
		return failure->status;
	}
	if (policy == MF_MISSING_PROBES_WARN && !session->options->no_warnings)
		say("%s:%u: WARNING: %s%s Skipping.", script, probe->line, failure->why,
		    length && failure->why[length - 1] == '.' ? "" : ".");
	return STATUS_OK;
}

/* The probe as the host's user means it: with parameters in its fields. */
static bool expand_probe(struct session *session, const struct mf_probe *probe,
			 struct mf_probe *expanded)
{
	const struct options *options = session->options;
	struct arena *arena = &session->arena;

	*expanded = *probe;
	if (!probe->parameters)
		return true;
	return params_expand(options, arena, probe->category, &expanded->category) &&
	       params_expand(options, arena, probe->event, &expanded->event) &&
	       params_expand(options, arena, probe->path, &expanded->path) &&
	       params_expand(options, arena, probe->module, &expanded->module) &&
	       params_expand(options, arena, probe->function, &expanded->function) &&
	       params_expand(options, arena, probe->source, &expanded->source) &&
	       params_expand(options, arena, probe->period, &expanded->period) &&
	       params_expand(options, arena, probe->address, &expanded->address) &&
	       params_expand(options, arena, probe->length, &expanded->length) &&
	       params_expand(options, arena, probe->frequency, &expanded->frequency) &&
	       params_expand(options, arena, probe->name, &expanded->name);
}

/* Whether another probe of the same block found something to attach to. */
static bool block_has_target(const struct attachments *attachments, const struct mf_probe *probe)
{
	for (uint32_t i = 0; i < attachments->target_count; i++)
		if (probe->block != MF_NONE && attachments->targets[i].probe->block == probe->block)
			return true;
	return false;
}

static int find_probe(struct attachments *attachments, const struct mf_probe *probe,
		      bool *unmatched)
{
	const struct attach_provider *provider = provider_of(probe);
	struct session *session = attachments->session;
	struct attach_failure failure = {.status = STATUS_FAILED};
	struct mf_probe *expanded = arena_alloc(&session->arena, sizeof(*expanded));
	uint32_t first = attachments->target_count;
	enum attach_result result = ATTACH_OK;

	if (!expanded || !expand_probe(session, probe, expanded)) {
		say_error("out of memory");
		return STATUS_FAILED;
	}
	if (!has_whole_name(expanded) || attach_is_wanted(attachments, expanded->name))
		result = provider->find(attachments, expanded, &failure);
	if (result == ATTACH_OK && expanded->address_count)
		result = user_addresses_find(attachments, expanded, first, &failure);
	if (attachments->target_count == first)
		session->programs[probe->index] = NULL;
	if (result == ATTACH_OK)
		return STATUS_OK;
	session->programs[probe->index] = NULL;
	/* A pattern without matches counts only if its whole block has none. */
	if (result == ATTACH_MISSING && has_pattern(expanded)) {
		*unmatched = true;
		return STATUS_OK;
	}
	return tell(session, expanded, result, &failure);
}

/* A block all of whose attach points are patterns without matches. */
static int check_block(struct attachments *attachments, const struct mf_probe *probe)
{
	struct attach_failure failure = {.status = STATUS_FAILED};

	/* What the filter has left of the block may be nothing: that is no fault of the pattern. */
	if (block_has_target(attachments, probe) || attachments->filtered)
		return STATUS_OK;
	snprintf(failure.why, sizeof(failure.why),
		 "Probe has no valid attach points: nothing matches %s.", probe->name);
	return tell(attachments->session, probe, ATTACH_MISSING, &failure);
}

int attach_find(struct attachments *attachments, struct session *session)
{
	const struct manifest *manifest = session->manifest;
	int status = STATUS_OK;
	bool *unmatched = calloc(manifest->probe_count + 1, sizeof(*unmatched));

	attachments->session = session;
	if (!unmatched) {
		say_error("out of memory");
		return STATUS_FAILED;
	}
	/* Programs name their own probe by its number, those of patterns by what comes behind. */
	for (uint32_t i = 0; i < manifest->probe_count && status == STATUS_OK; i++)
		if (probe_names_add(&session->names, manifest->probes[i].name) == UINT32_MAX) {
			say_error("out of memory");
			status = STATUS_FAILED;
		}
	for (uint32_t i = 0; i < manifest->probe_count && status == STATUS_OK; i++)
		if (provider_of(&manifest->probes[i]) && session->programs[i])
			status = find_probe(attachments, &manifest->probes[i], &unmatched[i]);
	for (uint32_t i = 0; i < manifest->probe_count && status == STATUS_OK; i++)
		if (unmatched[i])
			status = check_block(attachments, &manifest->probes[i]);
	free(unmatched);
	if (status == STATUS_OK &&
	    (!kprobes_align(attachments) || !tracepoints_choose_raw(attachments))) {
		say_error("out of memory");
		status = STATUS_FAILED;
	}
	if (status == STATUS_OK && manifest->session_count)
		status = kprobe_sessions_choose(attachments);
	if (status == STATUS_OK && attachments->target_count == 0 && attachments->filtered) {
		say_error("No probes to attach: --probe-filter matches none of %u.",
			  attachments->filtered);
		status = STATUS_FAILED;
	}
	return status;
}

static int attach_target(struct attachments *attachments, const struct attach_target *target)
{
	struct attach_failure failure = {.status = STATUS_FAILED};
	enum attach_result result;

	if (target->is_partner)
		return STATUS_OK;
	result = provider_of(target->probe)->attach(attachments, target, &failure);
	if (result == ATTACH_OK) {
		attachments->attached += target->events ? target->events : 1;
		return STATUS_OK;
	}
	if (result == ATTACH_LEFT_OUT)
		return STATUS_OK;
	return tell(attachments->session, target->probe, result, &failure);
}

bool attach_always(const struct attach_target *target)
{
	(void)target;
	return true;
}

static bool is_newest_first(const struct attach_target *target)
{
	const struct attach_provider *provider = provider_of(target->probe);

	return provider->is_newest_first && provider->is_newest_first(target);
}

int attach_all(struct attachments *attachments)
{
	int status = STATUS_OK;

	for (uint32_t i = 0; i < attachments->target_count && status == STATUS_OK; i++)
		if (!is_newest_first(&attachments->targets[i]))
			status = attach_target(attachments, &attachments->targets[i]);
	for (uint32_t i = attachments->target_count; i > 0 && status == STATUS_OK; i--)
		if (is_newest_first(&attachments->targets[i - 1]))
			status = attach_target(attachments, &attachments->targets[i - 1]);
	if (status == STATUS_OK && attachments->target_count > 0 && attachments->attached == 0) {
		say_error("Attachment failed for all probes.");
		status = STATUS_FAILED;
	}
	return status;
}

void attach_release(struct attachments *attachments)
{
	for (uint32_t i = 0; i < attachments->link_count; i++)
		bpf_link__destroy(attachments->links[i]);
	for (uint32_t i = 0; i < attachments->descriptor_count; i++)
		close(attachments->descriptors[i]);
	attachments->link_count = attachments->descriptor_count = 0;
}

void attach_free(struct attachments *attachments)
{
	attach_release(attachments);
	free(attachments->links);
	free(attachments->descriptors);
	free(attachments->targets);
	memset(attachments, 0, sizeof(*attachments));
}
