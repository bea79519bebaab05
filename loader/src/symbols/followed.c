#include "symbols/followed.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/strbuf.h"

#define LISTS 4096
/* What is kept of all processes, and of one. What was not heard of for the longest time goes first:
 * what lives is read in /proc. */
#define MOST_PROCESSES 8192
#define MOST_MAPPINGS 400000
#define MOST_PATH_BYTES (32u << 20)
#define MOST_OF_ONE 8192

#define ANONYMOUS "//anon"
#define DELETED " (deleted)"

/* `path` is a text of its own. */
struct followed_process {
	uint32_t pid;
	/* By address. */
	struct proc_mapping *mappings;
	size_t count, room;
	struct followed_process *next;
	struct followed_process *older, *newer;
};

static struct followed_process **list_of(const struct followed *followed, uint32_t pid)
{
	return &followed->by_pid[pid % LISTS];
}

static struct followed_process *find(const struct followed *followed, uint32_t pid)
{
	struct followed_process *process = *list_of(followed, pid);

	while (process && process->pid != pid)
		process = process->next;
	return process;
}

static void unlink_process(struct followed *followed, struct followed_process *process)
{
	*(process->older ? &process->older->newer : &followed->oldest) = process->newer;
	*(process->newer ? &process->newer->older : &followed->newest) = process->older;
	process->older = process->newer = NULL;
}

static void link_newest(struct followed *followed, struct followed_process *process)
{
	process->older = followed->newest;
	*(followed->newest ? &followed->newest->newer : &followed->oldest) = process;
	followed->newest = process;
}

static void use(struct followed *followed, struct followed_process *process)
{
	unlink_process(followed, process);
	link_newest(followed, process);
}

static char *copy_path(struct followed *followed, const char *path)
{
	followed->path_bytes += strlen(path) + 1;
	return memory_text(path);
}

static void free_path(struct followed *followed, const struct proc_mapping *mapping)
{
	followed->path_bytes -= strlen(mapping->path) + 1;
	free((char *)(uintptr_t)mapping->path);
}

/* Removes `count` mappings from the one at `first` on. */
static void remove_mappings(struct followed *followed, struct followed_process *process,
			    size_t first, size_t count)
{
	size_t behind = process->count - first - count;

	for (size_t i = first; i < first + count; i++)
		free_path(followed, &process->mappings[i]);
	if (behind)
		memmove(&process->mappings[first], &process->mappings[first + count],
			behind * sizeof(*process->mappings));
	process->count -= count;
	followed->mappings -= count;
}

/* Nothing where the process has too many. */
static void insert(struct followed *followed, struct followed_process *process, size_t at,
		   const struct proc_mapping *mapping)
{
	if (process->count == MOST_OF_ONE)
		return;
	memory_grow(process->mappings, process->count, process->room);
	memmove(&process->mappings[at + 1], &process->mappings[at],
		(process->count - at) * sizeof(*process->mappings));
	process->mappings[at] = *mapping;
	process->mappings[at].path = copy_path(followed, mapping->path);
	process->count++;
	followed->mappings++;
}

static void forget(struct followed *followed, struct followed_process *process)
{
	struct followed_process **at = list_of(followed, process->pid);

	while (*at != process)
		at = &(*at)->next;
	*at = process->next;
	unlink_process(followed, process);
	remove_mappings(followed, process, 0, process->count);
	free(process->mappings);
	free(process);
	followed->processes--;
}

static void forget_all(struct followed *followed)
{
	while (followed->oldest)
		forget(followed, followed->oldest);
}

/* But for the newest, which is in use. */
static void keep_within(struct followed *followed)
{
	while (followed->oldest != followed->newest &&
	       (followed->processes > MOST_PROCESSES || followed->mappings > MOST_MAPPINGS ||
		followed->path_bytes > MOST_PATH_BYTES))
		forget(followed, followed->oldest);
}

static struct followed_process *get(struct followed *followed, uint32_t pid)
{
	struct followed_process *process = find(followed, pid);

	if (process) {
		use(followed, process);
		return process;
	}
	process = memory_zeroed(sizeof(*process));
	process->pid = pid;
	process->next = *list_of(followed, pid);
	*list_of(followed, pid) = process;
	link_newest(followed, process);
	followed->processes++;
	return process;
}

static void cut_front(struct proc_mapping *mapping, uint64_t start)
{
	mapping->offset += start - mapping->start;
	mapping->start = start;
}

/* Makes room between two addresses: what was there is mapped no more. */
static size_t clear(struct followed *followed, struct followed_process *process, uint64_t start,
		    uint64_t end)
{
	size_t first = proc_mappings_behind(process->mappings, process->count, start), last;

	if (first < process->count && process->mappings[first].start < start) {
		struct proc_mapping behind = process->mappings[first];

		process->mappings[first].end = start;
		first++;
		if (behind.end > end) {
			cut_front(&behind, end);
			insert(followed, process, first, &behind);
			return first;
		}
	}
	for (last = first; last < process->count && process->mappings[last].end <= end; last++)
		;
	remove_mappings(followed, process, first, last - first);
	if (first < process->count && process->mappings[first].start < end)
		cut_front(&process->mappings[first], end);
	return first;
}

static uint64_t wall_time(uint64_t monotonic)
{
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC) + monotonic;
}

static void note_mapping(struct followed *followed, const struct task_record *record)
{
	struct followed_process *process = get(followed, record->pid);
	size_t length = strlen(record->path), suffix = strlen(DELETED);
	char *path = NULL;
	struct proc_mapping mapping = {
		.start = record->start,
		.end = record->start + record->length,
		.offset = record->offset,
		.device_major = record->major,
		.device_minor = record->minor,
		.inode = record->inode,
		.path = strcmp(record->path, ANONYMOUS) == 0 ? "" : record->path,
		.told_at = wall_time(record->time),
	};
	size_t at;

	if (mapping.end <= mapping.start)
		return;
	mapping.deleted = length > suffix && strcmp(record->path + length - suffix, DELETED) == 0;
	if (mapping.deleted)
		mapping.path = path = memory_text_of(record->path, length - suffix);
	at = clear(followed, process, mapping.start, mapping.end);
	insert(followed, process, at, &mapping);
	free(path);
}

static void note_fork(struct followed *followed, const struct task_record *record)
{
	const struct followed_process *parent = find(followed, record->parent);
	struct followed_process *child = get(followed, record->pid);

	remove_mappings(followed, child, 0, child->count);
	for (size_t i = 0; parent && i < parent->count; i++)
		insert(followed, child, i, &parent->mappings[i]);
}

void followed_take(struct followed *followed, const struct task_record *record)
{
	struct followed_process *process;

	if (!followed->by_pid)
		followed->by_pid = memory_array(LISTS, sizeof(*followed->by_pid));
	switch (record->kind) {
	case TASK_MAPS:
		note_mapping(followed, record);
		break;
	case TASK_FORKS:
		note_fork(followed, record);
		break;
	case TASK_EXECUTES:
		process = get(followed, record->pid);
		remove_mappings(followed, process, 0, process->count);
		break;
	case TASK_LOSES:
		/* Any of them may run another program by now: no name rather than a wrong one. */
		forget_all(followed);
		break;
	}
	keep_within(followed);
}

static void take(void *context, const struct task_record *record)
{
	followed_take(context, record);
}

bool followed_begin(struct followed *followed, uint32_t pid)
{
	followed->records = task_records_open(pid);
	return followed->records != NULL;
}

void followed_end(struct followed *followed)
{
	task_records_close(followed->records);
	forget_all(followed);
	free(followed->by_pid);
	*followed = (struct followed){0};
}

void followed_update(struct followed *followed)
{
	if (followed->records)
		task_records_read(followed->records, take, followed);
}

bool followed_maps(struct followed *followed, uint32_t pid, struct proc_maps *maps)
{
	struct followed_process *process;
	struct strbuf text = {0};

	*maps = (struct proc_maps){0};
	followed_update(followed);
	process = followed->by_pid ? find(followed, pid) : NULL;
	if (!process || !process->count)
		return false;
	use(followed, process);
	maps->mappings = memory_array(process->count, sizeof(*maps->mappings));
	maps->count = process->count;
	for (size_t i = 0; i < process->count; i++)
		strbuf_put(&text, process->mappings[i].path, strlen(process->mappings[i].path) + 1);
	maps->text = memory_text_of(text.data, text.length);
	for (size_t i = 0, at = 0; i < process->count; i++) {
		maps->mappings[i] = process->mappings[i];
		maps->mappings[i].path = maps->text + at;
		at += strlen(process->mappings[i].path) + 1;
	}
	strbuf_free(&text);
	return true;
}
