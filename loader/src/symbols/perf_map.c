#include "symbols/perf_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "binary/regular_file.h"

/* What is read at once, at least. */
#define CHUNK (64u << 10)

/* A map that is larger than this is not read: it would be a million functions. */
#define SIZE_MAX_READ (64u << 20)

static void give_text(struct perf_map *map)
{
	budget_give(&map->budget, map->text_size);
	free(map->text);
	map->text = NULL;
	map->text_size = 0;
}

/* Up to the first NUL: a file with holes has them for most of its size, and no names there. */
static bool read_text(struct perf_map *map, int fd, size_t size)
{
	size_t held = 0, room = 0;

	while (held < size) {
		ssize_t got;

		if (held == room) {
			size_t more = size - room < CHUNK ? size - room : CHUNK + room / 2;
			char *text;

			if (more > size - room)
				more = size - room;
			if (!budget_take(&map->budget, more))
				return false;
			map->text_size += more;
			text = memory_try_resize(map->text, room + more + 1, 1);
			if (!text)
				return false;
			map->text = text;
			room += more;
		}
		got = read(fd, map->text + held, room - held);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (memchr(map->text + held, 0, (size_t)got)) {
			held += strnlen(map->text + held, (size_t)got);
			break;
		}
		held += (size_t)got;
	}
	if (!map->text)
		return false;
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
		if (!budget_grow(&map->budget, map->entries, map->count, map->room))
			return false;
		map->entries[map->count++] = entry;
	}
	if (map->count)
		qsort(map->entries, map->count, sizeof(*map->entries), by_address);
	return true;
}

/* Takes the descriptor over. `uid`: whose file it may be, beside root's. */
static bool read_map(struct perf_map *map, int fd, uint32_t uid)
{
	struct stat status;
	bool ok = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &status) < 0 || (status.st_uid != 0 && status.st_uid != uid) ||
	    (uint64_t)status.st_size == map->file_size)
		goto out;
	if ((uint64_t)status.st_size > SIZE_MAX_READ) {
		budget_exceed();
		goto out;
	}
	perf_map_free(map);
	map->file_size = (uint64_t)status.st_size;
	ok = read_text(map, fd, (size_t)status.st_size) && parse(map);
	if (!ok) {
		perf_map_free(map);
		/* Not again before it has changed. */
		map->file_size = (uint64_t)status.st_size;
	}
out:
	close(fd);
	return ok;
}

bool perf_map_read(struct perf_map *map, const char *path)
{
	return read_map(map, regular_file_open_unlinked("", path), geteuid());
}

/* Of a process: its pid in its own namespace, the last of the line NSpid, and its user. */
struct owner {
	uint32_t inner_pid, uid;
};

static bool find_owner(uint32_t pid, struct owner *owner)
{
	char path[64], line[256];
	FILE *status;

	*owner = (struct owner){.inner_pid = pid};
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	status = fopen(path, "re");
	if (!status)
		return false;
	while (fgets(line, sizeof(line), status)) {
		const char *last = strrchr(line, '\t');

		if (strncmp(line, "NSpid:", 6) == 0 && last)
			owner->inner_pid = (uint32_t)strtoul(last + 1, NULL, 10);
		/* Real, effective, ... */
		else if (strncmp(line, "Uid:", 4) == 0)
			owner->uid = (uint32_t)strtoul(line + 4, NULL, 10);
	}
	fclose(status);
	return true;
}

bool perf_map_refresh(struct perf_map *map, uint32_t pid)
{
	char root[32], path[64];
	struct owner owner;

	if (find_owner(pid, &owner)) {
		map->uid = owner.uid;
		snprintf(root, sizeof(root), "/proc/%u/root", pid);
		snprintf(path, sizeof(path), "/tmp/perf-%u.map", owner.inner_pid);
		if (read_map(map, regular_file_open_unlinked(root, path), map->uid))
			return true;
	}
	/* The process may be gone, its file still there: of the user that it had, or root's. */
	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	return read_map(map, regular_file_open_unlinked("", path), map->uid);
}

void perf_map_free(struct perf_map *map)
{
	budget_give_array(&map->budget, map->entries, map->room);
	free(map->entries);
	give_text(map);
	*map = (struct perf_map){.uid = map->uid};
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
