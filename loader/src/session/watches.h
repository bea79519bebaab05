/* The perf events of watchpoints, by the address that they watch: for unwatch(). */
#ifndef BPFLOAD_WATCHES_H
#define BPFLOAD_WATCHES_H

#include <stdint.h>

struct session;

/* Remembers the event that `fd` is. */
void watches_add(struct session *session, uint64_t address, int fd);

/* Switches all events of an address off, also those of threads that were started since. */
void watches_end(const struct session *session, uint64_t address);

#endif
