/* Copies of loaded programs: what of the original they have, and which records of functions the
 * verifier is given where there are callbacks; the kernel is stood in for. */
#include "session/clone_program.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>

#include "check.h"
#include "stand_in.h"

enum { INT = 1, PROTOTYPE, OWN, OTHER, SECOND };

#define EXIT                               \
	{                                  \
		.code = BPF_JMP | BPF_EXIT \
	}

/* The code, and what is said of its functions. */
static void check_copy(const char *name, const struct bpf_insn *insns, size_t count,
		       const char *records)
{
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.expected = BPF_TRACE_FENTRY,
		.name = name,
		.insns = insns,
		.insn_count = count,
	};
	char log[256];

	snprintf(log, sizeof(log),
		 "program %s of type %d for %d, function 9 of 8, %zu instructions%s, flags 7\n",
		 name, BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, count, records);
	CHECK(clone_program(NULL, (struct bpf_program *)&program, 9, 8) >= FIRST_LINK);
	CHECK_TEXT(&stand_in.log, log);
}

int main(void)
{
	const struct bpf_insn call = {
		.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = 1};
	const struct bpf_insn address = {
		.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = BPF_PSEUDO_FUNC, .imm = 4};
	const struct bpf_insn back = {
		.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = -4};
	const struct bpf_insn beyond = {
		.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = 90};
	const struct bpf_insn helper = {.code = BPF_JMP | BPF_CALL, .imm = 2};
	const struct bpf_insn number = {.code = BPF_LD | BPF_IMM | BPF_DW, .imm = 3};
	/* Of two functions, one of which is called twice. */
	const struct bpf_insn with_calls[] = {call, address, EXIT, back, EXIT, call, EXIT, call},
			      plain[] = {helper, number, EXIT, beyond, EXIT};
	const struct bpf_program refused = {.name = "own", .expected = BPF_TRACE_FENTRY};
	struct btf *btf = btf__new_empty(), *without = btf__new_empty();

	stand_in_reset();
	CHECK(btf__add_int(btf, "int", 4, BTF_INT_SIGNED) == INT);
	CHECK(btf__add_func_proto(btf, INT) == PROTOTYPE);
	CHECK(btf__add_func(btf, "own", BTF_FUNC_GLOBAL, PROTOTYPE) == OWN);
	CHECK(btf__add_func(btf, "other", BTF_FUNC_STATIC, PROTOTYPE) == OTHER);
	CHECK(btf__add_func(btf, "second", BTF_FUNC_STATIC, PROTOTYPE) == SECOND);
	stand_in.object_types = btf;
	/* 0 calls 2, 1 has the address of 6, 3 calls 0, 5 calls 7, and 7 nothing of the program. */
	check_copy("own", with_calls, 8, ", 3 at 0, 4 at 2, 4 at 6, 4 at 7");
	check_copy("own", plain, 5, "");
	check_copy("unknown", with_calls, 8, "");
	/* Types that name no static function. */
	btf__add_int(without, "int", 4, BTF_INT_SIGNED);
	btf__add_func_proto(without, INT);
	btf__add_func(without, "own", BTF_FUNC_GLOBAL, PROTOTYPE);
	stand_in.object_types = without;
	check_copy("own", with_calls, 8, "");
	stand_in.errors[0] = EPERM;
	stand_in.error_count = 1;
	CHECK(clone_program(NULL, (struct bpf_program *)&refused, 9, 8) == -1 && errno == EPERM);
	btf__free(btf);
	btf__free(without);
	stand_in_reset();
	return check_result("clone_program");
}
