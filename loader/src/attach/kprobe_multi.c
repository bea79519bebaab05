/* Many functions of the kernel by one link. */
#include "attach/kprobe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
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

/* Whether one of the links of many functions has this one. */
static bool is_in_multi(const struct attachments *attachments, const char *function)
{
	for (uint32_t i = 0; i < attachments->target_count; i++) {
		const struct attach_target *target = &attachments->targets[i];
		const struct kprobe *own = kprobe_of(target);

		for (uint32_t j = 0; own && own->functions && j < target->events; j++)
			if (strcmp(own->functions[j], function) == 0)
				return true;
	}
	return false;
}

void kprobes_align(struct attachments *attachments)
{
	struct arena *arena = &attachments->session->arena;

	for (uint32_t i = 0; i < attachments->target_count; i++) {
		struct attach_target *target = &attachments->targets[i];
		struct kprobe *own = kprobe_of(target);
		uint64_t *cookie;

		if (!own || !own->function || own->module || own->offset ||
		    !is_in_multi(attachments, own->function))
			continue;
		own->functions = arena_array(arena, 1, sizeof(*own->functions));
		own->functions[0] = own->function;
		cookie = arena_array(arena, 1, sizeof(*cookie));
		*cookie = target->cookie;
		own->cookies = cookie;
		own->function = NULL;
		target->events = 1;
		bpf_program__set_expected_attach_type(attach_program(attachments, target->probe),
						      BPF_TRACE_KPROBE_MULTI);
	}
}

enum attach_result attach_kprobe_multi(struct attachments *attachments,
				       const struct attach_target *target, struct failure *failure)
{
	const struct mf_probe *probe = target->probe;
	const struct kprobe *own = target->own;
	LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .syms = own->functions,
		    .cookies = (const __u64 *)own->cookies, .cnt = target->events,
		    .retprobe = probe->provider == MF_KRETPROBE);
	struct bpf_link *link = bpf_program__attach_kprobe_multi_opts(
		attach_program(attachments, probe), NULL, &options);

	/* Some name was not found among those that ftrace knows (ftrace_lookup_symbols). */
	if (!link && errno == ESRCH)
		return attach_missing(
			failure,
			"Cannot attach %s: the kernel does not let one of its %u functions be traced.",
			probe->name, target->events);
	return attach_add_link(attachments, link, probe, failure);
}
