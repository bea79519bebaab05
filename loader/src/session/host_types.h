/*
 * Whether the kernel's values are what the programs take them for. CO-RE moves offsets and widths;
 * what it cannot move (another kind of value, a sign, a width in a plain load) would give numbers
 * that the kernel does not hold.
 */
#ifndef BPFLOAD_HOST_TYPES_H
#define BPFLOAD_HOST_TYPES_H

#include <stddef.h>
#include <stdint.h>

struct failure;
struct session;

/*
 * The file that libbpf is to read the kernel's types from, for btf_custom_path: one that
 * host_types_check fills with those that the object asks for, the one that the user names, or NULL
 * for the kernel's own.
 */
const char *host_types_file(struct session *session);

/*
 * Compares what the CO-RE records of the programs that will be loaded lead to, in the object's BTF
 * and in the kernel's. STATUS_KERNEL with the member and the place in the script where they differ.
 * Members that the kernel does not have are left to the verifier, which knows whether they are
 * reached. Call after choosing programs.
 */
int host_types_check(struct session *session, struct failure *failure);

/*
 * Why libbpf found no member for the CO-RE record of a type and an access path (of `length` bytes),
 * if the kernel has one of that name: STATUS_OK where it has none.
 */
int host_types_explain(struct session *session, uint32_t type, const char *access, size_t length,
		       struct failure *failure);

/* Adds the place in the script of that record, or of the first like it, to a failure. */
void host_types_place(struct session *session, uint32_t type, const char *access, size_t length,
		      struct failure *failure);

#endif
