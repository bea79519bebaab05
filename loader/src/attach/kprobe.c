/* kprobe:[MODULE:]FUNCTION[+offset], kprobe:ADDRESS and kretprobe:[MODULE:]FUNCTION. */
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/kprobe_multi.h"
#include "attach/kprobe_session.h"
#include "base/exit_status.h"
#include "host/host.h"
#include "base/say.h"
#include "host/traceable.h"
#include "host/tracefs.h"

/* How a kernel offers kprobes: as a source of perf events (4.17), or by a file in tracefs before.
 */
static bool kernel_has_kprobes(void)
{
	const char *root = tracefs_root();
	char path[256];

	if (host_can_access("/sys/bus/event_source/devices/kprobe/type", F_OK))
		return true;
	if (!root)
		return false;
	snprintf(path, sizeof(path), "%s/kprobe_events", root);
	return host_can_access(path, F_OK);
}

/* What `probe` gives in one of the functions that a pattern matches: as the probe is named, with an
 * alias or with its module. */
static const char *name_of(struct attachments *attachments, const struct mf_probe *probe,
			   const struct traceable *function)
{
	const char *provider = mf_provider_name(probe->provider);
	struct arena *arena = &attachments->session->arena;
	size_t length = strlen(provider);

	if (strncmp(probe->name, provider, length) != 0 || probe->name[length] != ':')
		return probe->name;
	if (!probe->module)
		return arena_format(arena, "%s:%s", provider, function->name);
	return arena_format(arena, "%s:%s:%s", provider,
			    function->module ? function->module : "vmlinux", function->name);
}

/* One target for all, by one link. */
static enum attach_result add_multi(struct attachments *attachments, const struct mf_probe *probe,
				    const struct traceable *functions, size_t count,
				    struct attach_failure *failure)
{
	struct session *session = attachments->session;
	const char **names = arena_array(&session->arena, count, sizeof(*names));
	uint64_t *cookies = arena_array(&session->arena, count, sizeof(*cookies));
	struct attach_target target = {.probe = probe, .functions = names, .cookies = cookies};

	if (!names || !cookies)
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const char *name;

		/* The kernel takes the first of several functions with one name, and no name twice.
		 */
		if (target.events && strcmp(names[target.events - 1], functions[i].name) == 0)
			continue;
		name = name_of(attachments, probe, &functions[i]);
		if (name && !attach_is_wanted(attachments, name))
			continue;
		names[target.events] = functions[i].name;
		cookies[target.events] =
			name ? probe_names_index(&session->names, name) : UINT32_MAX;
		if (cookies[target.events++] == UINT32_MAX)
			return attach_failed(failure, STATUS_FAILED, "out of memory");
	}
	if (target.events == 0)
		return ATTACH_OK;
	bpf_program__set_expected_attach_type(attach_program(attachments, probe),
					      BPF_TRACE_KPROBE_MULTI);
	return attach_add_target(attachments, &target, failure);
}

/* One target for each. */
static enum attach_result add_each(struct attachments *attachments, const struct mf_probe *probe,
				   const struct traceable *functions, size_t count,
				   struct attach_failure *failure)
{
	for (size_t i = 0; i < count; i++) {
		struct attach_target target = {.probe = probe,
					       .function = functions[i].name,
					       .category =
						       probe->module ? functions[i].module : NULL};
		const char *name = name_of(attachments, probe, &functions[i]);
		enum attach_result result;

		if (name && !attach_is_wanted(attachments, name))
			continue;
		target.cookie =
			name ? probe_names_index(&attachments->session->names, name) : UINT32_MAX;
		if (target.cookie == UINT32_MAX)
			return attach_failed(failure, STATUS_FAILED, "out of memory");
		result = attach_add_target(attachments, &target, failure);
		if (result != ATTACH_OK)
			return result;
	}
	return ATTACH_OK;
}

static enum attach_result find_matches(struct attachments *attachments,
				       const struct mf_probe *probe, struct attach_failure *failure)
{
	const struct options *options = attachments->session->options;
	const char *list = options->traceable_functions, *root = tracefs_root();
	struct arena *arena = &attachments->session->arena;
	struct traceable *functions;
	int64_t count;

	if (!list && !root)
		return attach_failed(failure, STATUS_FAILED, "%s.", TRACEFS_HINT);
	count = list ? traceable_match_file(arena, list, probe->module, probe->function, &functions)
		     : traceable_match(arena, root, probe->module, probe->function, &functions);
	if (count < 0 && list)
		return attach_failed(failure, STATUS_FAILED, "Cannot read %s: %s.", list,
				     strerror(errno));
	if (count < 0 && errno == ENOENT)
		return attach_lacking(failure, "This kernel lists no functions to trace: it wants "
					       "CONFIG_DYNAMIC_FTRACE.");
	if (count < 0)
		return attach_failed(failure, STATUS_PERMISSION,
				     "Cannot read %s/available_filter_functions: %s. It needs "
				     "CAP_DAC_READ_SEARCH.",
				     root, strerror(errno));
	if (count == 0)
		return attach_missing(failure, "No matches for %s.", probe->name);
	/* A link of many names cannot say which module each is in. */
	if (!probe->module && !(options->without & FEATURE_KPROBE_MULTI) &&
	    kernel_has_kprobe_multi())
		return add_multi(attachments, probe, functions, (size_t)count, failure);
	return kernel_has_kprobes()
		       ? add_each(attachments, probe, functions, (size_t)count, failure)
		       : attach_lacking(
				 failure,
				 "This kernel has no kprobes: it wants CONFIG_KPROBE_EVENTS.");
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	struct attach_target target = {.probe = probe,
				       .category = probe->module,
				       .function = probe->function,
				       .offset = probe->offset};
	const char *address;

	if (probe->function &&
	    (is_pattern(probe->function) || (probe->module && is_pattern(probe->module))))
		return find_matches(attachments, probe, failure);
	if (!kernel_has_kprobes())
		return attach_lacking(failure,
				      "This kernel has no kprobes: it wants CONFIG_KPROBE_EVENTS.");
	/* No name begins with a digit: a parameter was an address. */
	address = probe->address			     ? probe->address
		  : isdigit((unsigned char)*probe->function) ? probe->function
							     : NULL;
	if (address) {
		char *end;

		if (!attachments->session->options->unsafe)
			return attach_failed(failure, STATUS_FAILED,
					     "%s is at an address, which needs --unsafe.",
					     probe->name);
		errno = 0;
		target.function = NULL;
		target.offset = strtoull(address, &end, 0);
		if (errno || *end || probe->provider != MF_KPROBE || probe->module)
			return attach_failed(failure, STATUS_FAILED,
					     "%s is no address of a kprobe.", probe->name);
		return attach_add_target(attachments, &target, failure);
	}
	if (probe->module && strcmp(probe->module, "vmlinux") == 0)
		target.category = NULL;
	if (target.category && !module_is_loaded(target.category))
		return attach_missing(failure, "specified module %s in probe %s is not loaded.",
				      target.category, probe->name);
	return attach_add_target(attachments, &target, failure);
}

/* A perf event on a kprobe. Without a function, the kernel takes the offset for an address
 * (perf_kprobe_init, kernel/trace/trace_event_perf.c). */
static struct bpf_link *attach_perf(struct attachments *attachments,
				    const struct attach_target *target)
{
	const struct mf_probe *probe = target->probe;
	struct bpf_program *program = attach_program(attachments, probe);
	LIBBPF_OPTS(bpf_kprobe_opts, options, .offset = target->offset,
		    .bpf_cookie = target->cookie, .retprobe = probe->provider == MF_KRETPROBE);
	struct bpf_link *link;
	char name[512];

	if (!target->category)
		return bpf_program__attach_kprobe_opts(program, target->function, &options);
	if (snprintf(name, sizeof(name), "%s:%s", target->category, target->function) >=
	    (int)sizeof(name)) {
		errno = ENOENT;
		return NULL;
	}
	link = bpf_program__attach_kprobe_opts(program, name, &options);
	/* Linux 6.6 counts functions of that name, module and all, and finds none. But it refuses
	 * names that are not unique (create_local_trace_kprobe, kernel/trace/trace_kprobe.c). */
	if (!link && errno == ENOENT)
		link = bpf_program__attach_kprobe_opts(program, target->function, &options);
	return link;
}

static enum attach_result explain(const struct attach_target *target, int error,
				  struct attach_failure *failure)
{
	const struct mf_probe *probe = target->probe;
	const char *provider = mf_provider_name(probe->provider);

	/* arch_prepare_kprobe */
	if (error == EILSEQ)
		return attach_missing(failure,
				      "Cannot attach %s: no instruction begins there. Try another "
				      "offset.",
				      probe->name);
	if (error == EADDRNOTAVAIL && target->function)
		return attach_missing(failure, "%s %s: several functions have that name.", provider,
				      target->function);
	/* The kernel knows no such function, or it is marked notrace (register_kprobe,
	 * kernel/kprobes.c). */
	if (error == ENOENT && target->function)
		return attach_missing(
			failure,
			"No matches for %s %s. It is not traceable (either non-existing, inlined, "
			"or marked as \"notrace\").",
			provider, target->function);
	if (error == EINVAL)
		return attach_missing(failure,
				      "Cannot attach %s: it is not traceable (marked as "
				      "\"notrace\", or no code of the kernel).",
				      probe->name);
	return attach_refused(failure, probe, error);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target,
				 struct attach_failure *failure);

/* Both ends by one link. A single function may be one that kprobes can stand in and ftrace cannot:
 * then each end has a kprobe of its own. */
static enum attach_result attach_merged(struct attachments *attachments,
					const struct attach_target *target,
					struct attach_failure *failure)
{
	struct attach_target alone = *target;
	enum attach_result result = attach_kprobe_session(attachments, target, failure);

	if (result != ATTACH_MISSING || target->functions)
		return result;
	result = attach(attachments, target->partner, failure);
	if (result != ATTACH_OK)
		return result;
	attachments->attached++;
	alone.merged = NULL;
	return attach(attachments, &alone, failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	const struct mf_probe *probe = target->probe;
	struct bpf_link *link;

	if (target->merged)
		return attach_merged(attachments, target, failure);
	if (target->functions)
		return attach_kprobe_multi(attachments, target, failure);
	link = attach_perf(attachments, target);
	if (link)
		return attach_add_link(attachments, link, probe, failure);
	/* The list that patterns are matched with has a few functions that kprobes must not be in
	 * (NOKPROBE_SYMBOL), and names that several functions have. */
	if (target->function != probe->function &&
	    (errno == ENOENT || errno == EINVAL || errno == EADDRNOTAVAIL))
		return ATTACH_LEFT_OUT;
	return explain(target, errno, failure);
}

/* Whether one of the links of many functions has this one. */
static bool is_in_multi(const struct attachments *attachments, const char *function)
{
	for (uint32_t i = 0; i < attachments->target_count; i++) {
		const struct attach_target *target = &attachments->targets[i];

		for (uint32_t j = 0; target->functions && j < target->events; j++)
			if (strcmp(target->functions[j], function) == 0)
				return true;
	}
	return false;
}

bool kprobes_align(struct attachments *attachments)
{
	struct arena *arena = &attachments->session->arena;

	for (uint32_t i = 0; i < attachments->target_count; i++) {
		struct attach_target *target = &attachments->targets[i];
		const enum mf_provider provider = target->probe->provider;
		uint64_t *cookie;

		if ((provider != MF_KPROBE && provider != MF_KRETPROBE) || !target->function ||
		    target->category || target->offset ||
		    !is_in_multi(attachments, target->function))
			continue;
		target->functions = arena_array(arena, 1, sizeof(*target->functions));
		cookie = arena_array(arena, 1, sizeof(*cookie));
		if (!target->functions || !cookie)
			return false;
		target->functions[0] = target->function;
		*cookie = target->cookie;
		target->cookies = cookie;
		target->function = NULL;
		target->events = 1;
		bpf_program__set_expected_attach_type(attach_program(attachments, target->probe),
						      BPF_TRACE_KPROBE_MULTI);
	}
	return true;
}

const struct attach_provider attach_kprobe = {
	.is_newest_first = attach_always, .find = find, .attach = attach};
/*
 * Returns run the oldest first: whose entry ran last is the first to return. But links of many
 * functions are one list since Linux 6.14 ("fprobe: Rewrite fprobe on function-graph tracer"),
 * which is walked from its end at returns.
 */
static bool is_return_newest_first(const struct attach_target *target)
{
	return target->functions && host_kernel_is(6, 14);
}

const struct attach_provider attach_kretprobe = {
	.is_newest_first = is_return_newest_first, .find = find, .attach = attach};
