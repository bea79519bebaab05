/* The process that tracing is limited to (-p), and how others call it. */
#ifndef BPFLOAD_PROCESS_H
#define BPFLOAD_PROCESS_H

#include <stdint.h>

struct process {
	/* In bpfload's own PID namespace: as -p and system calls have it; 0: there is none. */
	uint32_t pid;
	/* In /proc, which may be mounted for another namespace than bpfload's. */
	uint32_t in_proc;
	/* What a program compares with: the pid in the namespace of this device and inode, or in
	 * the initial one (0). */
	uint32_t filtered;
	uint64_t namespace[2];
};

/* `descriptor` is a pidfd of the process. */
void process_describe(struct process *process, uint32_t pid, int descriptor);

/*
 * The id that a thread has in bpfload's own PID namespace, by the ids of its process and of itself
 * in /proc; 0 when it has ended, or has none.
 */
uint32_t process_thread(uint32_t in_proc, uint32_t thread);

#endif
