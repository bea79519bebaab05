/* Names of the kernel's allocation flags: %gr. */
#ifndef BPFLOAD_GFP_FLAGS_H
#define BPFLOAD_GFP_FLAGS_H

#include <stdint.h>

#include "base/strbuf.h"

/* Appends names joined by `|`, the largest sets first; bits without a name as one hexadecimal
 * number. */
void gfp_flags_text(struct strbuf *to, uint64_t flags);

#endif
