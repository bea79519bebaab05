/* kprobe:[MODULE:]FUNCTION[+offset], kprobe:ADDRESS and kretprobe:[MODULE:]FUNCTION. */
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/kprobe.h"
#include "base/closest.h"
#include "host/host.h"
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

struct kprobe *kprobe_of(const struct attach_target *target)
{
	return target->provider == &attach_kprobe || target->provider == &attach_kretprobe
		       ? target->own
		       : NULL;
}

static enum attach_result no_kprobes(struct failure *failure)
{
	return attach_lacking(failure,
			      "This kernel has no kprobes: it wants CONFIG_KPROBE_EVENTS.");
}

/* What `probe` gives in one of the functions that a pattern matches: as the probe is named, with an
 * alias or with its module. */
static const char *name_of(struct arena *arena, const struct mf_probe *probe,
			   const struct traceable *function)
{
	const struct mf_kprobe_target *wanted = probe->target;
	const char *provider = mf_provider_name(probe->provider);

	if (attach_has_alias(probe))
		return probe->name;
	if (!wanted->module)
		return arena_format(arena, "%s:%s", provider, function->name);
	return arena_format(arena, "%s:%s:%s", provider,
			    function->module ? function->module : "vmlinux", function->name);
}

/* One target for all, by one link. */
static enum attach_result add_multi(struct attachments *attachments, const struct mf_probe *probe,
				    const struct traceable *functions, size_t count,
				    struct failure *failure)
{
	struct arena *arena = &attachments->session->arena;
	const char **names = arena_array(arena, count, sizeof(*names));
	uint64_t *cookies = arena_array(arena, count, sizeof(*cookies));
	const struct kprobe own = {.functions = names, .cookies = cookies, .is_match = true};
	struct attach_target target = {.probe = probe};

	for (size_t i = 0; i < count; i++) {
		const char *name;

		/* The kernel takes the first of several functions with one name, and no name twice.
		 */
		if (i && strcmp(functions[i - 1].name, functions[i].name) == 0)
			continue;
		name = name_of(arena, probe, &functions[i]);
		if (!attach_is_wanted(attachments, name))
			continue;
		names[target.events] = functions[i].name;
		cookies[target.events++] = attach_name_cookie(attachments, name);
	}
	if (target.events == 0)
		return ATTACH_OK;
	bpf_program__set_expected_attach_type(attach_program(attachments, probe),
					      BPF_TRACE_KPROBE_MULTI);
	return attach_add_target(attachments, &target, &own, sizeof(own), failure);
}

/* One target for each. */
static enum attach_result add_each(struct attachments *attachments, const struct mf_probe *probe,
				   const struct traceable *functions, size_t count,
				   struct failure *failure)
{
	const struct mf_kprobe_target *wanted = probe->target;

	/* The section of a pattern has told libbpf another type, and programs of that one get no
	 * perf event (bpf_prog_attach_check_attach_type, kernel/bpf/syscall.c). */
	bpf_program__set_expected_attach_type(attach_program(attachments, probe), 0);
	for (size_t i = 0; i < count; i++) {
		const struct kprobe own = {
			.function = functions[i].name,
			.module = wanted->module ? functions[i].module : NULL,
			.is_match = true,
		};
		const char *name = name_of(&attachments->session->arena, probe, &functions[i]);
		struct attach_target target = {.probe = probe};
		enum attach_result result;

		if (!attach_is_wanted(attachments, name))
			continue;
		target.cookie = attach_name_cookie(attachments, name);
		result = attach_add_target(attachments, &target, &own, sizeof(own), failure);
		if (result != ATTACH_OK)
			return result;
	}
	return ATTACH_OK;
}

static enum attach_result find_matches(struct attachments *attachments,
				       const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_kprobe_target *wanted = probe->target;
	const struct options *options = attachments->session->options;
	const char *list = options->traceable_functions, *root = tracefs_root();
	struct arena *arena = &attachments->session->arena;
	struct traceable *functions;
	int64_t count;

	if (!list && !root)
		return attach_failed(failure, STATUS_FAILED, TRACEFS_HINT ".");
	count = list ? traceable_match_file(arena, list, wanted->module, wanted->function,
					    &functions)
		     : traceable_match(arena, root, wanted->module, wanted->function, &functions);
	if (count < 0 && list)
		return attach_failed(failure, STATUS_FAILED, "Cannot read %s: %s.", list,
				     strerror(errno));
	if (count < 0 && errno == ENOENT)
		return attach_lacking(
			failure,
			"This kernel lists no functions to trace: it wants CONFIG_DYNAMIC_FTRACE.");
	if (count < 0)
		return attach_failed(
			failure, STATUS_PERMISSION,
			"Cannot read %s/available_filter_functions: %s. It needs CAP_DAC_READ_SEARCH.",
			root, strerror(errno));
	if (count == 0)
		return attach_unmatched(failure, probe);
	/* A link of many names cannot say which module each is in. */
	if (!wanted->module && !(options->without & FEATURE_KPROBE_MULTI) &&
	    kernel_has_kprobe_multi())
		return add_multi(attachments, probe, functions, (size_t)count, failure);
	return kernel_has_kprobes()
		       ? add_each(attachments, probe, functions, (size_t)count, failure)
		       : no_kprobes(failure);
}

static enum attach_result find_address(struct attachments *attachments,
				       const struct mf_probe *probe, const char *address,
				       struct failure *failure)
{
	const struct mf_kprobe_target *wanted = probe->target;
	const struct attach_target target = {.probe = probe};
	struct kprobe own = {.function = NULL};
	char *end;

	if (!attachments->session->options->unsafe)
		return attach_failed(failure, STATUS_FAILED,
				     "%s is at an address, which needs --unsafe.", probe->name);
	errno = 0;
	own.offset = strtoull(address, &end, 0);
	if (errno || *end || probe->provider != MF_KPROBE || wanted->module)
		return attach_failed(failure, STATUS_FAILED, "%s is no address of a kprobe.",
				     probe->name);
	return attach_add_target(attachments, &target, &own, sizeof(own), failure);
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_kprobe_target *wanted = probe->target;
	const struct attach_target target = {.probe = probe};
	struct kprobe own = {
		.module = wanted->module, .function = wanted->function, .offset = wanted->offset};

	if (wanted->function &&
	    (is_pattern(wanted->function) || (wanted->module && is_pattern(wanted->module))))
		return find_matches(attachments, probe, failure);
	if (!kernel_has_kprobes())
		return no_kprobes(failure);
	if (wanted->address)
		return find_address(attachments, probe, wanted->address, failure);
	/* No name begins with a digit: a parameter was an address. */
	if (isdigit((unsigned char)*wanted->function))
		return find_address(attachments, probe, wanted->function, failure);
	if (own.module && strcmp(own.module, "vmlinux") == 0)
		own.module = NULL;
	if (own.module && !module_is_loaded(own.module))
		return attach_missing(failure, "specified module %s in probe %s is not loaded.",
				      own.module, probe->name);
	return attach_add_target(attachments, &target, &own, sizeof(own), failure);
}

/* A perf event on a kprobe. Without a function, the kernel takes the offset for an address
 * (perf_kprobe_init, kernel/trace/trace_event_perf.c). */
static struct bpf_link *attach_perf(struct attachments *attachments,
				    const struct attach_target *target)
{
	const struct mf_probe *probe = target->probe;
	const struct kprobe *own = target->own;
	struct bpf_program *program = attach_program(attachments, probe);
	LIBBPF_OPTS(bpf_kprobe_opts, options, .offset = own->offset, .bpf_cookie = target->cookie,
		    .retprobe = probe->provider == MF_KRETPROBE);
	struct bpf_link *link;
	char name[512];

	if (!own->module)
		return bpf_program__attach_kprobe_opts(program, own->function, &options);
	if (snprintf(name, sizeof(name), "%s:%s", own->module, own->function) >=
	    (int)sizeof(name)) {
		errno = ENOENT;
		return NULL;
	}
	link = bpf_program__attach_kprobe_opts(program, name, &options);
	/* Linux 6.6 counts functions of that name, module and all, and finds none. But it refuses
	 * names that are not unique (create_local_trace_kprobe, kernel/trace/trace_kprobe.c). */
	if (!link && errno == ENOENT)
		link = bpf_program__attach_kprobe_opts(program, own->function, &options);
	return link;
}

/* What the kernel says of other places is EINVAL on arm64, as of code that it does not probe. */
#if defined(__aarch64__)
#define INSTRUCTION_ALIGNMENT 4
#else
#define INSTRUCTION_ALIGNMENT 1
#endif

static const char *near(struct attachments *attachments, const struct mf_probe *probe)
{
	const struct mf_kprobe_target *wanted = probe->target;
	const char *list = attachments->session->options->traceable_functions;
	const char *root = tracefs_root();
	struct arena *arena = &attachments->session->arena;
	struct closest closest = closest_to(wanted->function ? wanted->function : "");
	struct traceable *functions;
	int64_t count = !wanted->function ? 0
			: list ? traceable_match_file(arena, list, wanted->module, "*", &functions)
			: root ? traceable_match(arena, root, wanted->module, "*", &functions)
			       : 0;

	for (int64_t i = 0; i < count; i++)
		closest_offer(&closest, functions[i].name);
	return closest.limit ? closest.name : NULL;
}

static enum attach_result explain(const struct attach_target *target, int error,
				  struct failure *failure)
{
	const struct mf_probe *probe = target->probe;
	const char *provider = mf_provider_name(probe->provider);
	const struct kprobe *own = target->own;

	/* arch_prepare_kprobe */
	if (error == EILSEQ || (error == EINVAL && own->offset % INSTRUCTION_ALIGNMENT))
		return attach_missing(
			failure,
			"Cannot attach %s: no instruction begins there. Try another offset.",
			probe->name);
	if (error == EADDRNOTAVAIL && own->function)
		return attach_missing(failure, "%s %s: several functions have that name.", provider,
				      own->function);
	/* The kernel knows no such function, or it is marked notrace (register_kprobe,
	 * kernel/kprobes.c). */
	if (error == ENOENT && own->function)
		return attach_missing(
			failure,
			"No matches for %s %s. It is not traceable (either non-existing, inlined, or marked as \"notrace\").",
			provider, own->function);
	if (error == EINVAL)
		return attach_missing(
			failure,
			"Cannot attach %s: it is not traceable (marked as \"notrace\", or no code of the kernel).",
			probe->name);
	return attach_refused(failure, probe, error);
}

static enum attach_result attach_alone(struct attachments *attachments,
				       const struct attach_target *target, struct failure *failure)
{
	const struct kprobe *own = target->own;
	struct bpf_link *link;

	if (own->functions)
		return attach_kprobe_multi(attachments, target, failure);
	link = attach_perf(attachments, target);
	if (link)
		return attach_add_link(attachments, link, target->probe, failure);
	/* The list that patterns are matched with has a few functions that kprobes must not be in
	 * (NOKPROBE_SYMBOL), and names that several functions have. */
	if (own->is_match && (errno == ENOENT || errno == EINVAL || errno == EADDRNOTAVAIL))
		return ATTACH_LEFT_OUT;
	return explain(target, errno, failure);
}

/* Both ends by one link. A single function may be one that kprobes can stand in and ftrace cannot:
 * then each end has a kprobe of its own. */
static enum attach_result attach_both(struct attachments *attachments,
				      const struct attach_target *target, struct failure *failure)
{
	const struct kprobe *own = target->own;
	enum attach_result result = attach_kprobe_pair(attachments, target, failure);

	if (result != ATTACH_MISSING || own->functions)
		return result;
	result = attach_alone(attachments, own->pair->exit, failure);
	if (result != ATTACH_OK)
		return result;
	attachments->attached++;
	return attach_alone(attachments, target, failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	const struct kprobe *own = target->own;

	if (own->is_exit_of_pair)
		return ATTACH_LEFT_OUT;
	return own->pair ? attach_both(attachments, target, failure)
			 : attach_alone(attachments, target, failure);
}

static bool fits(const struct session *session, const struct mf_probe *probe,
		 const struct bpf_program *program)
{
	return attach_fits_kprobe(session, probe, program) && kprobe_pair_fits(session, probe);
}

static int settle(struct attachments *attachments, struct failure *failure)
{
	kprobes_align(attachments);
	return kprobe_pairs_choose(attachments, failure);
}

const struct attach_provider attach_kprobe = {.fits = fits,
					      .has_slow_events = true,
					      .is_newest_first = attach_always,
					      .find = find,
					      .near = near,
					      .settle = settle,
					      .attach = attach};

/*
 * Returns run the oldest first: whose entry ran last is the first to return. But links of many
 * functions are one list since Linux 6.14 ("fprobe: Rewrite fprobe on function-graph tracer"),
 * which is walked from its end at returns.
 */
static bool is_return_newest_first(const struct attach_target *target)
{
	const struct kprobe *own = target->own;

	return own->functions && host_kernel_is(6, 14);
}

/* What all targets decide is settled for both by attach_kprobe. */
const struct attach_provider attach_kretprobe = {.fits = attach_fits_kprobe,
						 .has_slow_events = true,
						 .is_newest_first = is_return_newest_first,
						 .find = find,
						 .near = near,
						 .attach = attach};
