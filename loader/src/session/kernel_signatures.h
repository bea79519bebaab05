/* What functions and events of the kernel itself are called with, as BTF of these alone: of some
 * hundred bytes, in place of all types of the kernel. */
#ifndef BPFLOAD_KERNEL_SIGNATURES_H
#define BPFLOAD_KERNEL_SIGNATURES_H

#include <stdint.h>

struct btf;
struct session;

/* For prototype_of_function; as long as the session. NULL where the kernel has no such function, or
 * the session has all its types. */
const struct btf *kernel_function_types(struct session *session, const char *function,
					uint32_t *id);

/* For prototype_of_event. */
const struct btf *kernel_event_types(struct session *session, const char *event);

void kernel_signatures_free(struct session *session);

#endif
