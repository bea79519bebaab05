/*
 * A few of the kernel's types as BTF of their own: libbpf reads a kernel's 5 MB of BTF for itself,
 * unless it is given a file in its place. With what the object asks for, that has some kilobytes.
 */
#ifndef BPFLOAD_TYPE_SUBSET_H
#define BPFLOAD_TYPE_SUBSET_H

#include <stdbool.h>
#include <stdint.h>

#include "host/type_view.h"

struct type_subset;

struct type_subset *type_subset_new(void);
void type_subset_free(struct type_subset *subset);

/*
 * Takes a type of a kernel, or of one of its modules, with all that it has by value. Of what its
 * pointers lead to, numbers and further pointers are whole, structs have their names alone: neither
 * CO-RE nor type_match.h looks further. False where there is no such type.
 */
bool type_subset_add(struct type_subset *subset, struct type_source source, uint32_t type);

/* The same of a function, with its parameters, or of a typedef of a pointer to such. */
bool type_subset_add_signature(struct type_subset *subset, struct type_source source,
			       uint32_t type);

/* The BTF; free() it. */
void *type_subset_bytes(const struct type_subset *subset, uint32_t *size);

#endif
