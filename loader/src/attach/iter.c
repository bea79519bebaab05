/* iter:NAME: programs on the kernel's function bpf_iter_NAME. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/iter.h"
#include "host/host.h"
#include "host/kernel_btf.h"
#include "object/effects.h"
#include "session/kernel_types.h"

/* Set once it is attached. */
struct iterator {
	/* Descriptor of the link; 0: not attached. */
	int link;
	/* Where it is pinned; NULL: nowhere. */
	const char *pin;
};

static bool fits(const struct session *session, const struct mf_probe *probe,
		 const struct bpf_program *program)
{
	(void)session;
	(void)probe;
	return attach_is_tracing(program, BPF_TRACE_ITER);
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_iter_target *wanted = probe->target;
	const struct attach_target target = {.probe = probe};
	const struct iterator iterator = {0};
	char function[256];

	if (!host_can_access(KERNEL_BTF_FOLDER "/vmlinux", R_OK))
		return attach_failed(failure, STATUS_KERNEL,
				     "iter needs the kernel's BTF (/sys/kernel/btf/vmlinux).");
	snprintf(function, sizeof(function), "bpf_iter_%s", wanted->object);
	if (!session_kernel_type(attachments->session, BTF_KIND_FUNC, function))
		return attach_lacking(failure, "iter %s not available for your kernel version.",
				      wanted->object);
	return attach_add_target(attachments, &target, &iterator, sizeof(iterator), failure);
}

static enum attach_result pin(struct session *session, struct iterator *iterator, const char *name,
			      struct failure *failure)
{
	const char *path = mf_pin_path(&session->arena, name);

	if (bpf_obj_pin(iterator->link, path) == 0) {
		iterator->pin = path;
		return ATTACH_OK;
	}
	switch (errno) {
	case EEXIST:
		return attach_failed(
			failure, STATUS_FAILED,
			"Cannot pin the iterator to %s: it exists. Remove it (unlink) or name another path.",
			path);
	case EPERM:
		/* Also what bpf_obj_do_pin says of other file systems (kernel/bpf/inode.c). */
		return attach_failed(
			failure, STATUS_FAILED,
			"Cannot pin the iterator to %s: the folder has to be in a BPF file system, such as /sys/fs/bpf/, and the name without '.'.",
			path);
	default:
		return attach_failed(failure, STATUS_FAILED, "Cannot pin the iterator to %s: %s.",
				     path, strerror(errno));
	}
}

/* What the kernel is told beside the program; false: nothing. */
static bool choose(const struct session *session, const char *object,
		   union bpf_iter_link_info *info)
{
	*info = (union bpf_iter_link_info){0};
	/* It wants an order; without a group it walks all (bpf_iter_attach_cgroup,
	 * kernel/bpf/cgroup_iter.c). */
	if (strcmp(object, "cgroup") == 0) {
		info->cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;
		return true;
	}
	info->task.pid = session->options->pid;
	return info->task.pid && strncmp(object, "task", 4) == 0;
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	const struct mf_iter_target *wanted = target->probe->target;
	struct session *session = attachments->session;
	struct iterator *iterator = target->own;
	union bpf_iter_link_info info;
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));
	bool is_chosen = choose(session, wanted->object, &info);
	struct bpf_link *link = bpf_program__attach_iter(attach_program(attachments, target->probe),
							 is_chosen ? &options : NULL);
	enum attach_result result = attach_add_link(attachments, link, target->probe, failure);

	if (result != ATTACH_OK)
		return result;
	iterator->link = bpf_link__fd(link);
	if (wanted->pin && !session->options->dry_run)
		result = pin(session, iterator, wanted->pin, failure);
	return result;
}

/* The script's iterator; the compiler lets it have one. NULL: none is attached. */
static const struct iterator *attached(const struct attachments *attachments)
{
	for (uint32_t i = 0; i < attachments->target_count; i++) {
		const struct attach_target *target = &attachments->targets[i];
		const struct iterator *iterator = target->own;

		if (target->provider == &attach_iter && iterator->link)
			return iterator;
	}
	return NULL;
}

int attach_iterator(const struct attachments *attachments)
{
	const struct iterator *iterator = attached(attachments);

	return iterator ? iterator->link : 0;
}

const char *attach_iterator_pin(const struct attachments *attachments)
{
	const struct iterator *iterator = attached(attachments);

	return iterator ? iterator->pin : NULL;
}

const struct attach_provider attach_iter = {.fits = fits, .find = find, .attach = attach};
