/* The kernel's enums as this host numbers and names them. */
#ifndef BPFLOAD_HOST_ENUMS_H
#define BPFLOAD_HOST_ENUMS_H

#include <stdbool.h>
#include <stdint.h>

struct session;

/*
 * Sets session->enums: the manifest's, where those of the kernel have the names and values of this
 * host. Without BTF, or where the host has no such enum, they have none: then their values are
 * printed as numbers.
 */
void host_enums_find(struct session *session);

/* The value of an enumerator of an enum of that name (NULL: one without a name), in the kernel or
 * in any of its modules. */
bool host_enumerator(struct session *session, const char *enumeration, const char *name,
		     uint64_t *value);

/* Whether any enum of the kernel or of its modules has an enumerator of that name. */
bool host_has_enumerator(struct session *session, const char *name);

#endif
