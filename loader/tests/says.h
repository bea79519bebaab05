/* What a failure says. */
#ifndef BPFLOAD_TESTS_SAYS_H
#define BPFLOAD_TESTS_SAYS_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/failure.h"

/* True when it has this status, and the text somewhere; prints it where not. */
static inline bool says(const struct failure *failure, int status, const char *text)
{
	if (failure->status == status && strstr(failure->text, text))
		return true;
	fprintf(stderr, "%d: %s\n", failure->status, failure->text);
	return false;
}

#endif
