/*
 * The kernel's types as its own file has them, looked at in place: libbpf copies the 5 MB and makes
 * an index of them, which takes longer than all else that a start does. For what needs all of
 * libbpf's questions there is kernel_btf_load().
 */
#ifndef BPFLOAD_TYPE_VIEW_H
#define BPFLOAD_TYPE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

struct btf;
struct btf_type;
struct type_view;

/* NULL where the file cannot be read, or holds what this loader does not know. */
struct type_view *type_view_open(void);
void type_view_free(struct type_view *view);

/* The first type of that kind and name; 0: none. */
uint32_t type_view_find(const struct type_view *view, uint32_t kind, const char *name);

/* A set of kinds. */
#define TYPE_KIND(kind) (UINT32_C(1) << (kind))

typedef bool (*type_visit)(uint32_t id, const struct btf_type *type, const char *name,
			   void *context);

/* Calls `visit` with each type of one of the kinds, by ascending ids, and its name, until it gives
 * false. Most types are of a kind that nobody asks for. */
void type_view_each(const struct type_view *view, uint32_t kinds, type_visit visit, void *context);

/* Bytes behind a type's head (Documentation/bpf/btf.rst); -1 for a kind that is newer. */
int64_t type_tail_size(const struct btf_type *type);

/* Types of a kernel, whoever reads them. */
struct type_source {
	const void *types;
	/* NULL for an id that there is not; 0 is void. */
	const struct btf_type *(*type)(const void *types, uint32_t id);
	/* Never NULL. */
	const char *(*name)(const void *types, uint32_t offset);
};

struct type_source type_view_source(const struct type_view *view);
struct type_source type_btf_source(const struct btf *btf);

#endif
