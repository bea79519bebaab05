/* Loads and shifts of numbers that the host has in another width. */
#include "session/patch.h"

#include <linux/bpf.h>
#include <string.h>

#include "check.h"

static const struct type_number s32 = {.size = 4, .is_signed = true};
static const struct type_number s64 = {.size = 8, .is_signed = true};
static const struct type_number u8 = {.size = 1};
static const struct type_number u32 = {.size = 4};
static const struct type_number u64 = {.size = 8};
static const struct type_number enumerator = {.size = 4, .is_enum = true};

static bool suits(const struct type_number *local, const struct type_number *host)
{
	char why[160];

	return patch_suits(local, host, why, sizeof(why));
}

static void expect_reason(const struct type_number *local, const struct type_number *host,
			  const char *expected)
{
	char why[160];

	if (CHECK(!patch_suits(local, host, why, sizeof(why))))
		CHECK(strstr(why, expected));
}

static struct bpf_insn shifted(uint8_t operation, const struct type_number *local,
			       const struct type_number *host)
{
	struct bpf_insn insn = {.code = BPF_ALU64 | operation | BPF_K, .dst_reg = 3, .imm = 32};

	patch_shift(&insn, local, host);
	return insn;
}

int main(void)
{
	struct bpf_insn insn = {.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 3, .off = 16};

	/* Narrower numbers fit, as long as negative ones stay so. */
	CHECK(suits(&s64, &s32) && suits(&s64, &u32) && suits(&u64, &u32) && suits(&u32, &u8));
	CHECK(suits(&s32, &s32) && suits(&s32, &enumerator) && suits(&enumerator, &u32));
	/* What was an enumerator can be negative where it is a plain number. */
	expect_reason(&enumerator, &s32, "has a sign on this kernel");
	expect_reason(&s32, &s64, "has 8 bytes on this kernel, and the script was built for 4");
	expect_reason(&u64, &s32, "has a sign on this kernel");
	expect_reason(&s32, &u32, "has no sign on this kernel");

	patch_width(&insn, &u32);
	CHECK(insn.code == (BPF_LDX | BPF_MEM | BPF_W) && insn.dst_reg == 3 && insn.off == 16);
	patch_width(&insn, &u8);
	CHECK(insn.code == (BPF_LDX | BPF_MEM | BPF_B));

	/* The sign is the host's. */
	insn = shifted(BPF_LSH, &s64, &s32);
	CHECK(insn.code == (BPF_ALU64 | BPF_LSH | BPF_K) && insn.imm == 32 && insn.dst_reg == 3);
	insn = shifted(BPF_ARSH, &s64, &s32);
	CHECK(insn.code == (BPF_ALU64 | BPF_ARSH | BPF_K) && insn.imm == 32);
	insn = shifted(BPF_ARSH, &s64, &u8);
	CHECK(insn.code == (BPF_ALU64 | BPF_RSH | BPF_K) && insn.imm == 56);
	insn = shifted(BPF_ARSH, &s32, &enumerator);
	CHECK(insn.code == (BPF_ALU64 | BPF_ARSH | BPF_K) && insn.imm == 32);
	/* What would shift by nothing goes: the verifier removes jumps to the next instruction. */
	insn = shifted(BPF_LSH, &s64, &s64);
	CHECK(insn.code == (BPF_JMP | BPF_JA) && insn.off == 0 && insn.imm == 0);

	return check_result("patch");
}
