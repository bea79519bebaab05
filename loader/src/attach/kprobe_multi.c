#include "attach/kprobe_multi.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>

/*
 * Asks for a link to a function name at an address that cannot be read. A kernel with kprobe.multi
 * gets as far as reading it (bpf_kprobe_multi_link_attach, kernel/trace/bpf_trace.c); others refuse
 * with EOPNOTSUPP or EINVAL before.
 */
bool kernel_has_kprobe_multi(void)
{
	static const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
	LIBBPF_OPTS(bpf_link_create_opts, options);
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", program,
			       sizeof(program) / sizeof(*program), &load);
	int link;

	if (fd < 0)
		return false;
	options.kprobe_multi.cnt = 1;
	options.kprobe_multi.syms = (const char **)1;
	link = bpf_link_create(fd, 0, BPF_TRACE_KPROBE_MULTI, &options);
	close(fd);
	if (link >= 0)
		close(link);
	return link == -EFAULT;
}

enum attach_result attach_kprobe_multi(struct attachments *attachments,
				       const struct attach_target *target,
				       struct attach_failure *failure)
{
	const struct mf_probe *probe = target->probe;
	LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .syms = target->functions,
		    .cookies = (const __u64 *)target->cookies, .cnt = target->events,
		    .retprobe = probe->provider == MF_KRETPROBE);
	struct bpf_link *link = bpf_program__attach_kprobe_multi_opts(
		attach_program(attachments, probe), NULL, &options);

	/* Some name was not found among those that ftrace knows (ftrace_lookup_symbols). */
	if (!link && errno == ESRCH)
		return attach_missing(failure,
				      "Cannot attach %s: the kernel does not let one of its %u "
				      "functions be traced.",
				      probe->name, target->events);
	return attach_add_link(attachments, link, probe, failure);
}
