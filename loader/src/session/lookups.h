/* What programs ask of the host before they are loaded: numbers in .rodata. */
#ifndef BPFLOAD_LOOKUPS_H
#define BPFLOAD_LOOKUPS_H

#include <stddef.h>
#include <stdint.h>

struct failure;
struct session;

/* Answers the manifest's questions into `rodata` (`size` bytes). The result is an exit status. */
int lookups_store(struct session *session, uint8_t *rodata, size_t size, struct failure *failure);

#endif
