#include "attach/uprobe_multi.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* BPF_F_UPROBE_MULTI_RETURN. */
#define AT_RETURN 1u

/*
 * The members of union bpf_attr that BPF_LINK_CREATE reads for this attach type (`link_create` and
 * its `uprobe_multi`, include/uapi/linux/bpf.h of Linux 6.6). Older headers do not have them.
 */
struct link_create {
	uint32_t program, target, attach_type, flags;
	uint64_t path, offsets, reference_counters, cookies;
	uint32_t count, multi_flags, pid, zero;
};

static int create(const struct link_create *attributes)
{
	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, attributes, sizeof(*attributes));
}

static uint64_t address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

/*
 * A folder is no file that can be probed: EBADF says that the kernel looked at it. Kernels that
 * filtered by thread, not by process, took the pid -1, which later ones refuse before they look
 * (bpf_uprobe_multi_link_attach, kernel/trace/bpf_trace.c).
 */
static bool supports(int program, bool by_process)
{
	static const uint64_t offset = 0;
	struct link_create attributes = {
		.program = (uint32_t)program,
		.attach_type = UPROBE_MULTI_ATTACH_TYPE,
		.path = address("/"),
		.offsets = address(&offset),
		.count = 1,
	};
	int link = create(&attributes);

	if (link >= 0)
		close(link);
	if (link >= 0 || errno != EBADF)
		return false;
	if (!by_process)
		return true;
	attributes.pid = UINT32_MAX;
	link = create(&attributes);
	if (link >= 0)
		close(link);
	return link < 0 && errno == EINVAL;
}

bool uprobe_multi_is_supported(bool by_process)
{
	static const struct bpf_insn return_zero[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = UPROBE_MULTI_ATTACH_TYPE);
	int program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", return_zero,
				    sizeof(return_zero) / sizeof(*return_zero), &options);
	bool supported;

	if (program < 0)
		return false;
	supported = supports(program, by_process);
	close(program);
	return supported;
}

int uprobe_multi_attach(const struct uprobe_multi *probes)
{
	const struct link_create attributes = {
		.program = (uint32_t)probes->program,
		.attach_type = UPROBE_MULTI_ATTACH_TYPE,
		.path = address(probes->path),
		.offsets = address(probes->offsets),
		.reference_counters = address(probes->semaphores),
		.cookies = address(probes->cookies),
		.count = probes->count,
		.multi_flags = probes->at_return ? AT_RETURN : 0,
		.pid = probes->pid,
	};

	return create(&attributes);
}
