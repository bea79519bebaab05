/* Instructions that read fields of tracepoints. */
#ifndef BPFLOAD_TRACEPOINT_FIXUP_H
#define BPFLOAD_TRACEPOINT_FIXUP_H

#include "base/arena.h"
#include "object/manifest.h"

struct bpf_insn;
struct failure;

/* The format read last: fixups of one event stand together. Its owner frees the arena. */
struct tracepoint_formats {
	struct arena arena;
	const char *category, *event, *text;
};

/* Patches one of them from the host's format of the event. */
void tracepoint_fixup(struct tracepoint_formats *formats, const struct mf_fixup *fixup,
		      struct bpf_insn *insn, struct failure *failure);

#endif
