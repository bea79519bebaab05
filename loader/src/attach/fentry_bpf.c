#include "attach/fentry_bpf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/copy.h"
#include "base/memory.h"
#include "host/tracefs.h"

/* Functions of a program that are looked at: the kernel allows as many (BPF_MAX_SUBPROGS). */
#define MOST_FUNCTIONS 257

/* Programs that fentry cannot be attached to (bpf_check_attach_target, kernel/bpf/verifier.c). */
static bool is_traceable(const struct bpf_prog_info *info)
{
	return info->jited_prog_len > 0 && info->btf_id && info->type != BPF_PROG_TYPE_TRACING &&
	       info->type != BPF_PROG_TYPE_EXT && info->type != BPF_PROG_TYPE_LSM;
}

/* Finds the ids of the program's functions in its BTF; the result is their number. */
static uint32_t read_functions(int fd, struct bpf_prog_info *info, struct bpf_func_info *records)
{
	uint32_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	info->func_info = (uint64_t)(uintptr_t)records;
	info->nr_func_info = MOST_FUNCTIONS;
	info->func_info_rec_size = sizeof(*records);
	if (bpf_obj_get_info_by_fd(fd, info, &size) != 0)
		return 0;
	return info->nr_func_info < MOST_FUNCTIONS ? info->nr_func_info : MOST_FUNCTIONS;
}

/* An alias stays. */
static const char *name_of(struct attachments *attachments, const struct mf_probe *probe,
			   uint32_t id, const char *function)
{
	return attach_has_alias(probe)
		       ? probe->name
		       : arena_format(&attachments->session->arena, "%s:bpf:%u:%s",
				      mf_provider_name(probe->provider), id, function);
}

static enum attach_result add(struct attachments *attachments, const struct mf_probe *probe,
			      const struct bpf_prog_info *info, uint32_t id, const char *found,
			      bool template, struct failure *failure)
{
	struct arena *arena = &attachments->session->arena;
	const char *function = arena_text(arena, found, strlen(found));
	const char *name = name_of(attachments, probe, info->id, function);
	/* Each target has a descriptor of its own, which is closed with the links. */
	const struct copy copy = {.btf_id = template ? 0 : id,
				  .bpf = bpf_prog_get_fd_by_id(info->id)};
	struct attach_target target = {.probe = probe};
	enum attach_result result;

	if (copy.bpf < 0)
		return ATTACH_LEFT_OUT;
	/* `probe` is the lower half of the cookie, `func` the upper one. */
	target.cookie = probe_names_pair(&attachments->session->names, name, function);
	result = attach_add_descriptor(attachments, copy.bpf, probe, failure);
	if (result != ATTACH_OK)
		return result;
	if (template) {
		int error = bpf_program__set_attach_target(attach_program(attachments, probe),
							   copy.bpf, found);

		if (error)
			return attach_refused(failure, probe, -error);
	}
	return attach_add_target(attachments, &target, &copy, sizeof(copy), failure);
}

/* One program: `*added` says whether a target was, `*matched` whether there was one to add. */
static enum attach_result match_program(struct attachments *attachments,
					const struct mf_probe *probe, int fd,
					struct bpf_func_info *records, bool *added, bool *matched,
					struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;
	struct bpf_prog_info info;
	uint32_t count = read_functions(fd, &info, records);
	enum attach_result result = ATTACH_OK;
	struct btf *btf;

	if (count == 0 || !is_traceable(&info))
		return ATTACH_OK;
	btf = btf__load_from_kernel_by_id(info.btf_id);
	for (uint32_t i = 0; btf && i < count && result == ATTACH_OK; i++) {
		const struct btf_type *type = btf__type_by_id(btf, records[i].type_id);
		const char *found = type ? btf__name_by_offset(btf, type->name_off) : NULL;
		const char *name;

		if (!found || !pattern_match(wanted->function, found))
			continue;
		*matched = true;
		name = name_of(attachments, probe, info.id, found);
		if (!attach_is_wanted(attachments, name))
			continue;
		result =
			add(attachments, probe, &info, records[i].type_id, found, !*added, failure);
		if (result == ATTACH_OK)
			*added = true;
		else if (result == ATTACH_LEFT_OUT)
			result = ATTACH_OK;
	}
	btf__free(btf);
	return result;
}

enum attach_result find_bpf(struct attachments *attachments, const struct mf_probe *probe,
			    struct failure *failure)
{
	const struct mf_fentry_target *wanted = probe->target;
	bool added = false, matched = false, any = strcmp(wanted->program, "*") == 0;
	uint32_t only = any ? 0 : (uint32_t)strtoul(wanted->program, NULL, 10), id = 0;
	struct bpf_func_info *records = memory_array(MOST_FUNCTIONS, sizeof(*records));
	enum attach_result result = ATTACH_OK;

	errno = 0;
	while (result == ATTACH_OK && bpf_prog_get_next_id(id, &id) == 0) {
		int fd;

		if (!any && id != only)
			continue;
		fd = bpf_prog_get_fd_by_id(id);
		/* It may have gone since. */
		if (fd < 0)
			continue;
		result = match_program(attachments, probe, fd, records, &added, &matched, failure);
		close(fd);
	}
	free(records);
	if (result == ATTACH_OK && errno == EPERM)
		return attach_failed(
			failure, STATUS_PERMISSION,
			"No permission to look for BPF programs (%s): it needs CAP_SYS_ADMIN.",
			probe->name);
	if (result == ATTACH_OK && !matched)
		return attach_missing(
			failure,
			"No matches for %s. No BPF program that is loaded has such a function, or it cannot be traced.",
			probe->name);
	return result;
}
