/* Functions of the kernel that programs call (kfuncs), against those that this kernel has. */
#ifndef BPFLOAD_KERNEL_CALLS_H
#define BPFLOAD_KERNEL_CALLS_H

struct btf;
struct failure;

/*
 * Whether the functions that the object's BTF (`local`) names in `.ksyms` take and give the same in
 * the kernel's. STATUS_KERNEL with the function and what differs; one that the kernel does not have
 * is not called.
 */
int kernel_calls_check(const struct btf *local, const struct btf *host, struct failure *failure);

#endif
