/* Targets and links: what providers add to. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/expand.h"
#include "attach/release.h"
#include "base/memory.h"
#include "session/kernel_targets.h"

struct bpf_program *attach_program(const struct attachments *attachments,
				   const struct mf_probe *probe)
{
	return attachments->session->programs[probe->index];
}

bool attach_always(const struct attach_target *target)
{
	(void)target;
	return true;
}

bool attach_fits_perf_event(const struct session *session, const struct mf_probe *probe,
			    const struct bpf_program *program)
{
	(void)session;
	(void)probe;
	return bpf_program__type(program) == BPF_PROG_TYPE_PERF_EVENT;
}

bool attach_fits_kprobe(const struct session *session, const struct mf_probe *probe,
			const struct bpf_program *program)
{
	(void)session;
	(void)probe;
	return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE;
}

bool attach_is_tracing(const struct bpf_program *program, int type)
{
	return kernel_target_type(program) == BPF_PROG_TYPE_TRACING &&
	       (int)bpf_program__expected_attach_type(program) == type;
}

bool attach_is_wanted(struct attachments *attachments, const char *name)
{
	const struct options *options = attachments->session->options;
	bool wanted = !options->has_probe_filter ||
		      regexec(&options->probe_filter, name, 0, NULL, 0) == 0;

	attachments->filtered += !wanted;
	return wanted;
}

bool attach_has_alias(const struct mf_probe *probe)
{
	const char *provider = mf_provider_name(probe->provider);
	size_t length = strlen(provider);

	return strncmp(probe->name, provider, length) != 0 || probe->name[length] != ':';
}

uint64_t attach_name_cookie(struct attachments *attachments, const char *name)
{
	return probe_names_index(&attachments->session->names, name);
}

/* A name with parameters is known here first: the program asks for it by the cookie. Events of a
 * pattern have got theirs already. */
static bool wants_name(const struct attach_target *target)
{
	return target->probe->parameters && !attach_has_pattern(target->probe) &&
	       !target->provider->has_own_cookies;
}

enum attach_result attach_add_target(struct attachments *attachments,
				     const struct attach_target *target, const void *own,
				     size_t size, struct failure *failure)
{
	struct session *session = attachments->session;
	uint32_t most = session->manifest->config.max_probes;
	struct attach_target *added;

	memory_grow(attachments->targets, attachments->target_count, attachments->target_room);
	added = &attachments->targets[attachments->target_count++];
	*added = *target;
	added->provider = attach_provider_of(target->probe);
	if (size) {
		added->own = arena_alloc(&session->arena, size);
		memcpy(added->own, own, size);
	}
	if (wants_name(added))
		added->cookie = probe_names_add(&session->names, target->probe->name);
	attachments->found += target->events ? target->events : 1;
	if (most && attachments->found > most)
		return attach_failed(
			failure, STATUS_FAILED,
			"Can't attach to %u probes or more because it exceeds the current limit of %u probes. The config variable max_probes raises it.",
			attachments->found, most);
	return ATTACH_OK;
}

static void add_attached(struct attachments *attachments, const struct mf_probe *probe,
			 struct bpf_link *link, int descriptor)
{
	memory_grow(attachments->links, attachments->link_count, attachments->link_room);
	attachments->links[attachments->link_count++] =
		(struct attached){.probe = probe, .link = link, .descriptor = descriptor};
}

enum attach_result attach_add_link(struct attachments *attachments, struct bpf_link *link,
				   const struct mf_probe *probe, struct failure *failure)
{
	if (!link)
		return attach_refused(failure, probe, errno);
	add_attached(attachments, probe, link, -1);
	return ATTACH_OK;
}

enum attach_result attach_add_descriptor(struct attachments *attachments, int link,
					 const struct mf_probe *probe, struct failure *failure)
{
	if (link < 0)
		return attach_refused(failure, probe, errno);
	add_attached(attachments, probe, NULL, link);
	return ATTACH_OK;
}

enum attach_result attach_add_held(struct attachments *attachments, const struct mf_probe *probe)
{
	add_attached(attachments, probe, NULL, -1);
	return ATTACH_OK;
}

void attach_allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

enum attach_result attach_perf_event(struct attachments *attachments,
				     const struct attach_target *target, int fd,
				     struct failure *failure)
{
	LIBBPF_OPTS(bpf_perf_event_opts, options, .bpf_cookie = target->cookie);
	struct bpf_link *link;
	int error;

	link = bpf_program__attach_perf_event_opts(attach_program(attachments, target->probe), fd,
						   &options);
	if (link)
		return attach_add_link(attachments, link, target->probe, failure);
	error = errno;
	/* The link owns the descriptor once it is there. */
	close(fd);
	/* Permission was asked when the event was opened: this is about max_ctx_offset
	 * (perf_event_set_bpf_prog, kernel/events/core.c). */
	if (error == EACCES)
		return attach_failed(
			failure, STATUS_FAILED,
			"Cannot attach %s%s%s: the program reads beyond the event's record.",
			target->probe->name, target->shown ? " to " : "",
			target->shown ? target->shown : "");
	return attach_refused(failure, target->probe, error);
}

/* The id of what runs in the place of a link: 0 where the kernel has no link behind it (before
 * Linux 5.15 those of perf events), but the program of the probe itself. */
static uint32_t program_of_link(const struct attached *attached)
{
	int fd = attached->link ? bpf_link__fd(attached->link) : attached->descriptor;
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 ? info.prog_id : 0;
}

static uint32_t program_of_probe(const struct attachments *attachments,
				 const struct mf_probe *probe)
{
	const struct bpf_program *program = attach_program(attachments, probe);
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	return program && bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0
		       ? info.id
		       : 0;
}

int attach_each_program(const struct attachments *attachments,
			void (*visit)(const struct mf_probe *probe, uint32_t id, int program,
				      void *context),
			void *context)
{
	const struct mf_probe *probe = NULL;
	uint32_t last = 0;

	for (uint32_t i = 0; i < attachments->link_count; i++) {
		const struct attached *attached = &attachments->links[i];
		uint32_t id = program_of_link(attached);
		int program;

		if (!id)
			id = program_of_probe(attachments, attached->probe);
		/* The links of a pattern often share one. */
		if (!id || (id == last && attached->probe == probe))
			continue;
		program = bpf_prog_get_fd_by_id(id);
		if (program < 0)
			return -1;
		visit(attached->probe, id, program, context);
		probe = attached->probe;
		last = id;
	}
	return 0;
}

uint32_t attach_detach(struct attachments *attachments, uint32_t probe)
{
	const struct mf_probe *probes = attachments->session->manifest->probes;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < attachments->link_count; i++) {
		if (strcmp(attachments->links[i].probe->program, probes[probe].program) == 0)
			release_one(&attachments->links[i]);
		else
			attachments->links[kept++] = attachments->links[i];
	}
	attachments->link_count = kept;
	return kept;
}

void attach_release(struct attachments *attachments)
{
	if (release_all(attachments->links, attachments->link_count))
		attachments->has_events_left = true;
	attachments->link_count = 0;
}

bool attach_free(struct attachments *attachments)
{
	bool has_events_left;

	attach_release(attachments);
	has_events_left = attachments->has_events_left;
	for (uint32_t i = 0; i < attachments->copy_count; i++)
		close(attachments->copies[i].program);
	free(attachments->copies);
	free(attachments->links);
	free(attachments->targets);
	memset(attachments, 0, sizeof(*attachments));
	return has_events_left;
}
