#include "session/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

/* Namespaces nest to MAX_PID_NS_LEVEL (include/linux/pid_namespace.h). */
#define MAX_DEPTH 33

/* The text behind `name` in a file of lines `Name:\tvalue`; false when there is none. */
static bool read_entry(const char *path, const char *name, char *value, size_t room)
{
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[512];

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		found = strncmp(line, name, strlen(name)) == 0;
		if (found)
			snprintf(value, room, "%s", line + strlen(name));
	}
	fclose(file);
	return found;
}

/*
 * Ids of a task from the namespace of /proc down to its own (fs/proc/array.c, task_state); their
 * number.
 */
static uint32_t read_ids(const char *path, uint32_t ids[MAX_DEPTH])
{
	char text[512], *next = text, *end;
	uint32_t count = 0;

	if (!read_entry(path, "NSpid:", text, sizeof(text)))
		return 0;
	for (; count < MAX_DEPTH; count++, next = end) {
		unsigned long id = strtoul(next, &end, 10);

		if (end == next)
			break;
		ids[count] = (uint32_t)id;
	}
	return count;
}

/* The innermost of a process' ids. */
static uint32_t innermost_id(uint32_t in_proc)
{
	uint32_t ids[MAX_DEPTH], count;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/status", in_proc);
	count = read_ids(path, ids);
	return count ? ids[count - 1] : 0;
}

uint32_t process_thread(uint32_t in_proc, uint32_t thread)
{
	uint32_t own[MAX_DEPTH], ids[MAX_DEPTH];
	uint32_t depth = read_ids("/proc/self/status", own);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/task/%u/status", in_proc, thread);
	return depth && read_ids(path, ids) >= depth ? ids[depth - 1] : 0;
}

void process_describe(struct process *process, uint32_t pid, int descriptor)
{
	char path[64], text[32];
	uint64_t own[2];

	*process = (struct process){.pid = pid, .in_proc = pid, .filtered = pid};
	/* The pid in the namespace that /proc was mounted in (kernel/fork.c, pidfd_show_fdinfo). */
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", descriptor);
	if (read_entry(path, "Pid:", text, sizeof(text)) && atoi(text) > 0)
		process->in_proc = (uint32_t)atoi(text);
	/* In the initial namespace every process has an id that programs can ask for. Elsewhere
	 * they can ask for the id in the task's own namespace only (kernel/bpf/helpers.c,
	 * bpf_get_ns_current_pid_tgid), which may lie below bpfload's. */
	if (!host_pid_namespace("self", &own[0], &own[1]))
		return;
	snprintf(path, sizeof(path), "%u", process->in_proc);
	if (host_pid_namespace(path, &process->namespace[0], &process -> namespace[1]))
		process->filtered = innermost_id(process->in_proc);
}
