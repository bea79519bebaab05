#include "session/patch.h"

#include <linux/bpf.h>
#include <stdio.h>

bool patch_suits(const struct type_number *local, const struct type_number *host, char *why,
		 size_t room)
{
	bool narrower = host->size < local->size;

	if (host->size > local->size) {
		snprintf(why, room, "has %u bytes on this kernel, and the script was built for %u",
			 host->size, local->size);
		return false;
	}
	if (type_sign_unknown(local->is_enum, local->is_signed, host->is_enum, host->is_signed) ||
	    host->is_signed == local->is_signed || (narrower && local->is_signed))
		return true;
	snprintf(why, room,
		 "has %s sign on this kernel, and the script was built for a number %s one",
		 host->is_signed ? "a" : "no", local->is_signed ? "with" : "without");
	return false;
}

void patch_width(struct bpf_insn *insn, const struct type_number *host)
{
	static const uint8_t sizes[] = {[1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW};

	if (host->size < sizeof(sizes))
		insn->code = BPF_LDX | BPF_MEM | sizes[host->size];
	else
		insn->code = BPF_LDX | BPF_MEM | BPF_DW;
}

void patch_shift(struct bpf_insn *insn, const struct type_number *local,
		 const struct type_number *host)
{
	uint32_t unused = 64 - 8 * host->size;
	bool is_signed = host->is_enum ? local->is_signed : host->is_signed;

	if (unused == 0) {
		*insn = (struct bpf_insn){.code = BPF_JMP | BPF_JA};
		return;
	}
	if (BPF_OP(insn->code) != BPF_LSH)
		insn->code = BPF_ALU64 | (is_signed ? BPF_ARSH : BPF_RSH) | BPF_K;
	insn->imm = (int32_t)unused;
}
