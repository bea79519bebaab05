#include "symbols/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* A map that is larger than this is not read: it would be several million functions. */
#define SIZE_MAX_READ (256u << 20)

static bool read_text(struct perf_map *map, int fd, size_t size)
{
	size_t held = 0;

	map->text = memory_try_bytes(size + 1);
	if (!map->text)
		return false;
	while (held < size) {
		ssize_t got = read(fd, map->text + held, size - held);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		held += (size_t)got;
	}
	map->text[held] = '\0';
	return true;
}

static int by_address(const void *left, const void *right)
{
	const struct perf_map_entry *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

static bool parse(struct perf_map *map)
{
	size_t room = 0;
	char *newline;

	/* A line without its end is still being written. */
	for (char *line = map->text; (newline = strchr(line, '\n')); line = newline + 1) {
		struct perf_map_entry entry;
		char *end;

		*newline = '\0';
		entry.address = strtoull(line, &end, 16);
		if (end == line || *end != ' ')
			continue;
		line = end + 1;
		entry.size = strtoull(line, &end, 16);
		if (end == line || *end != ' ' || !end[1])
			continue;
		entry.name = end + 1;
		if (!memory_try_grow(map->entries, map->count, room))
			return false;
		map->entries[map->count++] = entry;
	}
	if (map->count)
		qsort(map->entries, map->count, sizeof(*map->entries), by_address);
	return true;
}

bool perf_map_read(struct perf_map *map, const char *path)
{
	struct stat status;
	/* The file may be anything that its owner likes: neither wait for a pipe nor follow a link.
	 */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool ok = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size <= 0 ||
	    (uint64_t)status.st_size > SIZE_MAX_READ || (uint64_t)status.st_size == map->file_size)
		goto out;
	perf_map_free(map);
	map->file_size = (uint64_t)status.st_size;
	ok = read_text(map, fd, (size_t)status.st_size) && parse(map);
	if (!ok)
		perf_map_free(map);
out:
	close(fd);
	return ok;
}

/* Pid of a process in its own namespace: the last of the line NSpid. */
static uint32_t inner_pid(uint32_t pid)
{
	char path[64], line[256];
	uint32_t inner = pid;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	status = fopen(path, "re");
	if (!status)
		return pid;
	while (fgets(line, sizeof(line), status)) {
		const char *last;

		if (strncmp(line, "NSpid:", 6) != 0)
			continue;
		last = strrchr(line, '\t');
		if (last)
			inner = (uint32_t)strtoul(last + 1, NULL, 10);
		break;
	}
	fclose(status);
	return inner;
}

bool perf_map_refresh(struct perf_map *map, uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/root/tmp/perf-%u.map", pid, inner_pid(pid));
	if (perf_map_read(map, path))
		return true;
	/* The process may be gone, its file still there. */
	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	return perf_map_read(map, path);
}

void perf_map_free(struct perf_map *map)
{
	free(map->entries);
	free(map->text);
	*map = (struct perf_map){0};
}

const struct perf_map_entry *perf_map_find(const struct perf_map *map, uint64_t address)
{
	const struct perf_map_entry *entry;
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->entries[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	entry = &map->entries[low - 1];
	return address - entry->address < entry->size ? entry : NULL;
}
