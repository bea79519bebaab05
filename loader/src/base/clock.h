/* Clocks of the kernel as one number. */
#ifndef BPFLOAD_CLOCK_H
#define BPFLOAD_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of the clock; 0 where it cannot be read, such as that of a process that has gone. */
uint64_t clock_ns(clockid_t clock);

#endif
