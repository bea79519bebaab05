#include "session/clone_program.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "session/kernel_targets.h"

/* The instruction behind `at` that a call, or the address of a callback, leads to; 0: it is
 * neither. */
static size_t target_of(const struct bpf_insn *insns, size_t at)
{
	const struct bpf_insn *insn = &insns[at];
	bool call = insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
	bool address =
		insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC;

	return call || address ? (size_t)((int64_t)at + insn->imm + 1) : 0;
}

/* A static function (its linkage stands where others have a count) of the object's BTF; 0 if there
 * is none. */
static uint32_t static_function(const struct btf *btf)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (btf_is_func(type) && btf_vlen(type) == BTF_FUNC_STATIC)
			return id;
	}
	return 0;
}

/*
 * The records of functions that the verifier wants where callbacks are (check_ld_imm,
 * kernel/bpf/verifier.c): where each begins, and a type. libbpf keeps its own to itself. It does
 * not matter which static function the type is of: the verifier follows calls of these by their
 * code.
 */
static struct bpf_func_info *function_records(const struct btf *btf, const char *name,
					      const struct bpf_insn *insns, size_t count,
					      uint32_t *records)
{
	int32_t own = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	uint32_t other = static_function(btf);
	bool *starts = memory_array(count, sizeof(*starts));
	struct bpf_func_info *list = NULL;

	*records = 0;
	if (own <= 0)
		goto out;
	for (size_t i = 0; i < count; i++) {
		size_t target = target_of(insns, i);

		if (target > 0 && target < count && !starts[target]) {
			starts[target] = true;
			++*records;
		}
	}
	list = *records && other ? memory_array(*records + 1, sizeof(*list)) : NULL;
	if (!list) {
		*records = 0;
		goto out;
	}
	list[0] = (struct bpf_func_info){0, (uint32_t)own};
	*records = 1;
	for (size_t i = 1; i < count; i++)
		if (starts[i])
			list[(*records)++] = (struct bpf_func_info){(uint32_t)i, other};
out:
	free(starts);
	return list;
}

int clone_program(struct bpf_object *object, struct bpf_program *program, uint32_t function,
		  int module)
{
	const struct bpf_insn *insns = bpf_program__insns(program);
	size_t count = bpf_program__insn_cnt(program);
	const char *name = bpf_program__name(program);
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = bpf_program__expected_attach_type(program),
		    .prog_flags = bpf_program__flags(program), .attach_btf_id = function,
		    .attach_btf_obj_fd = (uint32_t)module);
	const struct btf *btf = bpf_object__btf(object);
	struct bpf_func_info *records;
	int fd, error;

	records = function_records(btf, name, insns, count, &options.func_info_cnt);
	if (records) {
		options.prog_btf_fd = (uint32_t)bpf_object__btf_fd(object);
		options.func_info = records;
		options.func_info_rec_size = sizeof(*records);
	}
	/* The licenses that a script can have are all compatible with it. */
	fd = bpf_prog_load(kernel_target_type(program), name, "GPL", insns, count, &options);
	error = errno;
	free(records);
	errno = error;
	return fd;
}
