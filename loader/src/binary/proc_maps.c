#include "binary/proc_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "binary/regular_file.h"

#define DELETED " (deleted)"

static bool read_all(struct strbuf *text, int fd)
{
	for (;;) {
		ssize_t got;

		strbuf_reserve(text, 1 << 14);
		got = read(fd, text->data + text->length, text->room - text->length);
		if (got == 0)
			return true;
		if (got > 0)
			text->length += (size_t)got;
		else if (errno != EINTR)
			return false;
	}
}

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

/*
 * Keeps of the text only the paths of the mappings: maps are kept for as long as tracing goes on,
 * of processes that come and go, and most of their text is about data.
 */
static void keep_paths(struct proc_maps *maps)
{
	size_t length = 0;
	char *paths, *to;

	for (size_t i = 0; i < maps->count; i++)
		length += strlen(maps->mappings[i].path) + 1;
	paths = to = memory_bytes(length + 1);
	for (size_t i = 0; i < maps->count; i++) {
		size_t size = strlen(maps->mappings[i].path) + 1;

		maps->mappings[i].path = memcpy(to, maps->mappings[i].path, size);
		to += size;
	}
	free(maps->text);
	maps->text = paths;
}

bool proc_maps_read(struct proc_maps *maps, const char *path)
{
	struct strbuf text = {0};
	size_t room = 0;
	char *line, *newline;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*maps = (struct proc_maps){0};
	if (fd < 0)
		return false;
	if (!read_all(&text, fd)) {
		close(fd);
		strbuf_free(&text);
		return false;
	}
	close(fd);
	strbuf_c_text(&text);
	maps->text = text.data;
	for (line = text.data; (newline = strchr(line, '\n')); line = newline + 1) {
		struct proc_mapping mapping;

		*newline = '\0';
		if (!parse_line(line, &mapping))
			continue;
		memory_grow(maps->mappings, maps->count, room);
		maps->mappings[maps->count++] = mapping;
	}
	keep_paths(maps);
	return true;
}

void proc_maps_free(struct proc_maps *maps)
{
	free(maps->mappings);
	free(maps->text);
	*maps = (struct proc_maps){0};
}

const struct proc_mapping *proc_maps_find(const struct proc_maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == maps->count || address < maps->mappings[low].start)
		return NULL;
	return &maps->mappings[low];
}

static bool has_inode(int fd, uint64_t inode)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (uint64_t)status.st_ino == inode;
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
	if (fd < 0 || has_inode(fd, mapping->inode))
		return fd;
	close(fd);
	return -1;
}
