#include "binary/process_path.h"

#include <stddef.h>
#include <string.h>

#include "binary/regular_file.h"

/* Bytes of one part of a path with the slashes behind it. */
static size_t part_length(const char *path)
{
	size_t length = strcspn(path, "/");

	return length + strspn(path + length, "/");
}

static bool is_part(const char *path, const char *name)
{
	size_t length = strlen(name);

	return strncmp(path, name, length) == 0 && (path[length] == '/' || !path[length]);
}

static bool is_number(const char *path)
{
	size_t digits = strspn(path, "0123456789");

	return digits && path[digits] == '/';
}

/* What stands behind the folder of a process or a thread in a path; NULL where none stands there.
 */
static const char *behind_process(const char *path)
{
	size_t slashes = strspn(path, "/");

	if (!slashes || !is_part(path + slashes, "proc"))
		return NULL;
	path += slashes + part_length(path + slashes);
	if (!is_number(path) && !is_part(path, "self") && !is_part(path, "thread-self"))
		return NULL;
	path += part_length(path);
	if (is_part(path, "task") && is_number(path + part_length(path))) {
		path += part_length(path);
		path += part_length(path);
	}
	return path;
}

bool process_path_is(const char *path)
{
	return behind_process(path) != NULL;
}

const char *process_path_root(struct arena *arena, const char *path)
{
	const char *link = behind_process(path);

	if (!link || !is_part(link, "root"))
		return "";
	return arena_text(arena, path, (size_t)(link - path) + strlen("root"));
}

int process_path_find(struct arena *arena, const char *root, const char *path)
{
	const char *link = behind_process(path), *rest;

	if (!link)
		return regular_file_find(root, path);
	rest = link + part_length(link);
	if (is_part(link, "fd") && is_number(rest))
		rest += part_length(rest);
	else if (!is_part(link, "root") && !is_part(link, "cwd"))
		rest = "";
	if (!*rest)
		return regular_file_find("", path);
	root = arena_text(arena, path, (size_t)(rest - path));
	return is_part(link, "root") ? regular_file_find(root, rest)
				     : regular_file_find_beneath(root, rest);
}
