#include "session/fixups.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/tracefs.h"

/* The format read last: fixups of one event stand together. */
struct format_cache {
	struct arena arena;
	const char *category, *event, *text;
};

static const char *read_format(struct format_cache *cache, const struct mf_fixup *fixup,
			       struct failure *failure)
{
	const char *root;

	if (cache->text && strcmp(cache->category, fixup->category) == 0 &&
	    strcmp(cache->event, fixup->event) == 0)
		return cache->text;
	root = tracefs_root();
	if (!root) {
		fail(failure, errno == EACCES || errno == EPERM ? STATUS_PERMISSION : STATUS_FAILED,
		     TRACEFS_HINT ".");
		return NULL;
	}
	cache->text = tracefs_format(&cache->arena, root, fixup->category, fixup->event);
	cache->category = fixup->category;
	cache->event = fixup->event;
	if (!cache->text)
		fail(failure, errno == EACCES || errno == EPERM ? STATUS_PERMISSION : STATUS_FAILED,
		     "Cannot read the format of tracepoint %s:%s: %s.", fixup->category,
		     fixup->event, strerror(errno));
	return cache->text;
}

static int patch(struct format_cache *cache, const struct mf_fixup *fixup, struct bpf_insn *insn,
		 struct failure *failure)
{
	const char *format = read_format(cache, fixup, failure);
	uint32_t offset, size;

	if (!format)
		return failure->status;
	if (!tracefs_field(format, fixup->field, &offset, &size))
		return fail(failure, STATUS_KERNEL,
			    "Tracepoint %s:%s has no field '%s' on this kernel.", fixup->category,
			    fixup->event, fixup->field);
	/* An address is asked of arrays, whose first bytes are the same when they have grown (rwbs
	 * of block events did in 6.17); a number is another one in another size. */
	if (fixup->immediate ? size < fixup->field_size : size != fixup->field_size)
		return fail(
			failure, STATUS_KERNEL,
			"Field '%s' of tracepoint %s:%s has %u bytes on this kernel, not %u: build the script against a description of this kernel.",
			fixup->field, fixup->category, fixup->event, size, fixup->field_size);
	if (offset > INT16_MAX)
		return fail(failure, STATUS_KERNEL,
			    "Field '%s' of tracepoint %s:%s is out of reach.", fixup->field,
			    fixup->category, fixup->event);
	if (fixup->immediate)
		insn->imm = (int32_t)offset;
	else
		insn->off = (int16_t)offset;
	return STATUS_OK;
}

static int patch_program(const struct session *session, struct format_cache *cache,
			 const struct mf_probe *probe, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	struct bpf_program *program = session->programs[probe->index];
	size_t count = bpf_program__insn_cnt(program);
	struct bpf_insn *insns = NULL;

	for (uint32_t i = 0; i < manifest->fixup_count && failure->status == STATUS_OK; i++) {
		const struct mf_fixup *fixup = &manifest->fixups[i];

		if (strcmp(fixup->program, probe->program) != 0)
			continue;
		if (!insns) {
			insns = memory_bytes(count * sizeof(*insns));
			memcpy(insns, bpf_program__insns(program), count * sizeof(*insns));
		}
		if (fixup->insn >= count)
			fail(failure, STATUS_OBJECT,
			     "the object is damaged: a fixup lies outside of its program");
		else
			patch(cache, fixup, &insns[fixup->insn], failure);
	}
	/* Before loading, libbpf keeps the program's own instructions only, so indexes are the
	 * file's. */
	if (insns && failure->status == STATUS_OK &&
	    bpf_program__set_insns(program, insns, count) != 0)
		fail(failure, STATUS_FAILED, "Cannot patch program %s.", probe->program);
	free(insns);
	return failure->status;
}

int fixups_apply(struct session *session, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	struct format_cache cache = {0};

	for (uint32_t i = 0; i < manifest->probe_count && failure->status == STATUS_OK; i++)
		if (session->programs[i])
			patch_program(session, &cache, &manifest->probes[i], failure);
	arena_free(&cache.arena);
	return failure->status;
}
