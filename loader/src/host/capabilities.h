/* Whether the loader may do what an object needs. */
#ifndef BPFLOAD_CAPABILITIES_H
#define BPFLOAD_CAPABILITIES_H

#include <stdbool.h>

#include "object/capability_uses.h"

struct failure;

/* Whether the process has CAP_SYS_ADMIN. */
bool capabilities_are_of_admin(void);

/* Whether the process has CAP_BPF and CAP_PERFMON. */
bool capabilities_hold_bpf(void);

/*
 * Why the kernel refuses what those two allow, as a sentence: they are missing, or something else
 * forbids it to who has them, such as the filter of a container, which knows no capabilities.
 */
const char *capabilities_refusal(void);

/*
 * STATUS_OK, or STATUS_PERMISSION with a failure that names all that is missing on this host, and
 * how the loader gets it. `of_process`: tracing is limited to one (-p). What names take is not
 * missed here: addresses are shown without it.
 */
int capabilities_check(const struct capability_uses *uses, bool of_process,
		       struct failure *failure);

#endif
