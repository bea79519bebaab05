/* Finding types of a kernel by the names that the manifest has for them. */
#ifndef BPFLOAD_TYPE_PATH_H
#define BPFLOAD_TYPE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/type_match.h"

struct btf;

/*
 * Types that are called `struct NAME`, `union NAME` or, by a typedef, NAME (of `length` bytes): up
 * to `room` ids; the result is their number.
 */
uint32_t type_named(const struct btf *btf, const char *called, size_t length, uint32_t *ids,
		    uint32_t room);

/*
 * Follows a path of names with dots between them from a type: members, or in an array and behind a
 * pointer any name, which is the first element. False where there is none such, or a bitfield.
 */
bool type_along(const struct btf *btf, uint32_t type, const char *path, struct type_leaf *leaf);

#endif
