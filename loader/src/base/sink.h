/*
 * Where what is written goes: standard output, or a file. It may be a pipe whose reader is slow or
 * not there yet. Functions give 0, or -1 once it can take no more: then the failure says why.
 */
#ifndef BPFLOAD_SINK_H
#define BPFLOAD_SINK_H

#include <stdbool.h>

#include "base/strbuf.h"

struct failure;

struct sink {
	/* NULL: standard output. */
	const char *path;
	/* What messages call that which is written. */
	const char *what;
	/* -1: not there. */
	int fd;
	/* Readable when nobody may wait for `fd` any more; or -1. */
	int stop;
	/* The file is a pipe that nobody reads yet: `fd` is not there. */
	bool wants_reader;
	/* The last write was given up for `stop`: its text still waits. */
	bool stopped;
	/* The file is ours to close. */
	bool owns_fd;
	/* Nothing is written any more. */
	bool failed;
	struct failure *failure;
};

/* `failure` is kept until sink_close. The result is an exit status. */
int sink_open(struct sink *sink, const char *path, const char *what, struct failure *failure);

/* Waits for the reader of a pipe. The result is an exit status. */
int sink_wait(struct sink *sink);

/* Writes a text, and removes from it what went out: all, unless `stop` was readable, or a pipe has
 * no reader yet. */
int sink_write(struct sink *sink, struct strbuf *text);

/*
 * Opens the file anew, behind what it may hold already: what was there has another name now. Where
 * that fails, output goes on into the old file, with a warning.
 */
int sink_reopen(struct sink *sink);

/* Some file systems say only now that the disk is full. */
int sink_close(struct sink *sink);

#endif
