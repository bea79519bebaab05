/* Events that the kernel did not give to programs. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "attach/attach.h"

/* bpf_prog_inc_misses_counter, kernel/bpf/trampoline.c: "bpf: Count the number of times recursion
 * was prevented". An older kernel leaves the member as it is. */
static uint64_t missed_by(int program)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(program, &info, &size) == 0 ? info.recursion_misses : 0;
}

static bool is_of_another(const struct session *session, const struct mf_probe *probe)
{
	for (uint32_t i = 0; i < probe->index; i++)
		if (session->programs[i] == session->programs[probe->index])
			return true;
	return false;
}

uint64_t attach_missed(const struct attachments *attachments, const struct mf_probe *probe)
{
	const struct session *session = attachments->session;
	const struct bpf_program *program = session->programs[probe->index];
	uint64_t missed = 0;

	if (program && bpf_program__fd(program) >= 0 && !is_of_another(session, probe))
		missed = missed_by(bpf_program__fd(program));
	for (uint32_t i = 0; i < attachments->copy_count; i++)
		if (attachments->copies[i].probe == probe)
			missed += missed_by(attachments->copies[i].program);
	return missed;
}
