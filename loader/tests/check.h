/*
 * The smallest test harness that does: checks print what was expected and go on; a test program
 * ends with check_result().
 */
#ifndef BPFLOAD_TESTS_CHECK_H
#define BPFLOAD_TESTS_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

static int checks_failed;
static int checks_done;

/* True when it holds. */
static inline bool check_that(bool holds, const char *what, const char *file, int line)
{
	checks_done++;
	if (!holds) {
		checks_failed++;
		fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	}
	return holds;
}

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)

/* Compares a buffer with a text, and empties it. */
static inline void check_text(struct strbuf *got, const char *expected, const char *file, int line)
{
	checks_done++;
	if (got->length != strlen(expected) ||
	    (got->length && memcmp(got->data, expected, got->length) != 0)) {
		checks_failed++;
		fprintf(stderr, "%s:%d: expected\n%s\ngot\n%.*s\n", file, line, expected,
			(int)got->length, got->length ? got->data : "");
	}
	strbuf_clear(got);
}

#define CHECK_TEXT(buffer, expected) check_text((buffer), (expected), __FILE__, __LINE__)

static inline int check_result(const char *name)
{
	fprintf(stderr, "%s: %d checks, %d failed\n", name, checks_done, checks_failed);
	return checks_failed != 0;
}

#endif
