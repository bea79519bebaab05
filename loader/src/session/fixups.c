#include "session/fixups.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/say.h"
#include "host/tracefs.h"

/* The format read last: fixups of one event stand together. */
struct format_cache {
	struct arena arena;
	const char *category, *event, *text;
};

static const char *read_format(struct format_cache *cache, const struct mf_fixup *fixup)
{
	const char *root;

	if (cache->text && strcmp(cache->category, fixup->category) == 0 &&
	    strcmp(cache->event, fixup->event) == 0)
		return cache->text;
	root = tracefs_root();
	if (!root) {
		say_error(TRACEFS_HINT ".");
		return NULL;
	}
	cache->text = tracefs_format(&cache->arena, root, fixup->category, fixup->event);
	cache->category = fixup->category;
	cache->event = fixup->event;
	if (!cache->text)
		say_error("Cannot read the format of tracepoint %s:%s: %s.", fixup->category,
			  fixup->event, strerror(errno));
	return cache->text;
}

static int patch(struct format_cache *cache, const struct mf_fixup *fixup, struct bpf_insn *insn)
{
	const char *format = read_format(cache, fixup);
	uint32_t offset, size;

	if (!format)
		return errno == EACCES || errno == EPERM ? STATUS_PERMISSION : STATUS_FAILED;
	if (!tracefs_field(format, fixup->field, &offset, &size)) {
		say_error("Tracepoint %s:%s has no field '%s' on this kernel.", fixup->category,
			  fixup->event, fixup->field);
		return STATUS_KERNEL;
	}
	/* An address is asked of arrays, whose first bytes are the same when they have grown (rwbs
	 * of block events did in 6.17); a number is another one in another size. */
	if (fixup->immediate ? size < fixup->field_size : size != fixup->field_size) {
		say_error(
			"Field '%s' of tracepoint %s:%s has %u bytes on this kernel, not %u: build "
			"the script against a description of this kernel.",
			fixup->field, fixup->category, fixup->event, size, fixup->field_size);
		return STATUS_KERNEL;
	}
	if (offset > INT16_MAX) {
		say_error("Field '%s' of tracepoint %s:%s is out of reach.", fixup->field,
			  fixup->category, fixup->event);
		return STATUS_KERNEL;
	}
	if (fixup->immediate)
		insn->imm = (int32_t)offset;
	else
		insn->off = (int16_t)offset;
	return STATUS_OK;
}

static int patch_program(struct session *session, struct format_cache *cache,
			 const struct mf_probe *probe)
{
	struct bpf_program *program = session->programs[probe->index];
	struct bpf_insn *insns = NULL;
	size_t count = bpf_program__insn_cnt(program);
	int status = STATUS_OK;

	for (uint32_t i = 0; i < session->manifest->fixup_count && status == STATUS_OK; i++) {
		const struct mf_fixup *fixup = &session->manifest->fixups[i];

		if (strcmp(fixup->program, probe->program) != 0)
			continue;
		if (!insns) {
			insns = malloc(count * sizeof(*insns));
			if (!insns) {
				say_error("out of memory");
				return STATUS_FAILED;
			}
			memcpy(insns, bpf_program__insns(program), count * sizeof(*insns));
		}
		if (fixup->insn >= count) {
			say_error("the object is damaged: a fixup lies outside of its program");
			status = STATUS_OBJECT;
			break;
		}
		status = patch(cache, fixup, &insns[fixup->insn]);
	}
	/* Before loading, libbpf keeps the program's own instructions only, so indexes are the
	 * file's. */
	if (insns && status == STATUS_OK && bpf_program__set_insns(program, insns, count) != 0) {
		say_error("Cannot patch program %s.", probe->program);
		status = STATUS_FAILED;
	}
	free(insns);
	return status;
}

int fixups_apply(struct session *session)
{
	struct format_cache cache = {0};
	int status = STATUS_OK;

	for (uint32_t i = 0; i < session->manifest->probe_count && status == STATUS_OK; i++)
		if (session->programs[i])
			status = patch_program(session, &cache, &session->manifest->probes[i]);
	arena_free(&cache.arena);
	return status;
}
