/* Symbols of just-in-time compilers: lines that are none do not keep the others from being read,
 * and a file is read again where it has changed. */
#include "symbols/perf_map.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "binary/budget.h"
#include "check.h"
#include "folder.h"

/* In place of the C library's, which keeps the order of what is equal, though nobody said so: here
 * it is turned round. */
void qsort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	uint8_t *bytes = items, room[64];

	if (!CHECK(size <= sizeof(room)))
		return;
	for (size_t i = 1; i < count; i++)
		for (size_t k = i; k > 0; k--) {
			uint8_t *here = bytes + k * size, *before = here - size;

			if (compare(before, here) < 0)
				break;
			memcpy(room, here, size);
			memcpy(here, before, size);
			memcpy(before, room, size);
		}
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (CHECK(file)) {
		fputs(text, file);
		fclose(file);
	}
}

static bool is_at(const struct perf_map *map, uint64_t address, const char *name)
{
	const struct perf_map_entry *found = perf_map_find(map, address);

	if (name ? found && strcmp(found->name, name) == 0 : !found)
		return true;
	fprintf(stderr, "  %llx: %s\n", (unsigned long long)address, found ? found->name : "none");
	return false;
}

static void lines(void)
{
	struct perf_map map = {0};

	write_file(at("map"), "2000 10 second\n"
			      "no line\n"
			      "\n"
			      "2800 wrong size\n"
			      "2810 8\n"
			      "2820 8 \n"
			      "2830,8 comma\n"
			      "1000 20 first with words\n"
			      "xyz 10 none\n"
			      "3000 1 short\n"
			      "3000 4 later\n"
			      "ffffffffffff0000 100 high\n"
			      "4000 10 not whole");
	CHECK(perf_map_read(&map, at("map")) && map.count == 5);
	CHECK(is_at(&map, 0xfff, NULL) && is_at(&map, 0x1000, "first with words") &&
	      is_at(&map, 0x101f, "first with words") && is_at(&map, 0x1020, NULL));
	CHECK(is_at(&map, 0x2000, "second") && is_at(&map, 0x200f, "second") &&
	      is_at(&map, 0x2010, NULL));
	CHECK(is_at(&map, 0x2800, NULL) && is_at(&map, 0x2810, NULL) && is_at(&map, 0x2820, NULL) &&
	      is_at(&map, 0x2830, NULL));
	/* Of two at one place the one that was written later counts. */
	CHECK(is_at(&map, 0x3000, "later") && is_at(&map, 0x3003, "later") &&
	      is_at(&map, 0x3004, NULL));
	CHECK(is_at(&map, 0xffffffffffff00ff, "high") && is_at(&map, 0xffffffffffff0100, NULL));
	CHECK(is_at(&map, 0x4000, NULL) && is_at(&map, 0, NULL) && is_at(&map, UINT64_MAX, NULL));
	perf_map_free(&map);
	CHECK(is_at(&map, 0x1000, NULL));
	unlink(at("map"));
}

/* As much memory is taken as the file has, in pieces; and all of it is given back. */
static void as_much_as_there_is(void)
{
	struct perf_map map = {0};
	FILE *file = fopen(at("map"), "w");
	uint64_t size;

	for (int i = 0; file && i < 12000; i++)
		fprintf(file, "%x 8 name of %d\n", 0x1000 + 16 * (i ^ 0x155), i);
	size = (uint64_t)ftell(file);
	CHECK(file && fclose(file) == 0 && size > 3 * (64 << 10));
	CHECK(perf_map_read(&map, at("map")) && map.count == 12000);
	CHECK(map.text_size == size && map.file_size == size);
	CHECK(map.budget.bytes == size + map.room * sizeof(*map.entries) &&
	      budget_held() == map.budget.bytes);
	for (int i = 0; i < 12000; i += 500) {
		char name[32];

		snprintf(name, sizeof(name), "name of %d", i);
		CHECK(is_at(&map, 0x1000 + 16 * (uint64_t)(i ^ 0x155), name));
	}
	/* It stays what it was while the file does. */
	CHECK(!perf_map_read(&map, at("map")) && map.count == 12000);
	perf_map_free(&map);
	CHECK(!map.budget.bytes && budget_held() == 0);
	/* Without memory there are no names, and it is not tried again before the file changes. */
	budget_limit(size, size);
	CHECK(!perf_map_read(&map, at("map")) && map.count == 0 && !map.text);
	CHECK(map.file_size == size && budget_held() == 0);
	CHECK(budget_was_exceeded());
	for (uint64_t less = 1; less <= size; less += size / 2) {
		struct perf_map other = {0};

		budget_limit(size - less, size - less);
		CHECK(!perf_map_read(&other, at("map")) && budget_was_exceeded());
		CHECK(other.count == 0 && !other.text && budget_held() == 0);
		perf_map_free(&other);
	}
	budget_limit(256 << 20, 512 << 20);
	CHECK(!perf_map_read(&map, at("map")) && map.count == 0);
	file = fopen(at("map"), "a");
	CHECK(file && fputs("1 1 more\n", file) > 0 && fclose(file) == 0);
	CHECK(perf_map_read(&map, at("map")) && map.count == 12001 && is_at(&map, 1, "more"));
	perf_map_free(&map);
	unlink(at("map"));
}

/* A file of holes has no names in them, however large it is; a larger one is not read. */
static void files_with_holes(void)
{
	struct perf_map map = {0};

	write_file(at("map"), "1000 10 one\n2000 10 two\n");
	CHECK(truncate(at("map"), 64 << 20) == 0);
	CHECK(perf_map_read(&map, at("map")) && map.count == 2 && is_at(&map, 0x2000, "two"));
	CHECK(!budget_was_exceeded());
	CHECK(truncate(at("map"), (64 << 20) + 1) == 0);
	CHECK(!perf_map_read(&map, at("map")) && budget_was_exceeded());
	/* What was known stays. */
	CHECK(map.count == 2 && is_at(&map, 0x1000, "one"));
	perf_map_free(&map);
	unlink(at("map"));
	CHECK(!perf_map_read(&map, at("none")));
}

/* By the number of a process: its own file, read when it is new or has grown. */
static void of_processes(void)
{
	struct perf_map map = {0};
	uint32_t pid = (uint32_t)getpid();
	char path[64];
	pid_t child;

	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	unlink(path);
	CHECK(!perf_map_refresh(&map, pid) && map.count == 0 && map.uid == getuid());
	write_file(path, "1000 10 one\n");
	CHECK(perf_map_refresh(&map, pid) && map.count == 1);
	CHECK(!perf_map_refresh(&map, pid) && is_at(&map, 0x1000, "one"));
	write_file(path, "1000 10 one\n2000 10 two\n");
	CHECK(perf_map_refresh(&map, pid) && map.count == 2 && is_at(&map, 0x2001, "two"));
	perf_map_free(&map);
	unlink(path);
	/* One that has ended left its file. */
	child = fork();
	if (child == 0)
		_exit(0);
	CHECK(waitpid(child, NULL, 0) == child);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", child);
	write_file(path, "5000 10 left\n");
	map = (struct perf_map){.uid = getuid()};
	CHECK(perf_map_refresh(&map, (uint32_t)child) && is_at(&map, 0x5000, "left"));
	perf_map_free(&map);
	/* It is the file of the user that the process had, not of the one who asks. */
	if (geteuid() == 0) {
		CHECK(chown(path, 12345, 12345) == 0);
		map.uid = 12346;
		CHECK(!perf_map_refresh(&map, (uint32_t)child) && map.uid == 12346);
		map.uid = 12345;
		CHECK(perf_map_refresh(&map, (uint32_t)child) && is_at(&map, 0x5000, "left"));
		perf_map_free(&map);
	}
	unlink(path);
}

/* Each reading gives back what it opened. */
static void descriptors(void)
{
	struct perf_map map = {0};
	int before = dup(0), after;

	CHECK(before >= 0 && close(before) == 0);
	(void)perf_map_refresh(&map, (uint32_t)getpid());
	after = dup(0);
	CHECK(after == before && close(after) == 0);
	perf_map_free(&map);
}

/* A process with a root and numbers of its own writes the number that it knows itself by. */
static void in_a_container(void)
{
	struct perf_map map = {0};
	int ready[2];
	char byte = 0;
	pid_t child;

	if (geteuid() != 0)
		return;
	CHECK(mkdir(at("tmp"), 0700) == 0 && pipe(ready) == 0);
	write_file(at("tmp/perf-1.map"), "6000 10 inner\n");
	child = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		if (chroot(folder) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	/* Root may be without the right to it, in a container. */
	if (CHECK(child > 0 || errno == EPERM) && child > 0) {
		CHECK(read(ready[0], &byte, 1) == 1);
		CHECK(perf_map_refresh(&map, (uint32_t)child) && is_at(&map, 0x6001, "inner"));
		CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
	}
	close(ready[0]);
	perf_map_free(&map);
	unlink(at("tmp/perf-1.map"));
	rmdir(at("tmp"));
}

int main(void)
{
	CHECK(mkdtemp(folder));
	lines();
	as_much_as_there_is();
	files_with_holes();
	of_processes();
	descriptors();
	in_a_container();
	CHECK(rmdir(folder) == 0);
	return check_result("perf_map");
}
