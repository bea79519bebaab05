#include "host/traceable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/tracefs.h"

#define KERNEL "vmlinux"

static int compare(const void *left, const void *right)
{
	const struct traceable *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : strcmp(a->module ? a->module : "", b->module ? b->module : "");
}

/*
 * Cuts a line in two: `ext4_sync_file [ext4]` (kernel/trace/ftrace.c, t_show). False for what is no
 * function that a script can mean.
 */
static bool read_line(char *line, const char **name, const char **module)
{
	char *bracket;

	line[strcspn(line, "\n")] = '\0';
	bracket = strstr(line, " [");
	*module = NULL;
	if (bracket) {
		*bracket = '\0';
		bracket += 2;
		bracket[strcspn(bracket, "]")] = '\0';
		*module = bracket;
	}
	line[strcspn(line, " \t")] = '\0';
	*name = line;
	/* Weak functions that another took the place of are listed so (FTRACE_INVALID_FUNCTION). */
	return *line && strncmp(line, "__ftrace_invalid_address_", 25) != 0;
}

static bool is_meant(const char *name, const char *in, const char *module, const char *pattern)
{
	return pattern_match(pattern, name) &&
	       (!module || pattern_match(module, in ? in : KERNEL)) &&
	       !(is_pattern(pattern) && strstr(name, ".part."));
}

static size_t sort_once(struct traceable *functions, size_t count)
{
	size_t kept = 0;

	qsort(functions, count, sizeof(*functions), compare);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare(&functions[kept - 1], &functions[i]) != 0)
			functions[kept++] = functions[i];
	return kept;
}

int64_t traceable_match_file(struct arena *arena, const char *path, const char *module,
			     const char *pattern, struct traceable **functions)
{
	struct traceable *found = NULL;
	size_t count = 0, room = 0, line_room = 0;
	FILE *file = fopen(path, "re");
	int64_t result = -1;
	char *line = NULL;

	if (!file)
		return -1;
	errno = 0;
	while (getline(&line, &line_room, file) != -1) {
		const char *name, *in;

		if (!read_line(line, &name, &in) || !is_meant(name, in, module, pattern))
			continue;
		memory_grow(found, count, room);
		found[count].name = arena_text(arena, name, strlen(name));
		found[count].module = in ? arena_text(arena, in, strlen(in)) : NULL;
		count++;
	}
	if (ferror(file))
		goto out;
	*functions = arena_array(arena, count + 1, sizeof(**functions));
	if (count) {
		count = sort_once(found, count);
		memcpy(*functions, found, count * sizeof(*found));
	}
	result = (int64_t)count;
out:
	free(line);
	free(found);
	fclose(file);
	return result;
}

int64_t traceable_match(struct arena *arena, const char *root, const char *module,
			const char *pattern, struct traceable **functions)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/available_filter_functions", root);
	return traceable_match_file(arena, path, module, pattern, functions);
}

bool module_is_loaded(const char *module)
{
	FILE *file = fopen("/proc/modules", "re");
	size_t length = strlen(module), room = 0;
	bool found = false;
	char *line = NULL;

	if (!file)
		return false;
	while (!found && getline(&line, &room, file) != -1)
		found = strncmp(line, module, length) == 0 && line[length] == ' ';
	free(line);
	fclose(file);
	return found;
}
