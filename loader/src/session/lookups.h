/* What programs ask of the host before they are loaded: numbers in .rodata. */
#ifndef BPFLOAD_LOOKUPS_H
#define BPFLOAD_LOOKUPS_H

#include <stddef.h>
#include <stdint.h>

struct failure;
struct mf_lookup;
struct session;

/* Answers the manifest's questions into `rodata` (`size` bytes). The result is an exit status. */
int lookups_store(struct session *session, uint8_t *rodata, size_t size, struct failure *failure);

/* Says that this kernel has no such enumerator, and where the script uses it. */
int lookup_refuse(const struct session *session, const struct mf_lookup *lookup,
		  struct failure *failure);

#endif
