/* System calls by the names that the kernel's events have. */
#ifndef BPFLOAD_SYSCALLS_H
#define BPFLOAD_SYSCALLS_H

#include <stdint.h>

struct syscall_name {
	/* As in sys_enter_NAME. */
	const char *name;
	uint32_t number;
};

extern const struct syscall_name syscall_names[];
extern const uint32_t syscall_name_count;

/* Number of the system call that NAME of sys_enter_NAME stands for, or -1. */
int64_t syscall_number(const char *name);

#endif
