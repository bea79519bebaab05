/* How long instructions of x86-64 are, for telling where they begin. */
#ifndef BPFLOAD_X86_LENGTH_H
#define BPFLOAD_X86_LENGTH_H

#include <stddef.h>
#include <stdint.h>

/* Longest instruction. */
#define X86_LENGTH_MAX 15

/* Length of the instruction at the bytes; 0: none is known that begins so and ends within them. */
size_t x86_length(const uint8_t *bytes, size_t size);

#endif
