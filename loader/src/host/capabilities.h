/* Whether the loader may do what the object needs. */
#ifndef BPFLOAD_CAPABILITIES_H
#define BPFLOAD_CAPABILITIES_H

#include <stdbool.h>

#include "object/manifest.h"

struct failure;

/* Whether the process has CAP_SYS_ADMIN. */
bool capabilities_are_of_admin(void);

/* STATUS_OK, or STATUS_PERMISSION with a failure that names what is missing. */
int capabilities_check(const struct manifest *manifest, struct failure *failure);

#endif
