/* Readable names of Rust functions in the mangling of RFC 2603 ("v0"). */
#ifndef BPFLOAD_RUST_NAME_H
#define BPFLOAD_RUST_NAME_H

#include <stdbool.h>

#include "base/strbuf.h"

/*
 * Appends the readable form of `_R...`, without the hashes of crates. False, and something may be
 * appended, when the name is not one, or the work for it is unreasonable: names refer to their own
 * parts, and a short one can stand for a text without end.
 */
bool rust_name_read(struct strbuf *to, const char *name);

#endif
