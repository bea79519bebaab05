/* iter:NAME: programs on the kernel's function bpf_iter_NAME. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach/attach.h"
#include "base/exit_status.h"

#define BPF_FOLDER "/sys/fs/bpf/"

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct attach_failure *failure)
{
	struct attach_target target = {.probe = probe};
	struct btf *btf = btf__load_vmlinux_btf();
	char function[256];
	int id;

	if (!btf)
		return attach_failed(failure, STATUS_KERNEL,
				     "iter needs the kernel's BTF (/sys/kernel/btf/vmlinux).");
	snprintf(function, sizeof(function), "bpf_iter_%s", probe->event);
	id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);
	btf__free(btf);
	if (id < 0) {
		enum attach_result result = attach_missing(
			failure, "iter %s not available for your kernel version.", probe->event);

		failure->status = STATUS_KERNEL;
		return result;
	}
	return attach_add_target(attachments, &target, failure);
}

static enum attach_result pin(struct session *session, const char *name,
			      struct attach_failure *failure)
{
	const char *folder = name[0] == '/' ? "" : BPF_FOLDER;
	const char *path = arena_format(&session->arena, "%s%s", folder, name);

	if (!path)
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	if (bpf_obj_pin(session->iterator, path) == 0) {
		session->pin = path;
		return ATTACH_OK;
	}
	switch (errno) {
	case EEXIST:
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot pin the iterator to %s: it exists. Remove it (unlink) "
				     "or name another path.",
				     path);
	case EPERM:
		/* Also what bpf_obj_do_pin says of other file systems (kernel/bpf/inode.c). */
		return attach_failed(failure, STATUS_FAILED,
				     "Cannot pin the iterator to %s: the folder has to be in a BPF "
				     "file system, such as " BPF_FOLDER
				     ", and the name without '.'.",
				     path);
	default:
		return attach_failed(failure, STATUS_FAILED, "Cannot pin the iterator to %s: %s.",
				     path, strerror(errno));
	}
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	struct session *session = attachments->session;
	union bpf_iter_link_info info = {.task.pid = session->options->pid};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));
	bool of_process = info.task.pid && strncmp(target->probe->event, "task", 4) == 0;
	struct bpf_link *link = bpf_program__attach_iter(attach_program(attachments, target->probe),
							 of_process ? &options : NULL);
	enum attach_result result = attach_add_link(attachments, link, target->probe, failure);

	if (result != ATTACH_OK)
		return result;
	session->iterator = bpf_link__fd(link);
	if (target->probe->pin && !session->options->dry_run)
		result = pin(session, target->probe->pin, failure);
	return result;
}

const struct attach_provider attach_iter = {.find = find, .attach = attach};
