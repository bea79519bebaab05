/* Characters in bytes that may be anything. */
#ifndef BPFLOAD_UTF8_H
#define BPFLOAD_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the UTF-8 sequence at `at` (`room` bytes, at least one), or 0 where there is none (RFC
 * 3629, section 4). */
size_t utf8_length(const uint8_t *at, size_t room);

#endif
