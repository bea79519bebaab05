/* Programs that are loaded to see whether the kernel takes them. */
#ifndef BPFLOAD_TRIAL_H
#define BPFLOAD_TRIAL_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRIAL_LOG 4096

/*
 * Loads a program and unloads it. Programs of BPF_PROG_TYPE_TRACING are for raw tracepoints, of
 * the one whose BTF type is `attach`. False where the kernel refuses it: `log` then has the
 * verifier's log, "" without one.
 */
bool trial_load(enum bpf_prog_type type, uint32_t attach, const struct bpf_insn *code, size_t count,
		char log[TRIAL_LOG]);

#endif
