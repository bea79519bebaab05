/* The process of -c, which waits until the probes are attached, and that of -p. */
#ifndef BPFLOAD_CHILD_H
#define BPFLOAD_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct failure;

struct child {
	/* 0: none. */
	pid_t pid;
	/* A socket: written to let it start, and read to learn that it could not. */
	int start;
	/* What it prints, where that would come to a terminal that is not its own; -1: it prints it
	 * itself. */
	int printed;
	bool ended, did_not_start;
};

/*
 * Splits the command into words (quotes and backslashes as in a shell, nothing else of it), finds
 * its file, and forks. `captured`: the terminal is not for it; what it would read is at its end.
 */
int child_start(struct child *child, const char *command, bool captured, struct failure *failure);

/*
 * Waits until it waits, a second at most: what it does before its start, as a copy of the loader,
 * is not for its probes. A busy machine lets it do that late.
 */
void child_settle(const struct child *child);

/* Lets it run. */
void child_release(struct child *child);

/* Notes that it ended, when SIGCHLD came; true if so. */
bool child_has_ended(struct child *child);

/* Whether its file turned out to be no program; known after child_stop. The child has said why. */
bool child_did_not_start(const struct child *child);

/* Ends it by SIGTERM, and waits a little for that. */
void child_stop(struct child *child);

#endif
