/*
 * fentry:[MODULE:]FUNCTION and fexit. The kernel fixes the function when it loads a program
 * (attach_btf_id), so of a pattern libbpf loads one program, and each further function gets a copy
 * of its instructions.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/attach.h"
#include "attach/copy.h"
#include "attach/fentry_bpf.h"
#include "base/closest.h"
#include "host/kernel_btf.h"
#include "host/prototypes.h"
#include "host/tracefs.h"
#include "host/typed_functions.h"
#include "session/kernel_signatures.h"
#include "session/kernel_types.h"

static enum attach_result no_function(const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;

	return attach_missing(
		failure,
		"No matches for %s %s. The kernel's BTF has no such function (it is either non-existing or inlined).",
		mf_provider_name(probe->provider), wanted->function);
}

static const char *near(struct attachments *attachments, const struct mf_probe *probe)
{
	const struct mf_fentry_target *wanted = probe->target;
	const struct btf *btf = session_kernel_btf(attachments->session, wanted->module);
	struct closest closest = closest_to(wanted->function);
	struct kernel_function *functions;
	int64_t count = btf && !wanted->program ? kernel_btf_match(&attachments->session->arena,
								   btf, "*", &functions)
						: 0;

	for (int64_t i = 0; i < count; i++)
		closest_offer(&closest, functions[i].name);
	return closest.limit ? closest.name : NULL;
}

/* Words of arguments that trampolines pass on (arch_prepare_bpf_trampoline); newer kernels pass on
 * twelve. */
#ifdef __x86_64__
#define WORDS 6
#define MORE "Linux 6.6 brings more"
#else
#define WORDS 8
#define MORE "newer ones have more"
#endif
/* Functions with so many arguments are refused when a program for them is loaded
 * (MAX_BPF_FUNC_ARGS, btf_distill_func_proto of kernel/bpf/btf.c). */
#define REFUSED_WORDS 12

static uint32_t words_of(const struct btf *btf, const char *function)
{
	struct prototype prototype;

	return btf && prototype_of_function(btf, function, &prototype)
		       ? prototype_result(&prototype).slot
		       : 0;
}

static enum attach_result too_many_words(const struct mf_probe *probe, uint32_t words,
					 struct failure *failure)
{
	return attach_missing(
		failure,
		"Cannot attach %s: its arguments are %u words, and trampolines of this kernel pass on %d; " MORE
		".",
		probe->name, words, WORDS);
}

/* The function has that id in the BTF of the kernel, or of a module; `btf` says what it is called
 * with. */
static enum attach_result add_one(struct attachments *attachments, const struct mf_probe *probe,
				  const char *module, const struct btf *btf, uint32_t id,
				  struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;
	const struct attach_target target = {.probe = probe};
	/* libbpf takes the first module that has the name: a copy is loaded for the right one. */
	const struct copy copy = {.module = module, .btf_id = module ? id : 0};
	uint32_t words = words_of(btf, wanted->function);
	enum attach_result result;

	if (words >= REFUSED_WORDS)
		return too_many_words(probe, words, failure);
	result = attach_load_for(attachments, probe, module,
				 &(struct kernel_function){id, wanted->function}, failure);
	if (result != ATTACH_OK)
		return result;
	return attach_add_target(attachments, &target, &copy, sizeof(copy), failure);
}

/* Looks in the BTF of the kernel, or of a module. */
static enum attach_result find_one(struct attachments *attachments, const struct mf_probe *probe,
				   const char *module, struct failure *failure)
{
	const struct btf *btf = session_kernel_btf(attachments->session, module);
	const struct mf_fentry_target *wanted = probe->target;
	uint32_t id = kernel_btf_own(btf, wanted->function, BTF_KIND_FUNC);

	return id ? add_one(attachments, probe, module, btf, id, failure)
		  : no_function(probe, failure);
}

/* A function of the kernel itself, without reading more than that; *found says whether it has it.
 */
static enum attach_result find_alone(struct attachments *attachments, const struct mf_probe *probe,
				     bool *found, struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;
	struct session *session = attachments->session;
	uint32_t id;
	const struct btf *btf = wanted->module || is_pattern(wanted->function)
					? NULL
					: kernel_function_types(session, wanted->function, &id);

	*found = btf;
	return btf ? add_one(attachments, probe, NULL, btf, id, failure) : ATTACH_OK;
}

/* A function that the kernel itself does not have, in the one module that has it. */
static enum attach_result find_in_modules(struct attachments *attachments,
					  const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;
	struct session *session = attachments->session;
	const char *provider = mf_provider_name(probe->provider), *first = NULL, *second = NULL;
	const char **modules;
	int64_t count = kernel_btf_modules(&session->arena, &modules);

	for (int64_t i = 0; i < count && !second; i++) {
		const struct btf *btf = session_kernel_btf(session, modules[i]);

		if (!btf || !kernel_btf_own(btf, wanted->function, BTF_KIND_FUNC))
			continue;
		if (first)
			second = modules[i];
		else
			first = modules[i];
	}
	if (second)
		return attach_failed(
			failure, STATUS_FAILED,
			"%s:%s is in several modules, as %s and %s. Name one of them: %s:%s:%s.",
			provider, wanted->function, first, second, provider, first,
			wanted->function);
	return first ? find_one(attachments, probe, first, failure) : no_function(probe, failure);
}

static enum attach_result find_matches(struct attachments *attachments,
				       const struct mf_probe *probe, const struct btf *btf,
				       struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;
	struct kernel_function *functions;
	int64_t count = typed_functions_match(
		&attachments->session->arena, btf, wanted->module, wanted->function,
		attachments->session->options->traceable_functions, &functions);

	return attach_add_copies(attachments, probe, wanted->module, functions, count, failure);
}

/* A function of the kernel is found by its name, */
static enum attach_result find_in_kernel(struct attachments *attachments,
					 const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;
	enum attach_result result;
	const struct btf *btf;
	bool found;

	result = find_alone(attachments, probe, &found, failure);
	if (found)
		return result;
	if (wanted->module && is_pattern(wanted->module))
		return attach_failed(failure, STATUS_FAILED, "%s: the module of a %s is one name.",
				     probe->name, mf_provider_name(probe->provider));
	btf = session_kernel_btf(attachments->session, wanted->module);
	if (!btf && wanted->module && errno == ENOENT)
		return attach_missing(failure, "specified module %s in probe %s is not loaded.",
				      wanted->module, probe->name);
	if (!btf)
		return attach_failed(
			failure, STATUS_KERNEL,
			"Cannot read the kernel's BTF (%s), which %s needs: it wants CONFIG_DEBUG_INFO_BTF.",
			strerror(errno), mf_provider_name(probe->provider));
	if (is_pattern(wanted->function))
		return find_matches(attachments, probe, btf, failure);
	return wanted->module || kernel_btf_own(btf, wanted->function, BTF_KIND_FUNC)
		       ? find_one(attachments, probe, wanted->module, failure)
		       : find_in_modules(attachments, probe, failure);
}

/* a program by its number. */
static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;

	return wanted->program ? find_bpf(attachments, probe, failure)
			       : find_in_kernel(attachments, probe, failure);
}

static bool fits(const struct session *session, const struct mf_probe *probe,
		 const struct bpf_program *program)
{
	(void)session;
	return attach_is_tracing(program,
				 probe->provider == MF_FENTRY ? BPF_TRACE_FENTRY : BPF_TRACE_FEXIT);
}

/* ENOTSUPP (include/linux/errno.h). */
#define NOT_SUPPORTED 524

/* Why the kernel has no trampoline for it: where it has some at all, for want of registers. */
static enum attach_result no_trampoline(struct attachments *attachments,
					const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;
	uint32_t words = words_of(session_kernel_btf(attachments->session, wanted->module),
				  wanted->function);

	return words > WORDS ? too_many_words(probe, words, failure)
			     : attach_refused(failure, probe, NOT_SUPPORTED);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	LIBBPF_OPTS(bpf_trace_opts, options, .cookie = target->cookie);
	struct bpf_program *program = attach_program(attachments, target->probe);
	const struct copy *copy = target->own;

	struct bpf_link *link;

	if (copy->btf_id)
		return attach_copy(attachments, target, copy, failure);
	link = bpf_program__attach_trace_opts(program, &options);
	if (!link && errno == NOT_SUPPORTED)
		return no_trampoline(attachments, target->probe, failure);
	return attach_add_link(attachments, link, target->probe, failure);
}

const struct attach_provider attach_fentry = {.fits = fits,
					      .is_newest_first = attach_always,
					      .find = find,
					      .near = near,
					      .attach = attach};
