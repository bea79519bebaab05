#include "attach/copy.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "session/clone_program.h"
#include "session/kernel_targets.h"

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

enum attach_result attach_load_for(struct attachments *attachments, const struct mf_probe *probe,
				   const char *module, const struct kernel_function *function,
				   struct failure *failure)
{
	struct bpf_program *program = attach_program(attachments, probe);
	int error;

	if (!module) {
		kernel_target_set(attachments->session, program, function->name, function->id);
		return ATTACH_OK;
	}
	error = bpf_program__set_attach_target(program, 0, function->name);
	return error ? attach_refused(failure, probe, -error) : ATTACH_OK;
}

static void keep(struct attachments *attachments, const struct mf_probe *probe, int program)
{
	memory_grow(attachments->copies, attachments->copy_count, attachments->copy_room);
	attachments->copies[attachments->copy_count++] = (struct program_copy){probe, program};
}

enum attach_result attach_copy(struct attachments *attachments, const struct attach_target *target,
			       const struct copy *copy, struct failure *failure)
{
	struct bpf_program *original = attach_program(attachments, target->probe);
	int module = 0, program, link, error;

	/* A program and a link for each. */
	if (!attachments->copy_count)
		attach_allow_files();
	if (copy->module) {
		module = kernel_btf_module_fd(copy->module);
		if (module < 0)
			return attach_refused(failure, target->probe, errno);
	}
	/* The kernel has the descriptors of a module's BTF and of a program in one place
	 * (include/uapi/linux/bpf.h, attach_prog_fd). */
	program = clone_program(attachments->session->object, original, copy->btf_id,
				module ? module : copy->bpf);
	error = errno;
	if (module)
		close(module);
	if (program < 0)
		return error == EPERM ? attach_refused(failure, target->probe, error)
				      : ATTACH_LEFT_OUT;
	link = tracing_link(program, bpf_program__expected_attach_type(original), target->cookie);
	if (link < 0) {
		close(program);
		return ATTACH_LEFT_OUT;
	}
	keep(attachments, target->probe, program);
	return attach_add_descriptor(attachments, link, target->probe, failure);
}

/* What `probe` gives at one of the functions: an alias stays. */
static const char *name_of(struct arena *arena, const struct mf_probe *probe, const char *module,
			   const char *function)
{
	const char *provider = mf_provider_name(probe->provider);

	if (attach_has_alias(probe))
		return probe->name;
	return module ? arena_format(arena, "%s:%s:%s", provider, module, function)
		      : arena_format(arena, "%s:%s", provider, function);
}

enum attach_result attach_add_copies(struct attachments *attachments, const struct mf_probe *probe,
				     const char *module, const struct kernel_function *functions,
				     int64_t count, struct failure *failure)
{
	bool template = attachments->target_count == 0 ||
			attachments->targets[attachments->target_count - 1].probe != probe;

	for (int64_t i = 0; i < count; i++) {
		const char *name =
			name_of(&attachments->session->arena, probe, module, functions[i].name);
		const struct copy copy = {.module = module,
					  .btf_id = template && !module ? 0 : functions[i].id};
		struct attach_target target = {.probe = probe};
		enum attach_result result = ATTACH_OK;

		if (!attach_is_wanted(attachments, name))
			continue;
		/* libbpf loads the program for it. */
		if (template)
			result =
				attach_load_for(attachments, probe, module, &functions[i], failure);
		if (result != ATTACH_OK)
			return result;
		target.cookie = attach_name_cookie(attachments, name);
		result = attach_add_target(attachments, &target, &copy, sizeof(copy), failure);
		if (result != ATTACH_OK)
			return result;
		template = false;
	}
	return count ? ATTACH_OK : attach_unmatched(failure, probe);
}
