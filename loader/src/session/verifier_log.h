/*
 * What the kernel's verifier says of the program that it refuses: the last words of its log, and
 * the instruction that it had come to. The form of logs changes with kernels (kernel/bpf/log.c),
 * but not that of instructions, `12: (85) call ...`, of which it prints each before it looks at it.
 */
#ifndef BPFLOAD_VERIFIER_LOG_H
#define BPFLOAD_VERIFIER_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* The words name no instruction, and none stands before them. */
#define VERIFIER_NOWHERE UINT32_MAX

struct verifier_refusal {
	/* The name of the program. */
	char program[128];
	/* Its sentences, as they are, with `; ` between them. */
	char words[512];
	/* Its number in the whole program, with the functions that it calls behind it. */
	uint32_t insn;
	/* The last call of a function before it. */
	uint32_t call;
};

/* Reads it from the messages of libbpf, which frames the logs; false where no log is in them. */
bool verifier_log_read(const char *messages, struct verifier_refusal *refusal);

#endif
