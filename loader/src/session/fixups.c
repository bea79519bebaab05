#include "session/fixups.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/memory.h"
#include "object/btf_ext.h"
#include "object/elf_file.h"
#include "session/argument_fixup.h"
#include "session/tracepoint_fixup.h"

/* Adds what can be done, and the place in the script that the instruction comes from. */
static void explain(const struct session *session, const struct mf_fixup *fixup,
		    struct failure *failure)
{
	const struct elf_file *elf = session->elf;
	const struct elf_symbol *program = elf_find_program(elf, fixup->program);
	struct btf_ext_place place;

	if (failure->status == STATUS_KERNEL)
		fail_hint(failure,
			  "Build the script with --kernel, against a description of this kernel.");
	if (btf_ext_place_of(elf, &elf->sections[program->section],
			     (uint32_t)program->value + fixup->insn * sizeof(struct bpf_insn),
			     &place))
		fail_at(failure, place.file, place.line);
}

static void patch_program(struct session *session, struct tracepoint_formats *formats,
			  const struct mf_probe *probe, struct failure *failure)
{
	struct bpf_program *program = session->programs[probe->index];
	size_t count = bpf_program__insn_cnt(program);
	struct bpf_insn *insns = NULL;

	for (uint32_t i = 0; i < session->manifest->fixup_count && !failure->status; i++) {
		const struct mf_fixup *fixup = &session->manifest->fixups[i];

		if (strcmp(fixup->program, probe->program) != 0)
			continue;
		if (!insns) {
			insns = memory_array(count, sizeof(*insns));
			memcpy(insns, bpf_program__insns(program), count * sizeof(*insns));
		}
		if (fixup->insn >= count)
			fail(failure, STATUS_OBJECT,
			     "the object is damaged: a fixup lies outside of its program");
		else if (fixup->field)
			tracepoint_fixup(formats, fixup, &insns[fixup->insn], failure);
		else
			argument_fixup(session, probe, fixup, &insns[fixup->insn], failure);
		if (failure->status)
			explain(session, fixup, failure);
	}
	/* Before loading, libbpf keeps the program's own instructions only, so indexes are the
	 * file's. */
	if (insns && !failure->status && bpf_program__set_insns(program, insns, count) != 0)
		fail(failure, STATUS_FAILED, "Cannot patch program %s.", probe->program);
	free(insns);
}

int fixups_apply(struct session *session, struct failure *failure)
{
	struct tracepoint_formats formats = {0};

	for (uint32_t i = 0; i < session->manifest->probe_count && !failure->status; i++)
		if (session->programs[i])
			patch_program(session, &formats, &session->manifest->probes[i], failure);
	arena_free(&formats.arena);
	return failure->status;
}
