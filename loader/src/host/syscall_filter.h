/*
 * A filter of system calls for the rest of the run (seccomp): what is not named here is answered
 * with EPERM, so that a call that was forgotten costs what it was for, and no results.
 */
#ifndef BPFLOAD_SYSCALL_FILTER_H
#define BPFLOAD_SYSCALL_FILTER_H

#include <stdbool.h>
#include <stdint.h>

/* What the rest of a run does beside waiting, reading maps and the ring, and writing: bits. */
enum syscall_need {
	/* Files are opened for reading. */
	NEED_FILES = 1,
	/* Files are found below the roots of processes, and folders are walked. */
	NEED_FOLDERS = 2,
	/* Programs of the object are run. */
	NEED_PROGRAMS = 4,
	/* An iterator is begun. */
	NEED_ITERATOR = 8,
	/* A process of ours is ended. */
	NEED_KILL = 16,
	/* The file of -o is opened anew. */
	NEED_OUTPUT = 32,
	/* Files are made, and take the place of others. */
	NEED_REPLACE = 64,
	/* Clients of a socket are served. */
	NEED_CLIENTS = 128,
	/* The modes of the terminal are set. */
	NEED_SCREEN = 256,
};

/* 0, or -1 with errno: EINVAL where the kernel has no such filters. Needs no_new_privs. */
int syscall_filter_install(uint32_t needs);

/* Whether the kernel has such filters. */
bool syscall_filter_is_there(void);

/* How many system calls it lets through, with these needs. */
uint32_t syscall_filter_count(uint32_t needs);

#endif
