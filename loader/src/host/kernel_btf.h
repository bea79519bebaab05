/* The BTF of the kernel and of its modules, and functions in it. */
#ifndef BPFLOAD_KERNEL_BTF_H
#define BPFLOAD_KERNEL_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct btf;
struct type_view;

#define KERNEL_BTF_FOLDER "/sys/kernel/btf"

/* What a file of the kernel's types holds. */
struct btf_bytes {
	const void *data;
	size_t size;
	bool is_mapped;
};

/* NULL data where it cannot be read. */
struct btf_bytes btf_bytes_read(const char *path);
void btf_bytes_free(struct btf_bytes *bytes);

/* The kernel's own types, for btf__free; NULL with errno where it has none. */
struct btf *kernel_btf_load(void);

/*
 * The type of a kind with that name in the BTF of the kernel, or in that of a module: of a name
 * that both have it is the module's, and of one that only the kernel has there is none. 0: there is
 * none.
 */
uint32_t kernel_btf_own(const struct btf *btf, const char *name, uint32_t kind);

/* A function that fentry and fexit can be attached to, as far as its prototype is concerned. */
struct kernel_function {
	uint32_t id;
	const char *name;
};

/*
 * The functions of vmlinux, or of the module alone if that is what the BTF is of, that match the
 * pattern, in *functions: sorted by name, each name once. The result is their number.
 */
int64_t kernel_btf_match(struct arena *arena, const struct btf *btf, const char *pattern,
			 struct kernel_function **functions);

/* The same for raw tracepoints: their names, and the types that programs are loaded for. */
int64_t kernel_btf_match_events(struct arena *arena, const struct btf *btf, const char *pattern,
				struct kernel_function **events);

/* The same for types of one kind (BTF_KIND_*) whose names begin with a prefix, which is cut off. */
int64_t kernel_btf_match_types(struct arena *arena, const struct btf *btf, uint32_t kind,
			       const char *prefix, const char *pattern,
			       struct kernel_function **types);

/* The same of the raw tracepoints of the kernel itself, in place. */
int64_t type_view_match_events(struct arena *arena, const struct type_view *view,
			       const char *pattern, struct kernel_function **events);

/*
 * The names of the loaded modules that have BTF, in *modules. The result is their number;
 * 0 too where they cannot be listed.
 */
int64_t kernel_btf_modules(struct arena *arena, const char ***modules);

/* A new descriptor of the module's BTF in the kernel, as attach_btf_obj_fd; -1 with errno. */
int kernel_btf_module_fd(const char *module);

#endif
