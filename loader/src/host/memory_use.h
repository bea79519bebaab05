/* What tracing holds of the host's memory. */
#ifndef BPFLOAD_MEMORY_USE_H
#define BPFLOAD_MEMORY_USE_H

#include <stdint.h>

/*
 * Bytes that the kernel says a map or program takes (`memlock` of its descriptor's file in
 * /proc/self/fdinfo; before Linux 6.4 what it might come to hold: bpf_map_memory_footprint,
 * kernel/bpf/syscall.c); 0 where it says nothing.
 */
uint64_t memory_of_descriptor(int descriptor);

/* Bytes that this process holds by itself: what is resident and no file's, 0 if that is unknown. */
uint64_t memory_of_process(void);

#endif
