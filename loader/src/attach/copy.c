#include "attach/copy.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "session/clone_program.h"
#include "base/exit_status.h"

int tracing_link(int program, enum bpf_attach_type type, uint64_t cookie)
{
	union bpf_attr attributes;
	int link;

	memset(&attributes, 0, sizeof(attributes));
	attributes.link_create.prog_fd = (uint32_t)program;
	attributes.link_create.attach_type = type;
	attributes.link_create.tracing.cookie = cookie;
	link = (int)syscall(__NR_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));
	/* Kernels before 5.18 (bpf_link_create of libbpf does the same). */
	return link < 0 && errno == EINVAL ? bpf_raw_tracepoint_open(NULL, program) : link;
}

enum attach_result attach_copy(struct attachments *attachments, const struct attach_target *target,
			       struct attach_failure *failure)
{
	struct bpf_program *original = attach_program(attachments, target->probe);
	const struct mf_probe *probe = target->probe;
	int module = 0, program, link;

	if (probe->module) {
		module = kernel_btf_module_fd(probe->module);
		if (module < 0)
			return attach_refused(failure, probe, errno);
	}
	/* The kernel has the descriptors of a module's BTF and of a program in one place
	 * (include/uapi/linux/bpf.h, attach_prog_fd). */
	program = clone_program(attachments->session->object, original, target->btf_id,
				probe->bpf ? target->bpf : module);
	if (module)
		close(module);
	if (program < 0)
		return errno == EPERM ? attach_refused(failure, probe, errno) : ATTACH_LEFT_OUT;
	link = tracing_link(program, bpf_program__expected_attach_type(original), target->cookie);
	close(program);
	return link < 0 ? ATTACH_LEFT_OUT
			: attach_add_descriptor(attachments, link, probe, failure);
}

/* What `probe` gives at one of the places: an alias stays. */
static const char *name_of(struct attachments *attachments, const struct mf_probe *probe,
			   const char *place)
{
	const char *provider = mf_provider_name(probe->provider);
	struct arena *arena = &attachments->session->arena;
	size_t length = strlen(provider);

	if (strncmp(probe->name, provider, length) != 0 || probe->name[length] != ':')
		return probe->name;
	return probe->module ? arena_format(arena, "%s:%s:%s", provider, probe->module, place)
			     : arena_format(arena, "%s:%s", provider, place);
}

/* `template`: libbpf loads the program for it. */
static enum attach_result add_copy(struct attachments *attachments, const struct mf_probe *probe,
				   const struct kernel_function *place, const char *name,
				   bool template, struct attach_failure *failure)
{
	struct arena *arena = &attachments->session->arena;
	struct attach_target target = {
		.probe = probe,
		.function = arena_text(arena, place->name, strlen(place->name)),
		.cookie = probe_names_index(&attachments->session->names, name),
		.btf_id = template && !probe->module ? 0 : place->id};

	if (!target.function || target.cookie == UINT32_MAX)
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	if (template) {
		int error = bpf_program__set_attach_target(attach_program(attachments, probe), 0,
							   place->name);

		if (error)
			return attach_refused(failure, probe, -error);
	}
	return attach_add_target(attachments, &target, failure);
}

enum attach_result attach_add_copies(struct attachments *attachments, const struct mf_probe *probe,
				     const struct kernel_function *places, int64_t count,
				     struct attach_failure *failure)
{
	bool template = true;

	for (int64_t i = 0; i < count; i++) {
		const char *name = name_of(attachments, probe, places[i].name);
		enum attach_result result;

		if (!name)
			return attach_failed(failure, STATUS_FAILED, "out of memory");
		if (!attach_is_wanted(attachments, name))
			continue;
		result = add_copy(attachments, probe, &places[i], name, template, failure);
		if (result != ATTACH_OK)
			return result;
		template = false;
	}
	return count ? ATTACH_OK : attach_missing(failure, "No matches for %s.", probe->name);
}
