#include "binary_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIBRARY_CACHE "/etc/ld.so.cache"

static bool is_file(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

const char *binary_path_of_command(struct arena *arena, const char *name)
{
	const char *folder = getenv("PATH");

	if (strchr(name, '/'))
		return is_file(name) && access(name, X_OK) == 0 ? name : NULL;
	if (!folder)
		folder = BINARY_PATH_PROGRAMS;
	for (; folder; folder = strchr(folder, ':') ? strchr(folder, ':') + 1 : NULL) {
		int length = (int)strcspn(folder, ":");
		const char *path = length ? arena_format(arena, "%.*s/%s", length, folder, name)
					  : arena_format(arena, "./%s", name);

		if (path && is_file(path) && access(path, X_OK) == 0)
			return path;
	}
	return NULL;
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

static const char *find_in_cache(struct arena *arena, const char *name)
{
	const char *bytes, *found = NULL;
	struct cache_header header;
	struct stat info;
	int fd = open(LIBRARY_CACHE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) != 0 || info.st_size < (off_t)sizeof(header)) {
		close(fd);
		return NULL;
	}
	bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return NULL;
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.magic, "glibc-ld.so.cache", sizeof(header.magic)) != 0 ||
	    header.count > ((size_t)info.st_size - sizeof(header)) / sizeof(struct cache_entry))
		goto out;
	for (uint32_t i = 0; i < header.count && !found; i++) {
		struct cache_entry entry;
		const char *key, *value;

		memcpy(&entry, bytes + sizeof(header) + i * sizeof(entry), sizeof(entry));
		key = cache_text(bytes, (size_t)info.st_size, entry.key);
		value = cache_text(bytes, (size_t)info.st_size, entry.value);
		if (entry.flags == CACHE_FLAGS && key && value && is_library(key, name) &&
		    is_file(value))
			found = arena_text(arena, value, strlen(value));
	}
out:
	munmap((void *)bytes, (size_t)info.st_size);
	return found;
}

/* Where libraries are on systems without glibc's cache. */
static const char *find_in_folders(struct arena *arena, const char *name)
{
	static const char *const endings[] = {"", ".so"};
	const char *folder = BINARY_PATH_LIBRARIES;

	for (; folder; folder = strchr(folder, ':') ? strchr(folder, ':') + 1 : NULL) {
		for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
			const char *path =
				arena_format(arena, "%.*s/%s%s", (int)strcspn(folder, ":"), folder,
					     name, endings[i]);

			if (path && is_file(path))
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

const char *binary_path_find(struct arena *arena, const char *name, uint32_t pid)
{
	const char *path;

	if (name[0] == '/' && pid && binary_path_other_mounts(pid)) {
		path = arena_format(arena, "/proc/%u/root%s", pid, name);
		return path && is_file(path) ? path : NULL;
	}
	if (strchr(name, '/')) {
		char *absolute;

		if (!is_file(name))
			return NULL;
		absolute = realpath(name, NULL);
		path = absolute ? arena_text(arena, absolute, strlen(absolute)) : NULL;
		free(absolute);
		return path;
	}
	path = binary_path_of_command(arena, name);
	if (!path)
		path = find_in_cache(arena, name);
	return path ? path : find_in_folders(arena, name);
}
