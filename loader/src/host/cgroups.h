/* cgroups by id and by path. */
#ifndef BPFLOAD_CGROUPS_H
#define BPFLOAD_CGROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/*
 * Appends `hierarchy:/path` for each mounted hierarchy whose name matches the pattern (`*` and `?`)
 * and that has a cgroup of that id, with commas between; nothing where there is none.
 */
void cgroup_path_text(struct strbuf *to, uint64_t id, const char *pattern);

#endif
