/* The last words of verifier logs, in the forms that kernels give them. */
#include "session/verifier_log.h"

#include <string.h>

#include "check.h"

#define FRAMED(log)                                                                           \
	"libbpf: prog 'probe_1': BPF program load failed: Invalid argument\n"                 \
	"libbpf: prog 'probe_1': -- BEGIN PROG LOAD LOG --\n" log "-- END PROG LOAD LOG --\n" \
	"libbpf: prog 'probe_1': failed to load: -22\n"                                       \
	"libbpf: failed to load object 'script'\n"

static void expect(const char *messages, uint32_t insn, const char *words)
{
	struct verifier_refusal refusal;

	CHECK(verifier_log_read(messages, &refusal));
	CHECK(refusal.insn == insn);
	CHECK(strcmp(refusal.words, words) == 0);
	CHECK(strcmp(refusal.program, "probe_1") == 0);
}

static void expect_none(const char *messages)
{
	struct verifier_refusal refusal;

	CHECK(!verifier_log_read(messages, &refusal));
}

static void test_calls(void)
{
	struct verifier_refusal refusal;

	CHECK(verifier_log_read(
		FRAMED("12: (85) call pc+7\ncaller:\n R10=fp0\ncallee:\n frame1: R1=fp0\n"
		       "20: (85) call bpf_ktime_get_ns#5\n"
		       "The sequence of 8193 jumps is too complex.\n"),
		&refusal));
	CHECK(refusal.insn == 20 && refusal.call == 12);
	CHECK(verifier_log_read(FRAMED("12: (95) exit\nR0 !read_ok\n"), &refusal));
	CHECK(refusal.call == VERIFIER_NOWHERE);
}

int main(void)
{
	test_calls();
	char cut[] = "63: (79) r1 = *(u64 *)(r1 +0)\n   R0_w=inv(id=0) R10=fp0\n"
		     "The sequence of 8193 jumps is too complex.\n"
		     "processed 98333 insns (limit 1000000) max_states_per_insn 4\n"
		     "-- END PROG LOAD LOG --\nlibbpf: prog 'probe_1': failed to load: -14\n";

	/* Linux 5.10 */
	expect(FRAMED("Unrecognized arg#0 type PTR\n"
		      "; $x = outside(1);\n0: (bf) r6 = r1\n1: (85) call pc+2\ncaller:\n"
		      " R6_w=ctx(id=0,off=0,imm=0) R10=fp0\ncallee:\n frame1: R1_w=inv1\n"
		      "4: (71) r0 = *(u8 *)(r2 +0)\n frame1: R1_w=inv1 R2_w=fp8 R10=fp0\n"
		      "invalid stack off=8 size=1\n"
		      "processed 4 insns (limit 1000000) max_states_per_insn 0 total_states 0\n"),
	       4, "invalid stack off=8 size=1");
	/* 6.12 */
	expect(FRAMED("0: R1=ctx() R10=fp0\n; begin { @ = f(1); } @ stdin:1\n"
		      "0: (b7) r1 = 1                        ; R1_w=1\n"
		      "12: (85) call bpf_map_update_elem#2\n"
		      "R1 type=scalar expected=map_ptr\n"
		      "mark_precise: frame0: regs=r1 stack= before 11: (b7) r1 = 1\n"
		      "processed 13 insns (limit 1000000) max_states_per_insn 0\n"),
	       12, "R1 type=scalar expected=map_ptr");
	/* Sentences that belong together, and those of a path that was walked before. */
	expect(FRAMED("3: (85) call f#1\nFunc#1 is safe for any args that match its prototype\n"
		      "7: (71) r0 = *(u8 *)(r2 +0)\n"
		      "invalid access to map value, value_size=8 off=16 size=8\n"
		      "R1 max value is outside of the allowed memory range\n"),
	       7,
	       "invalid access to map value, value_size=8 off=16 size=8; R1 max value is outside of the allowed memory range");
	/* Before it walks anywhere. */
	expect(FRAMED("back-edge from insn 9 to 4\nprocessed 0 insns\n"), 9,
	       "back-edge from insn 9 to 4");
	expect(FRAMED("combined stack size of 2 calls is 544. Too large\n"
		      "verification time 20 usec\nstack depth 272+272\nprocessed 9 insns\n"),
	       VERIFIER_NOWHERE, "combined stack size of 2 calls is 544. Too large");
	/* Whose beginning is left out. */
	expect(cut, 63, "The sequence of 8193 jumps is too complex.");
	/* Wherever it ends. */
	for (size_t length = sizeof(cut) - 1; length > 0; length--) {
		struct verifier_refusal refusal;

		cut[length - 1] = '\0';
		verifier_log_read(cut, &refusal);
	}
	expect_none(NULL);
	expect_none("");
	expect_none("libbpf: map 'x': failed to create: Operation not permitted(-1)\n");
	expect_none(FRAMED("0: (bf) r6 = r1\nprocessed 1 insns\n"));
	return check_result("verifier_log");
}
