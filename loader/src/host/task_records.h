/*
 * What the kernel says of a process and its descendants: what they map as code, what they fork and
 * execute. It tells by perf events (as `perf record` has them), which the processes do not see.
 */
#ifndef BPFLOAD_TASK_RECORDS_H
#define BPFLOAD_TASK_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

enum task_record_kind {
	TASK_MAPS,
	TASK_FORKS,
	TASK_EXECUTES,
	/* There was no room for some of what was told before, of any process. */
	TASK_LOSES,
};

struct task_record {
	enum task_record_kind kind;
	uint32_t pid;
	/* When: monotonic, ns. */
	uint64_t time;
	/* TASK_FORKS: who did; `pid` is new. */
	uint32_t parent;
	/* TASK_MAPS. The path as /proc/PID/maps has it, but for anonymous memory, which is
	 * "//anon"; it lives as long as the call. */
	uint64_t start, length, offset, inode;
	uint32_t major, minor;
	const char *path;
};

struct task_records;

/* NULL with errno: the kernel does not tell us. */
struct task_records *task_records_open(uint32_t pid);
void task_records_close(struct task_records *records);

/* Readable when much is waiting. */
int task_records_fd(const struct task_records *records);

/* Gives all that was told up to now, in its order. */
void task_records_read(struct task_records *records,
		       void (*take)(void *context, const struct task_record *record),
		       void *context);

#endif
