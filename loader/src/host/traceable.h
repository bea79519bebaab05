/* Functions of the kernel that can be traced, as tracefs lists them. */
#ifndef BPFLOAD_TRACEABLE_H
#define BPFLOAD_TRACEABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct traceable {
	const char *name;
	/* NULL for the kernel itself. */
	const char *module;
};

/*
 * Functions that `pattern` matches, in modules that `module` matches (`vmlinux` is the kernel
 * itself; NULL: anywhere), in *functions: sorted, each name once for each module. Clones of a part
 * of a function (`f.part.0`) are left out, since they are not called as f is. The result is their
 * number, or -1 with errno.
 */
int64_t traceable_match(struct arena *arena, const char *root, const char *module,
			const char *pattern, struct traceable **functions);

/* The same from a file in the format of available_filter_functions. */
int64_t traceable_match_file(struct arena *arena, const char *path, const char *module,
			     const char *pattern, struct traceable **functions);

/* Whether /proc/modules lists the module. */
bool module_is_loaded(const char *module);

#endif
