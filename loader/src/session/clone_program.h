/* Copies of a loaded tracing program for further functions. */
#ifndef BPFLOAD_CLONE_PROGRAM_H
#define BPFLOAD_CLONE_PROGRAM_H

#include <stdint.h>

struct bpf_object;
struct bpf_program;

/*
 * Loads the instructions of `program`, which libbpf has loaded, once more for the function with the
 * id `function` in the BTF `module` (a descriptor; 0: of vmlinux). The result is a descriptor of
 * the new program, or -1 with errno.
 */
int clone_program(struct bpf_object *object, struct bpf_program *program, uint32_t function,
		  int module);

#endif
