#include "binary/path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binary/file_view.h"
#include "binary/process_path.h"
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

static bool leads_to(const char *path, const struct stat *wanted)
{
	struct stat info;

	return path && stat(path, &info) == 0 && info.st_dev == wanted->st_dev &&
	       info.st_ino == wanted->st_ino;
}

/* The path below `root` that the kernel knows a file by, which has no links in it. */
static const char *known_path(struct arena *arena, const char *root, const char *descriptor)
{
	char target[PATH_MAX];
	ssize_t length = readlink(descriptor, target, sizeof(target));

	return length > 0 && target[0] == '/'
		       ? arena_format(arena, "%s%.*s", root, (int)length, target)
		       : NULL;
}

bool binary_path_open(struct arena *arena, const char *root, const char *path,
		      struct binary_file *file)
{
	int fd = process_path_find(arena, root, path);
	const char *descriptor, *known;
	struct stat info;

	if (fd < 0)
		return false;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		errno = ENOENT;
		return false;
	}
	descriptor = arena_format(arena, "/proc/self/fd/%d", fd);
	if (process_path_is(path))
		root = process_path_root(arena, path);
	known = known_path(arena, root, descriptor);
	*file = (struct binary_file){
		.path = known, .shown = path, .device = info.st_dev, .inode = info.st_ino};
	if (leads_to(known, &info)) {
		close(fd);
		return true;
	}
	/* Another file has that name for us, or none: it is held open until we end. */
	file->path = descriptor;
	return true;
}

/* Folders of programs; the first that has the name, as a path. */
static const char *find_command(struct arena *arena, const char *root, const char *name)
{
	const char *folder = getenv("PATH");
	struct binary_file file;

	if (!folder)
		folder = BINARY_PATH_PROGRAMS;
	for (; folder; folder = strchr(folder, ':') ? strchr(folder, ':') + 1 : NULL) {
		int length = (int)strcspn(folder, ":");
		const char *path = length ? arena_format(arena, "%.*s/%s", length, folder, name)
					  : arena_format(arena, "./%s", name);

		if (binary_path_open(arena, *folder == '/' ? root : "", path, &file) &&
		    access(file.path, X_OK) == 0)
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

static bool search_cache(struct arena *arena, const char *root, const char *name, const char *bytes,
			 size_t size, struct binary_file *file)
{
	struct cache_header header;
	bool found = false;

	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.magic, "glibc-ld.so.cache", sizeof(header.magic)) != 0 ||
	    header.count > (size - sizeof(header)) / sizeof(struct cache_entry))
		return false;
	for (uint32_t i = 0; i < header.count && !found; i++) {
		struct cache_entry entry;
		const char *key, *value;

		memcpy(&entry, bytes + sizeof(header) + i * sizeof(entry), sizeof(entry));
		key = cache_text(bytes, size, entry.key);
		value = cache_text(bytes, size, entry.value);
		if (entry.flags != CACHE_FLAGS || !key || !value || !is_library(key, name))
			continue;
		found = binary_path_open(arena, root, arena_text(arena, value, strlen(value)),
					 file);
	}
	return found;
}

static bool find_in_cache(struct arena *arena, const char *root, const char *name,
			  struct binary_file *file)
{
	int fd = regular_file_open_in(root, LIBRARY_CACHE);
	struct file_view *view = fd < 0 ? NULL : file_view_of(fd);
	const uint8_t *bytes;
	bool found = false;

	if (view && view->size >= sizeof(struct cache_header) && view->size <= CACHE_MAX) {
		bytes = file_view_range(view, 0, view->size);
		if (bytes)
			found = search_cache(arena, root, name, (const char *)bytes, view->size,
					     file);
	}
	file_view_close(view);
	return found;
}

/* Where libraries are on systems without glibc's cache. */
static bool find_in_folders(struct arena *arena, const char *root, const char *name,
			    struct binary_file *file)
{
	static const char *const endings[] = {"", ".so"};
	const char *folder = BINARY_PATH_LIBRARIES;

	for (; folder; folder = strchr(folder, ':') ? strchr(folder, ':') + 1 : NULL) {
		for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
			const char *path =
				arena_format(arena, "%.*s/%s%s", (int)strcspn(folder, ":"), folder,
					     name, endings[i]);

			if (binary_path_open(arena, root, path, file))
				return true;
		}
	}
	return false;
}

static bool are_same(const char *ours, const char *theirs)
{
	struct stat one, other;

	/* What cannot be looked at is taken for the same. */
	return stat(ours, &one) != 0 || stat(theirs, &other) != 0 ||
	       (one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

const char *binary_path_root(struct arena *arena, uint32_t pid)
{
	char mounts[64];
	const char *root;

	if (!pid)
		return "";
	snprintf(mounts, sizeof(mounts), "/proc/%u/ns/mnt", pid);
	root = arena_format(arena, "/proc/%u/root", pid);
	return are_same("/proc/self/ns/mnt", mounts) && are_same("/", root) ? "" : root;
}

static bool find_file(struct arena *arena, const char *name, uint32_t pid, struct binary_file *file)
{
	const char *root = binary_path_root(arena, pid), *path;

	if (strchr(name, '/'))
		return binary_path_open(arena, name[0] == '/' ? root : "", name, file);
	path = find_command(arena, root, name);
	return (path && binary_path_open(arena, *path == '/' ? root : "", path, file)) ||
	       find_in_cache(arena, root, name, file) || find_in_folders(arena, root, name, file);
}

bool binary_path_find(struct arena *arena, const char *name, uint32_t pid, struct binary_file *file)
{
	const char *member = strstr(name, ZIP_SEPARATOR);
	bool found;

	if (member) {
		found = find_file(arena, arena_text(arena, name, (size_t)(member - name)), pid,
				  file);
		if (found)
			file->path = arena_format(arena, "%s%s", file->path, member);
	} else {
		found = find_file(arena, name, pid, file);
	}
	/* A bare name does not say which file it is. */
	if (strchr(name, '/'))
		file->shown = name;
	return found;
}
