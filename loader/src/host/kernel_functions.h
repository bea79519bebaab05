/* Functions of the kernel as BTF knows them, and whether BPF programs may call them. */
#ifndef BPFLOAD_KERNEL_FUNCTIONS_H
#define BPFLOAD_KERNEL_FUNCTIONS_H

#include <linux/bpf.h>
#include <stdbool.h>

struct btf;

/* Begins with zeros; the kernel's BTF is read when the first function is asked for. */
struct kernel_functions {
	struct btf *btf;
	bool read;
};

/* Whether the kernel, or a module that is loaded, has a function of that name in its BTF. */
bool kernel_function_exists(struct kernel_functions *functions, const char *name);

/*
 * Whether the kernel lets programs of a type call that function of its own. Found out by asking it
 * to load such a program.
 */
bool kernel_function_callable(struct kernel_functions *functions, const char *name,
			      enum bpf_prog_type type);

void kernel_functions_free(struct kernel_functions *functions);

#endif
