/*
 * A few of the kernel's types as BTF of their own. libbpf reads a kernel's 5 MB of BTF once more
 * for itself, unless it is given a file in its place: with what the object asks for that file has
 * some kilobytes.
 */
#ifndef BPFLOAD_TYPE_SUBSET_H
#define BPFLOAD_TYPE_SUBSET_H

#include <stdbool.h>
#include <stdint.h>

struct btf;
struct type_subset;

struct type_subset *type_subset_new(void);
void type_subset_free(struct type_subset *subset);

/*
 * Takes a type of the host with all that it has by value; what its pointers lead to becomes void,
 * as CO-RE does not look behind them. False if libbpf cannot.
 */
bool type_subset_add(struct type_subset *subset, const struct btf *host, uint32_t type);

/* The BTF, valid until the subset is freed; NULL if libbpf cannot. */
const void *type_subset_bytes(struct type_subset *subset, uint32_t *size);

#endif
