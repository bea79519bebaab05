/* uprobe:PATH:FUNCTION[+offset], uprobe:PATH:ADDRESS and uretprobe:PATH:FUNCTION. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "attach/uprobe.h"
#include "host/capabilities.h"
#include "base/exit_status.h"
#include "attach/uprobe_multi.h"

struct binary_query attach_uprobe_query(const struct attachments *attachments,
					const struct mf_probe *probe)
{
	return (struct binary_query){
		.function = probe->function,
		.offset = probe->offset,
		.cpp = probe->cpp,
		.unchecked = attachments->session->options->unsafe,
	};
}

enum attach_result attach_uprobe_explain(const struct mf_probe *probe, const char *path,
					 enum binary_symbol_result result,
					 struct attach_failure *failure)
{
	const char *provider = mf_provider_name(probe->provider);

	switch (result) {
	case BINARY_SYMBOL_FOUND:
		return ATTACH_OK;
	case BINARY_SYMBOL_NO_FILE:
		return attach_refused(failure, probe, errno);
	case BINARY_SYMBOL_NOT_ELF:
		return attach_missing(failure, "%s target '%s' is not a 64-bit ELF file.", provider,
				      path);
	case BINARY_SYMBOL_UNKNOWN:
		return attach_missing(failure, "No matches for %s %s:%s%s.", provider, path,
				      probe->cpp ? "cpp:" : "", probe->function);
	case BINARY_SYMBOL_INDIRECT:
		return attach_missing(failure,
				      "%s %s:%s is an indirect function: its code is chosen at run "
				      "time. Trace the implementation instead.",
				      provider, path, probe->function);
	case BINARY_SYMBOL_SIZELESS:
		return attach_missing(failure,
				      "%s %s:%s has no size: it may be no function. --unsafe "
				      "attaches all the same.",
				      provider, path, probe->function);
	case BINARY_SYMBOL_INSIDE:
		return attach_missing(failure,
				      "%s %s:%s+%llu is not the start of an instruction (objdump "
				      "-d shows those). A probe there would change another "
				      "instruction; --unsafe attaches it all the same.",
				      provider, path, probe->function,
				      (unsigned long long)probe->offset);
	case BINARY_SYMBOL_BEYOND:
		if (!*probe->function)
			return attach_missing(failure, "%s %s has no code at address 0x%llx.",
					      provider, path, (unsigned long long)probe->offset);
		return attach_missing(failure, "%s %s:%s+%llu lies outside the function.", provider,
				      path, probe->function, (unsigned long long)probe->offset);
	}
	return ATTACH_FAILED;
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	struct session *session = attachments->session;
	struct attach_target target = {.probe = probe, .function = probe->function};
	struct binary_query query = attach_uprobe_query(attachments, probe);
	enum attach_result result;

	if (probe->source)
		return attach_uprobe_find_lines(attachments, probe, failure);
	if (attach_uprobe_is_pattern(probe))
		return attach_uprobe_find_pattern(attachments, probe, failure);
	target.path = binary_path_find(&session->arena, probe->path, session->process.in_proc);
	if (!target.path)
		return attach_missing(failure,
				      "%s target file '%s' does not exist or is not executable.",
				      mf_provider_name(probe->provider), probe->path);
	result = attach_uprobe_explain(probe, target.path,
				       binary_symbol_find(target.path, &query, &target.offset),
				       failure);
	/* Before Linux 5.15 there are no cookies: only for programs that ask for them. */
	if (mf_needs(session->manifest, "bpf_get_attach_cookie"))
		target.cookie = probe_names_pair(&session->names, probe->name, probe->function);
	if (target.cookie == UINT64_MAX)
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	if (result == ATTACH_OK)
		result = attach_add_target(attachments, &target, failure);
	if (result == ATTACH_OK)
		attach_uprobe_choose_single(attachments, probe);
	return result;
}

static bool is_multi(const struct bpf_program *program)
{
	return (int)bpf_program__expected_attach_type(program) == UPROBE_MULTI_ATTACH_TYPE;
}

void attach_uprobe_choose_single(struct attachments *attachments, const struct mf_probe *probe)
{
	if (!capabilities_are_of_admin())
		attach_uprobe_choose_link(attachments, probe);
}

enum attach_result attach_uprobe_place(struct attachments *attachments,
				       const struct attach_target *target,
				       const struct uprobe_place *place,
				       struct attach_failure *failure)
{
	const struct mf_probe *probe = target->probe;
	struct bpf_program *program = attach_program(attachments, probe);
	uint32_t pid = attachments->session->options->pid;
	bool at_return = probe->provider == MF_URETPROBE;
	struct bpf_link *link;

	if (is_multi(program)) {
		const struct uprobe_multi probes = {
			.program = bpf_program__fd(program),
			.path = target->path,
			.offsets = &place->offset,
			.cookies = &place->cookie,
			.semaphores = place->semaphore ? &place->semaphore : NULL,
			.count = 1,
			.pid = pid,
			.at_return = at_return,
		};

		return attach_add_descriptor(attachments, uprobe_multi_attach(&probes), probe,
					     failure);
	}
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = at_return, .bpf_cookie = place->cookie,
		    .ref_ctr_offset = place->semaphore);
	link = bpf_program__attach_uprobe_opts(program, pid ? (int)pid : -1, target->path,
					       place->offset, &options);
	if (!link && (errno == EACCES || errno == EPERM) && !capabilities_are_of_admin())
		return attach_failed(failure, STATUS_PERMISSION,
				     "No permission to attach %s: it needs CAP_SYS_ADMIN on "
				     "kernels without uprobe.multi, which Linux 6.6 brings (with "
				     "-p: 6.10).",
				     probe->name);
	return attach_add_link(attachments, link, probe, failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	const struct uprobe_place place = {.offset = target->offset, .cookie = target->cookie};

	return target->offsets ? attach_uprobe_pattern(attachments, target, failure)
			       : attach_uprobe_place(attachments, target, &place, failure);
}

const struct attach_provider attach_uprobe = {
	.is_newest_first = attach_always, .find = find, .attach = attach};
