/*
 * Whether the kernel's values are what the programs take them for. CO-RE moves offsets and widths;
 * what it cannot move (another kind of value, a sign, a width in a plain load) would give numbers
 * that the kernel does not hold.
 */
#ifndef BPFLOAD_HOST_TYPES_H
#define BPFLOAD_HOST_TYPES_H

struct elf_file;
struct failure;
struct session;

/*
 * Compares what the CO-RE records of the programs that will be loaded lead to, in the object's BTF
 * and in the kernel's. STATUS_KERNEL with the member and the place in the script where they differ.
 * Members that the kernel does not have are left to the verifier, which knows whether they are
 * reached. Call after choosing programs.
 */
int host_types_check(struct session *session, const struct elf_file *elf, struct failure *failure);

#endif
