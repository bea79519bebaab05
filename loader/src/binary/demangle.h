/* Readable names of C++ functions, by GNU libiberty, and of Rust functions. */
#ifndef BPFLOAD_DEMANGLE_H
#define BPFLOAD_DEMANGLE_H

#include <stdbool.h>

#include "base/strbuf.h"

enum demangle_form {
	/* `int ns::max<int>(int, int)`, as c++filt shows it. */
	DEMANGLE_FULL,
	/* `ns::max<int>(int, int)`: no return type. */
	DEMANGLE_SIGNATURE,
	/* `ns::max<int>`. */
	DEMANGLE_NAME,
};

/*
 * Appends the readable form. False, and nothing appended, when the name is not mangled, or its
 * readable form is unreasonably long, or takes unreasonably long: files may hold names that grow
 * without bounds. Where many names did, no name of C++ is read any more.
 */
bool demangle(struct strbuf *to, const char *name, enum demangle_form form);

/* Whether a name begins as those of C++ and Rust do. */
bool demangle_is_mangled(const char *name);

/*
 * Whether a pattern (with `*`) stands for the C++ function of that mangled name. A parameter list
 * is compared only if the pattern has one, so that one without means all overloads; the return type
 * of a template may be there or not. The pattern may also be the mangled name itself.
 */
bool demangle_matches(const char *pattern, const char *name, struct strbuf *scratch);

#endif
