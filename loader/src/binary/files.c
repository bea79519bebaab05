#include "binary/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binary/process_path.h"
#include "binary/proc_maps.h"
#include "host/tracefs.h"

static void add(struct binary_files *found, const char *root, const char *path, const char *shown)
{
	struct binary_file file;

	if (!binary_path_open(found->arena, root, path, &file))
		return;
	for (size_t i = 0; i < found->count; i++)
		if (found->files[i].device == file.device && found->files[i].inode == file.inode)
			return;
	if (found->count == found->room) {
		size_t room = found->room ? 2 * found->room : 16;
		struct binary_file *larger = arena_array(found->arena, room, sizeof(*larger));

		if (found->count)
			memcpy(larger, found->files, found->count * sizeof(*larger));
		found->files = larger;
		found->room = room;
	}
	file.shown = shown;
	found->files[found->count++] = file;
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

/* The names in a folder below `root`; fewer than 0 where it is not there or not ours to read. */
static int names_in(struct arena *arena, const char *root, const char *folder,
		    struct dirent ***entries)
{
	int fd = process_path_find(arena, root, *folder ? folder : "."), count;
	char path[64];

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	count = scandir(path, entries, NULL, by_name);
	close(fd);
	return count;
}

/* `folder` ends with a slash, or is empty; `rest` is the pattern of what follows. */
static void walk(struct binary_files *found, const char *root, const char *folder, const char *rest)
{
	size_t length = strcspn(rest, "/");
	bool is_last = !rest[length];
	const char *part = arena_text(found->arena, rest, length);
	struct dirent **entries;
	int count;

	if (!is_pattern(part)) {
		const char *path =
			arena_format(found->arena, "%s%s%s", folder, part, is_last ? "" : "/");

		if (is_last)
			add(found, root, path, path);
		else
			walk(found, root, path, rest + length + 1);
		return;
	}
	count = names_in(found->arena, root, folder, &entries);
	if (count < 0)
		return;
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		/* As in a shell: hidden files have to be asked for. */
		if ((*name != '.' || *part == '.') && pattern_match(part, name)) {
			const char *path = arena_format(found->arena, "%s%s%s", folder, name,
							is_last ? "" : "/");

			if (is_last)
				add(found, root, path, path);
			else
				walk(found, root, path, rest + length + 1);
		}
		free(entries[i]);
	}
	free(entries);
}

static void walk_list(struct binary_files *found, const char *root, const char *folders,
		      const char *pattern)
{
	while (*folders) {
		size_t length = strcspn(folders, ":");
		const char *folder =
			length ? arena_format(found->arena, "%.*s/", (int)length, folders) : "./";

		walk(found, *folder == '/' ? root : "", folder, pattern);
		folders += length + (folders[length] == ':');
	}
}

void binary_files_match(struct binary_files *found, const char *pattern, uint32_t pid)
{
	const char *programs = getenv("PATH");
	const char *root = binary_path_root(found->arena, pid);

	if (*pattern == '/') {
		walk(found, process_path_is(pattern) ? "" : root, "/", pattern + 1);
	} else if (strchr(pattern, '/')) {
		walk(found, "", "", pattern);
	} else {
		walk_list(found, root, programs ? programs : BINARY_PATH_PROGRAMS, pattern);
		walk_list(found, root, BINARY_PATH_LIBRARIES, pattern);
	}
}

static bool is_same_file(const char *path, const struct proc_mapping *mapping)
{
	struct stat info;

	return stat(path, &info) == 0 && info.st_ino == mapping->inode;
}

bool binary_files_mapped(struct binary_files *found, uint32_t pid)
{
	const char *root = binary_path_root(found->arena, pid);
	struct proc_maps maps;
	char file[64];

	snprintf(file, sizeof(file), "/proc/%u/maps", pid);
	if (!proc_maps_read(&maps, file))
		return false;
	for (size_t i = 0; i < maps.count; i++) {
		const struct proc_mapping *mapping = &maps.mappings[i];
		const char *shown, *path;

		if (*mapping->path != '/')
			continue;
		shown = arena_text(found->arena, mapping->path, strlen(mapping->path));
		path = *root ? arena_format(found->arena, "%s%s", root, shown) : shown;
		/* Another file has its name now, or none: the process still holds it open. */
		if (mapping->deleted || !is_same_file(path, mapping))
			path = arena_format(found->arena, "/proc/%u/map_files/%llx-%llx", pid,
					    (unsigned long long)mapping->start,
					    (unsigned long long)mapping->end);
		add(found, "", path, shown);
	}
	proc_maps_free(&maps);
	return true;
}
