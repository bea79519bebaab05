#include "binary/path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binary/file_view.h"
#include "binary/regular_file.h"
#include "binary/zip_member.h"

#define LIBRARY_CACHE "/etc/ld.so.cache"
/* Those of large systems have some hundred KiB. */
#define CACHE_MAX (16u << 20)

static bool is_file(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/*
 * A file by the path that it has below `root` (empty: ours). Links mean paths below the root, too;
 * so the result has no links in it. NULL when there is no such file.
 */
static const char *file_in(struct arena *arena, const char *root, const char *path)
{
	char link[64], target[PATH_MAX];
	const char *found;
	ssize_t length;
	int fd;

	if (!*root)
		return is_file(path) ? path : NULL;
	fd = regular_file_find(root, path);
	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target));
	close(fd);
	if (length <= 0 || target[0] != '/')
		return NULL;
	found = arena_format(arena, "%s%.*s", root, (int)length, target);
	return is_file(found) ? found : NULL;
}

/* Looks for a program in the folders of PATH; absolute ones are below `root`. */
static const char *find_command(struct arena *arena, const char *root, const char *name)
{
	const char *folder = getenv("PATH");

	if (!folder)
		folder = BINARY_PATH_PROGRAMS;
	for (; folder; folder = strchr(folder, ':') ? strchr(folder, ':') + 1 : NULL) {
		int length = (int)strcspn(folder, ":");
		const char *path = length ? arena_format(arena, "%.*s/%s", length, folder, name)
					  : arena_format(arena, "./%s", name);

		path = file_in(arena, *folder == '/' ? root : "", path);
		if (path && access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

const char *binary_path_of_command(struct arena *arena, const char *name)
{
	if (strchr(name, '/'))
		return is_file(name) && access(name, X_OK) == 0 ? name : NULL;
	return find_command(arena, "", name);
}

/* Header and entries of /etc/ld.so.cache (glibc, sysdeps/generic/dl-cache.h). */
struct cache_header {
	char magic[17];
	char version[3];
	uint32_t count;
	uint32_t strings_size;
	uint8_t flags;
	uint8_t padding[3];
	uint32_t extension;
	uint32_t unused[3];
};

struct cache_entry {
	int32_t flags;
	/* Offsets from the start of the file. */
	uint32_t key, value;
	uint32_t os_version;
	uint64_t hwcap;
};

/* Of 64-bit libraries, by architecture: FLAG_X8664_LIB64, FLAG_AARCH64_LIB64 | FLAG_ELF_LIBC6. */
#if defined(__x86_64__)
#define CACHE_FLAGS 0x0303
#elif defined(__aarch64__)
#define CACHE_FLAGS 0x0a03
#else
#define CACHE_FLAGS 0x0003
#endif

/* Whether a file name in the cache is the library that was asked for: `libc` is `libc.so.6`. */
static bool is_library(const char *key, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(key, name, length) != 0)
		return false;
	return !key[length] || strncmp(key + length, ".so", 3) == 0;
}

/* A text in the cache, or NULL where it does not end within the file. */
static const char *cache_text(const char *bytes, size_t size, uint32_t offset)
{
	return offset < size && memchr(bytes + offset, 0, size - offset) ? bytes + offset : NULL;
}

static const char *search_cache(struct arena *arena, const char *root, const char *name,
				const char *bytes, size_t size)
{
	struct cache_header header;
	const char *found = NULL;

	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.magic, "glibc-ld.so.cache", sizeof(header.magic)) != 0 ||
	    header.count > (size - sizeof(header)) / sizeof(struct cache_entry))
		return NULL;
	for (uint32_t i = 0; i < header.count && !found; i++) {
		struct cache_entry entry;
		const char *key, *value;

		memcpy(&entry, bytes + sizeof(header) + i * sizeof(entry), sizeof(entry));
		key = cache_text(bytes, size, entry.key);
		value = cache_text(bytes, size, entry.value);
		if (entry.flags != CACHE_FLAGS || !key || !value || !is_library(key, name))
			continue;
		found = file_in(arena, root, arena_text(arena, value, strlen(value)));
	}
	return found;
}

static const char *find_in_cache(struct arena *arena, const char *root, const char *name)
{
	int fd = regular_file_open_in(root, LIBRARY_CACHE);
	struct file_view *view = fd < 0 ? NULL : file_view_of(fd);
	const char *found = NULL;
	const uint8_t *bytes;

	if (view && view->size >= sizeof(struct cache_header) && view->size <= CACHE_MAX) {
		bytes = file_view_range(view, 0, view->size);
		if (bytes)
			found = search_cache(arena, root, name, (const char *)bytes, view->size);
	}
	file_view_close(view);
	return found;
}

/* Where libraries are on systems without glibc's cache. */
static const char *find_in_folders(struct arena *arena, const char *root, const char *name)
{
	static const char *const endings[] = {"", ".so"};
	const char *folder = BINARY_PATH_LIBRARIES;

	for (; folder; folder = strchr(folder, ':') ? strchr(folder, ':') + 1 : NULL) {
		for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
			const char *path =
				file_in(arena, root,
					arena_format(arena, "%.*s/%s%s", (int)strcspn(folder, ":"),
						     folder, name, endings[i]));

			if (path)
				return path;
		}
	}
	return NULL;
}

bool binary_path_other_mounts(uint32_t pid)
{
	struct stat ours, theirs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", pid);
	return stat("/proc/self/ns/mnt", &ours) == 0 && stat(path, &theirs) == 0 &&
	       ours.st_ino != theirs.st_ino;
}

static const char *find_file(struct arena *arena, const char *name, uint32_t pid)
{
	const char *root = "", *path;

	if (pid && binary_path_other_mounts(pid))
		root = arena_format(arena, "/proc/%u/root", pid);
	if (name[0] == '/' && *root)
		return file_in(arena, root, name);
	if (strchr(name, '/')) {
		char *absolute;

		if (!is_file(name))
			return NULL;
		absolute = realpath(name, NULL);
		path = absolute ? arena_text(arena, absolute, strlen(absolute)) : NULL;
		free(absolute);
		return path;
	}
	path = find_command(arena, root, name);
	if (!path)
		path = find_in_cache(arena, root, name);
	return path ? path : find_in_folders(arena, root, name);
}

const char *binary_path_find(struct arena *arena, const char *name, uint32_t pid)
{
	const char *member = strstr(name, ZIP_SEPARATOR);
	const char *archive;

	if (!member)
		return find_file(arena, name, pid);
	archive = find_file(arena, arena_text(arena, name, (size_t)(member - name)), pid);
	return archive ? arena_format(arena, "%s%s", archive, member) : NULL;
}
