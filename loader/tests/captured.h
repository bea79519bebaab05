/* What a test's own process writes to a descriptor meanwhile. */
#ifndef BPFLOAD_TESTS_CAPTURED_H
#define BPFLOAD_TESTS_CAPTURED_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/strbuf.h"

struct captured {
	int descriptor, file, before;
};

/* From here on it goes into a file. */
static inline void capture_begin(struct captured *captured, int descriptor)
{
	char path[] = "/tmp/bpfload-captured-XXXXXX";

	fflush(NULL);
	*captured = (struct captured){descriptor, mkstemp(path), dup(descriptor)};
	unlink(path);
	dup2(captured->file, descriptor);
}

/* Appends it to `text`. */
static inline void capture_end(struct captured *captured, struct strbuf *text)
{
	char chunk[4096];
	ssize_t got;

	fflush(NULL);
	dup2(captured->before, captured->descriptor);
	close(captured->before);
	lseek(captured->file, 0, SEEK_SET);
	while ((got = read(captured->file, chunk, sizeof(chunk))) > 0)
		strbuf_put(text, chunk, (size_t)got);
	close(captured->file);
}

#endif
