/* Instructions that read arguments and results of typed programs. */
#ifndef BPFLOAD_ARGUMENT_FIXUP_H
#define BPFLOAD_ARGUMENT_FIXUP_H

#include "object/manifest.h"

struct bpf_insn;
struct failure;
struct session;

/* Patches one of them from the prototype that the host has for the probe's event or function. */
void argument_fixup(struct session *session, const struct mf_probe *probe,
		    const struct mf_fixup *fixup, struct bpf_insn *insn, struct failure *failure);

#endif
