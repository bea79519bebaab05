#include "attach_copy.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clone_program.h"
#include "kernel_btf.h"

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
