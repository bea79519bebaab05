#include "binary/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "binary/path.h"
#include "binary/proc_maps.h"
#include "host/tracefs.h"

static void add(struct binary_files *found, const char *path, const char *shown)
{
	struct stat info;

	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return;
	for (size_t i = 0; i < found->count; i++)
		if (found->files[i].device == info.st_dev && found->files[i].inode == info.st_ino)
			return;
	if (found->count == found->room) {
		size_t room = found->room ? 2 * found->room : 16;
		struct binary_file *larger = arena_array(found->arena, room, sizeof(*larger));

		if (found->count)
			memcpy(larger, found->files, found->count * sizeof(*larger));
		found->files = larger;
		found->room = room;
	}
	found->files[found->count++] = (struct binary_file){
		.path = path, .shown = shown, .device = info.st_dev, .inode = info.st_ino};
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

/* `folder` ends with a slash, or is empty; `rest` is the pattern of what follows. The first
 * `hidden` bytes of paths are not shown. */
static void walk(struct binary_files *found, const char *folder, const char *rest, size_t hidden)
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
			add(found, path, path + hidden);
		else
			walk(found, path, rest + length + 1, hidden);
		return;
	}
	count = scandir(*folder ? folder : ".", &entries, NULL, by_name);
	/* Folders that are not there or not ours to read hold no matches. */
	if (count < 0)
		return;
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		/* As in a shell: hidden files have to be asked for. */
		if ((*name != '.' || *part == '.') && pattern_match(part, name)) {
			const char *path = arena_format(found->arena, "%s%s%s", folder, name,
							is_last ? "" : "/");

			if (is_last)
				add(found, path, path + hidden);
			else
				walk(found, path, rest + length + 1, hidden);
		}
		free(entries[i]);
	}
	free(entries);
}

static void walk_list(struct binary_files *found, const char *folders, const char *pattern)
{
	while (*folders) {
		size_t length = strcspn(folders, ":");
		const char *folder =
			length ? arena_format(found->arena, "%.*s/", (int)length, folders) : "./";

		walk(found, folder, pattern, 0);
		folders += length + (folders[length] == ':');
	}
}

void binary_files_match(struct binary_files *found, const char *pattern, uint32_t pid)
{
	const char *programs = getenv("PATH");
	const char *folder;

	if (*pattern == '/') {
		if (pid && binary_path_other_mounts(pid)) {
			folder = arena_format(found->arena, "/proc/%u/root/", pid);
			walk(found, folder, pattern + 1, strlen(folder) - 1);
		} else {
			walk(found, "/", pattern + 1, 0);
		}
	} else if (strchr(pattern, '/')) {
		walk(found, "", pattern, 0);
	} else {
		walk_list(found, programs ? programs : BINARY_PATH_PROGRAMS, pattern);
		walk_list(found, BINARY_PATH_LIBRARIES, pattern);
	}
}

static bool is_same_file(const char *path, const struct proc_mapping *mapping)
{
	struct stat info;

	return stat(path, &info) == 0 && info.st_ino == mapping->inode;
}

bool binary_files_mapped(struct binary_files *found, uint32_t pid)
{
	bool other_mounts = binary_path_other_mounts(pid);
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
		path = other_mounts ? arena_format(found->arena, "/proc/%u/root%s", pid, shown)
				    : shown;
		/* Another file has its name now, or none: the process still holds it open. */
		if (mapping->deleted || !is_same_file(path, mapping))
			path = arena_format(found->arena, "/proc/%u/map_files/%llx-%llx", pid,
					    (unsigned long long)mapping->start,
					    (unsigned long long)mapping->end);
		add(found, path, shown);
	}
	proc_maps_free(&maps);
	return true;
}
