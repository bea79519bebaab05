/* Probes of functions that share a program: one link for all those of a file. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>

#include "attach/uprobe.h"
#include "attach/uprobe_multi.h"

bool attach_uprobe_shares(const struct attachments *attachments, const struct mf_probe *probe)
{
	const struct session *session = attachments->session;
	const struct manifest *manifest = session->manifest;

	for (uint32_t i = 0; i < manifest->probe_count; i++)
		if (i != probe->index && strcmp(manifest->probes[i].program, probe->program) == 0)
			return true;
	return false;
}

/* Whether one link can be that of both. */
static bool is_of_link(const struct attachments *attachments, const struct attach_target *target,
		       const struct attach_target *other)
{
	const struct uprobe *own = target->own, *others = other->own;

	return other->provider == target->provider &&
	       other->probe->provider == target->probe->provider && !others->offsets &&
	       !others->is_held && !others->is_alone &&
	       attach_program(attachments, other->probe) ==
		       attach_program(attachments, target->probe) &&
	       strcmp(others->path, own->path) == 0;
}

/* Settles how all those are attached that one link could be of. */
static void mark(struct attachments *attachments, const struct attach_target *target, bool alone)
{
	struct uprobe *own = target->own;

	for (uint32_t i = 0; i < attachments->target_count; i++) {
		const struct attach_target *other = &attachments->targets[i];
		struct uprobe *others = other->own;

		if (other == target || !is_of_link(attachments, target, other))
			continue;
		*(alone ? &others->is_alone : &others->is_held) = true;
	}
	*(alone ? &own->is_alone : &own->is_held) = true;
}

static enum attach_result attach_alone(struct attachments *attachments,
				       const struct attach_target *target, struct failure *failure)
{
	const struct uprobe *own = target->own;
	const struct uprobe_place place = {
		.path = own->path, .offset = own->offset, .cookie = target->cookie};

	return attach_uprobe_place(attachments, target, &place, failure);
}

enum attach_result attach_uprobe_shared(struct attachments *attachments,
					const struct attach_target *target, struct failure *failure)
{
	struct uprobe *own = target->own;
	uint32_t count = 0, most = attachments->target_count;
	struct uprobe_multi probes = {
		.program = bpf_program__fd(attach_program(attachments, target->probe)),
		.path = own->path,
		.pid = attachments->session->options->pid,
		.at_return = target->probe->provider == MF_URETPROBE,
	};
	uint64_t *offsets, *cookies;
	int link;

	if (own->is_held)
		return attach_add_held(attachments, target->probe);
	if (own->is_alone)
		return attach_alone(attachments, target, failure);
	offsets = arena_array(&attachments->session->arena, most, sizeof(*offsets));
	cookies = arena_array(&attachments->session->arena, most, sizeof(*cookies));
	for (uint32_t i = 0; i < most; i++) {
		const struct attach_target *other = &attachments->targets[i];

		if (!is_of_link(attachments, target, other))
			continue;
		offsets[count] = ((const struct uprobe *)other->own)->offset;
		cookies[count++] = other->cookie;
	}
	probes.offsets = offsets;
	probes.cookies = cookies;
	probes.count = count;
	link = uprobe_multi_attach(&probes);
	/* One that the kernel cannot probe makes it refuse all: each says for itself what is wrong.
	 */
	if (link < 0 && count > 1) {
		attach_allow_files();
		mark(attachments, target, true);
		return attach_alone(attachments, target, failure);
	}
	if (link >= 0)
		mark(attachments, target, false);
	return attach_add_descriptor(attachments, link, target->probe, failure);
}
