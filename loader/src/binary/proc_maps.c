#include "binary/proc_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/id_table.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "binary/budget.h"
#include "binary/regular_file.h"

#define DELETED " (deleted)"
/* Mappings of code that are kept of a process, and bytes of their paths. */
#define MAPPINGS_MAX 65536
#define PATHS_MAX (4u << 20)

/* Reads a number in base 10 or 16 and the one byte behind it. */
static bool number(char **at, unsigned int base, char behind, uint64_t *value)
{
	char *start = *at;

	*value = 0;
	for (;; (*at)++) {
		char c = **at;
		unsigned int digit = c >= '0' && c <= '9'   ? (unsigned int)(c - '0')
				     : c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10)
							    : 16;

		if (digit >= base)
			break;
		*value = *value * base + digit;
	}
	if (*at == start || **at != behind)
		return false;
	(*at)++;
	return true;
}

/* "7f1c00000000-7f1c00021000 r-xp 00000000 fd:01 1234   /usr/lib/libc.so.6", NUL-terminated. */
static bool parse_line(char *line, struct proc_mapping *mapping)
{
	uint64_t major, minor;
	size_t length;
	bool executable;
	char *path;

	if (!number(&line, 16, '-', &mapping->start) || !number(&line, 16, ' ', &mapping->end))
		return false;
	if (strlen(line) < 5)
		return false;
	executable = line[2] == 'x';
	line += 5;
	if (!executable || !number(&line, 16, ' ', &mapping->offset) ||
	    !number(&line, 16, ':', &major) || !number(&line, 16, ' ', &minor))
		return false;
	mapping->device_major = (uint32_t)major;
	mapping->device_minor = (uint32_t)minor;
	mapping->inode = 0;
	while (*line >= '0' && *line <= '9')
		mapping->inode = mapping->inode * 10 + (uint64_t)(*line++ - '0');
	path = line + strspn(line, " ");
	length = strlen(path);
	mapping->deleted =
		length > strlen(DELETED) && strcmp(path + length - strlen(DELETED), DELETED) == 0;
	if (mapping->deleted)
		path[length - strlen(DELETED)] = '\0';
	mapping->path = path;
	return true;
}

/* Paths while maps are read: each is kept once, wherever it is mapped. */
struct paths {
	/* Offsets + 1 in the text, by a hash of the path. */
	struct id_table known;
	struct strbuf text;
};

static uint64_t hash_of(const char *path)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *path; path++)
		hash = (hash ^ (uint8_t)*path) * 0x100000001b3u;
	return hash;
}

/* Where the path stands in the text; where there is no room for it, that of the empty one. */
static size_t offset_of(struct paths *paths, const char *path)
{
	uint64_t hash = hash_of(path);
	uintptr_t known = (uintptr_t)id_table_find(&paths->known, hash);
	size_t length = strlen(path) + 1, offset = paths->text.length;

	if (known && strcmp(paths->text.data + known - 1, path) == 0)
		return known - 1;
	if (offset + length > PATHS_MAX) {
		budget_exceed();
		return 0;
	}
	strbuf_put(&paths->text, path, length);
	/* Another of that hash is just kept again. */
	if (!known)
		id_table_add(&paths->known, hash, (void *)(offset + 1));
	return offset;
}

static void keep(void *item)
{
	(void)item;
}

static void take_line(struct proc_maps *maps, size_t *room, struct paths *paths, char *line)
{
	struct proc_mapping mapping = {0};

	if (!parse_line(line, &mapping))
		return;
	if (maps->count == MAPPINGS_MAX) {
		budget_exceed();
		return;
	}
	/* Becomes the path when all are there. */
	mapping.path = (const char *)offset_of(paths, mapping.path);
	memory_grow(maps->mappings, maps->count, *room);
	maps->mappings[maps->count++] = mapping;
}

/* Lines that are longer than this are those of no kernel. */
#define LINE_MAX_BYTES (16u << 10)

/* Takes line by line: most of the text is about data, and nobody bounds how much there is. */
static bool read_lines(struct proc_maps *maps, struct paths *paths, int fd)
{
	char *buffer = memory_bytes(LINE_MAX_BYTES + 1), *line, *newline;
	size_t length = 0, room = 0;
	ssize_t got;

	while ((got = read(fd, buffer + length, LINE_MAX_BYTES - length)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		length += (size_t)got;
		buffer[length] = '\0';
		for (line = buffer;
		     (newline = memchr(line, '\n', length - (size_t)(line - buffer)));
		     line = newline + 1) {
			*newline = '\0';
			take_line(maps, &room, paths, line);
		}
		length -= (size_t)(line - buffer);
		memmove(buffer, line, length);
		if (length == LINE_MAX_BYTES)
			length = 0;
	}
	free(buffer);
	return got == 0;
}

bool proc_maps_read(struct proc_maps *maps, const char *path)
{
	struct paths paths = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool read;

	*maps = (struct proc_maps){0};
	if (fd < 0)
		return false;
	offset_of(&paths, "");
	read = read_lines(maps, &paths, fd);
	close(fd);
	maps->text = memory_text_of(paths.text.data, paths.text.length);
	for (size_t i = 0; i < maps->count; i++)
		maps->mappings[i].path = maps->text + (uintptr_t)maps->mappings[i].path;
	strbuf_free(&paths.text);
	id_table_free(&paths.known, keep);
	if (!read)
		proc_maps_free(maps);
	return read;
}

void proc_maps_free(struct proc_maps *maps)
{
	free(maps->mappings);
	free(maps->text);
	*maps = (struct proc_maps){0};
}

size_t proc_mappings_behind(const struct proc_mapping *mappings, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct proc_mapping *proc_maps_find(const struct proc_maps *maps, uint64_t address)
{
	size_t index = proc_mappings_behind(maps->mappings, maps->count, address);

	if (index == maps->count || address < maps->mappings[index].start)
		return NULL;
	return &maps->mappings[index];
}

static bool has_inode(int fd, uint64_t inode)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (uint64_t)status.st_ino == inode;
}

/* These say another device to stat(2) than their mappings have (btrfs_getattr, ovl_getattr). */
static bool has_devices_of_its_own(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 &&
	       (status.f_type == BTRFS_SUPER_MAGIC || status.f_type == OVERLAYFS_SUPER_MAGIC);
}

/* Of a process that has gone: it may have had other roots than we. */
static int open_here(const struct proc_mapping *mapping)
{
	int fd = regular_file_open(mapping->path);
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && (uint64_t)status.st_ino == mapping->inode &&
	    (status.st_dev == makedev(mapping->device_major, mapping->device_minor) ||
	     has_devices_of_its_own(fd)))
		return fd;
	close(fd);
	return -1;
}

/*
 * map_files leads to the mapped file itself, deleted or not, but wants CAP_CHECKPOINT_RESTORE
 * (fs/proc/base.c, proc_map_files_get_link); the path must still lead to the same inode.
 */
int proc_mapping_open(uint32_t pid, const struct proc_mapping *mapping)
{
	char path[96], root[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/map_files/%llx-%llx", pid,
		 (unsigned long long)mapping->start, (unsigned long long)mapping->end);
	fd = regular_file_open(path);
	if (fd >= 0 || mapping->deleted || mapping->path[0] != '/')
		return fd;
	snprintf(root, sizeof(root), "/proc/%u/root", pid);
	fd = regular_file_open_in(root, mapping->path);
	if (fd < 0 && (errno == ENOENT || errno == ESRCH) && mapping->told_at)
		return open_here(mapping);
	if (fd < 0 || has_inode(fd, mapping->inode))
		return fd;
	close(fd);
	return -1;
}
