/* The types of this kernel and its modules, as a session reads them: what was asked for once is
 * kept. */
#ifndef BPFLOAD_KERNEL_TYPES_H
#define BPFLOAD_KERNEL_TYPES_H

#include <stdbool.h>
#include <stdint.h>

struct btf;
struct kernel_function;
struct session;
struct type_view;

/* BTF of the kernel (NULL) or of one of its modules, read when it is first asked for; NULL
 * with errno. */
const struct btf *session_kernel_btf(struct session *session, const char *module);

/* The same of the kernel alone, for looks that are few; NULL where only libbpf can read it. */
const struct type_view *session_type_view(struct session *session);

/* The raw tracepoints of the kernel (NULL) or of a module that match the pattern, as
 * kernel_btf_match_events gives them; -1 with errno where its BTF cannot be read. */
int64_t session_kernel_events(struct session *session, const char *module, const char *pattern,
			      struct kernel_function **events);

/* The first type of a kind and name in the kernel's own BTF; 0: none. */
uint32_t session_kernel_type(struct session *session, uint32_t kind, const char *name);

/* Calls `look` with the BTF of the kernel, and then of each module, until it finds something. */
bool session_look_in_btf(struct session *session,
			 bool (*look)(const struct btf *btf, void *context), void *context);

void kernel_types_free(struct session *session);

#endif
