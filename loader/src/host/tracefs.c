#include "host/tracefs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/host.h"

#define MAX_PATH_LENGTH 512

const char *tracefs_root(void)
{
	static const char *const roots[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		char path[MAX_PATH_LENGTH];

		snprintf(path, sizeof(path), "%s/events", roots[i]);
		/* A mount point that may not be entered is there all the same. */
		if (host_can_access(path, F_OK) || errno == EACCES || errno == EPERM)
			return roots[i];
	}
	return NULL;
}

bool tracefs_readable(const char *root)
{
	char path[MAX_PATH_LENGTH];

	snprintf(path, sizeof(path), "%s/events", root);
	return host_can_access(path, R_OK | X_OK);
}

/* An event's name comes from a file: it must not climb out of the folder of events. */
static bool event_path(char path[MAX_PATH_LENGTH], const char *root, const char *category,
		       const char *event, const char *file)
{
	if (!*category || !*event || strchr(category, '/') || strchr(event, '/') ||
	    category[0] == '.' || event[0] == '.' ||
	    snprintf(path, MAX_PATH_LENGTH, "%s/events/%s/%s/%s", root, category, event, file) >=
		    MAX_PATH_LENGTH) {
		errno = ENOENT;
		return false;
	}
	return true;
}

/* Reads a small file; its size is not known beforehand in tracefs. */
static char *read_file(struct arena *arena, const char *path)
{
	size_t room = 4096, length = 0;
	char *text = memory_bytes(room), *copy = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		goto out;
	while ((got = read(fd, text + length, room - length)) > 0) {
		length += (size_t)got;
		if (length == room)
			text = memory_resize(text, room *= 2, 1);
	}
	if (got == 0)
		copy = arena_text(arena, text, length);
out:
	if (fd >= 0) {
		int error = errno;

		close(fd);
		errno = error;
	}
	free(text);
	return copy;
}

int64_t tracefs_event_id(const char *root, const char *category, const char *event)
{
	char path[MAX_PATH_LENGTH];
	struct arena arena = {0};
	int64_t id = -1;
	char *text;

	if (!event_path(path, root, category, event, "id"))
		return -1;
	text = read_file(&arena, path);
	if (text)
		id = (int64_t)strtoul(text, NULL, 10);
	arena_free(&arena);
	return id;
}

bool is_pattern(const char *text)
{
	return strchr(text, '*') != NULL;
}

bool pattern_match(const char *pattern, const char *text)
{
	/* Where to go on after the last `*`, in the pattern and in the text. */
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			again = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorted names of the folders in `path` that match; -1 with errno. */
static int64_t list_folders(struct arena *arena, const char *path, const char *pattern,
			    const char ***out)
{
	const char **names = NULL;
	size_t count = 0, room = 0;
	struct dirent *entry;
	DIR *folder = opendir(path);

	if (!folder)
		return -1;
	while ((entry = readdir(folder))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    !pattern_match(pattern, entry->d_name))
			continue;
		memory_grow(names, count, room);
		names[count++] = arena_text(arena, entry->d_name, strlen(entry->d_name));
	}
	*out = arena_array(arena, count + 1, sizeof(**out));
	if (count) {
		qsort(names, count, sizeof(*names), compare_names);
		memcpy(*out, names, count * sizeof(*names));
	}
	free(names);
	closedir(folder);
	return (int64_t)count;
}

int64_t tracefs_match(struct arena *arena, const char *root, const char *category,
		      const char *event, struct tracefs_event **events)
{
	char path[MAX_PATH_LENGTH];
	const char **categories, **names;
	size_t count = 0, room = 0;
	struct tracefs_event *found = NULL;
	int64_t category_count, result = -1;

	snprintf(path, sizeof(path), "%s/events", root);
	category_count = list_folders(arena, path, category, &categories);
	if (category_count < 0)
		return -1;
	for (int64_t i = 0; i < category_count; i++) {
		int64_t name_count;

		if (snprintf(path, sizeof(path), "%s/events/%s", root, categories[i]) >=
		    (int)sizeof(path))
			continue;
		name_count = list_folders(arena, path, event, &names);
		if (name_count < 0)
			goto out;
		for (int64_t j = 0; j < name_count; j++) {
			char file[MAX_PATH_LENGTH];

			/* Events of ftrace itself (ftrace:function) have a format but cannot be
			 * attached. */
			if (!event_path(file, root, categories[i], names[j], "id") ||
			    strcmp(categories[i], "ftrace") == 0 || !host_can_access(file, F_OK))
				continue;
			memory_grow(found, count, room);
			found[count++] = (struct tracefs_event){categories[i], names[j]};
		}
	}
	*events = arena_array(arena, count + 1, sizeof(**events));
	if (count)
		memcpy(*events, found, count * sizeof(*found));
	result = (int64_t)count;
out:
	free(found);
	return result;
}

const char *tracefs_format(struct arena *arena, const char *root, const char *category,
			   const char *event)
{
	char path[MAX_PATH_LENGTH];

	return event_path(path, root, category, event, "format") ? read_file(arena, path) : NULL;
}
