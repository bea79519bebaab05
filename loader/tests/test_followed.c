/* Memory maps of processes, made of what the kernel tells of them. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "symbols/followed.h"
#include "check.h"

#define PAGE 4096u
#define PAGES 64

static void told(struct followed *followed, uint32_t pid, uint64_t start, uint64_t length,
		 uint64_t offset, const char *path)
{
	followed_take(followed, &(struct task_record){.kind = TASK_MAPS,
						      .pid = pid,
						      .start = start,
						      .length = length,
						      .offset = offset,
						      .inode = 7,
						      .path = path});
}

static void forks(struct followed *followed, uint32_t parent, uint32_t pid)
{
	followed_take(followed,
		      &(struct task_record){.kind = TASK_FORKS, .pid = pid, .parent = parent});
}

static void executes(struct followed *followed, uint32_t pid)
{
	followed_take(followed, &(struct task_record){.kind = TASK_EXECUTES, .pid = pid});
}

static void loses(struct followed *followed)
{
	followed_take(followed, &(struct task_record){.kind = TASK_LOSES});
}

/* PATH+OFFSET of an address; "-": nothing is there. */
static const char *place(struct followed *followed, uint32_t pid, uint64_t address)
{
	static char text[128];
	struct proc_maps maps;
	const struct proc_mapping *mapping;

	if (!followed_maps(followed, pid, &maps))
		return "?";
	mapping = proc_maps_find(&maps, address);
	if (mapping)
		snprintf(text, sizeof(text), "%s%s+%llx", mapping->path,
			 mapping->deleted ? "!" : "",
			 (unsigned long long)(address - mapping->start + mapping->offset));
	else
		strcpy(text, "-");
	proc_maps_free(&maps);
	return text;
}

#define CHECK_PLACE(pid, address, expected) \
	CHECK(strcmp(place(&followed, (pid), (address)), (expected)) == 0)

static void lives(void)
{
	struct followed followed = {0};

	CHECK_PLACE(1, 0x1000, "?");
	told(&followed, 1, 0x1000, 0x3000, 0x10000, "/bin/a");
	told(&followed, 1, 0x8000, 0x1000, 0, "//anon");
	told(&followed, 1, 0x9000, 0x1000, 0, "/tmp/b (deleted)");
	CHECK_PLACE(1, 0x1010, "/bin/a+10010");
	CHECK_PLACE(1, 0x3fff, "/bin/a+12fff");
	CHECK_PLACE(1, 0x4000, "-");
	CHECK_PLACE(1, 0x8001, "+1");
	CHECK_PLACE(1, 0x9001, "/tmp/b!+1");
	forks(&followed, 1, 2);
	/* What one does later the other does not. */
	told(&followed, 2, 0x2000, 0x1000, 0, "/lib/c");
	CHECK_PLACE(2, 0x1fff, "/bin/a+10fff");
	CHECK_PLACE(2, 0x2000, "/lib/c+0");
	CHECK_PLACE(2, 0x3000, "/bin/a+12000");
	CHECK_PLACE(1, 0x2000, "/bin/a+11000");
	executes(&followed, 1);
	CHECK_PLACE(1, 0x1010, "?");
	told(&followed, 1, 0x1000, 0x1000, 0, "/bin/d");
	CHECK_PLACE(1, 0x1010, "/bin/d+10");
	CHECK_PLACE(2, 0x1010, "/bin/a+10010");
	/* A number that is used again, by the child of one that nobody heard of. */
	forks(&followed, 99, 2);
	CHECK_PLACE(2, 0x1010, "?");
	/* Ends before it begins. */
	told(&followed, 1, UINT64_MAX - 10, 0x1000, 0, "/bin/e");
	CHECK_PLACE(1, UINT64_MAX - 5, "-");
	/* Who knows what was told. */
	loses(&followed);
	CHECK_PLACE(1, 0x1010, "?");
	told(&followed, 1, 0x1000, 0x1000, 0, "/bin/f");
	CHECK_PLACE(1, 0x1010, "/bin/f+10");
	followed_end(&followed);
	CHECK(followed.path_bytes == 0 && followed.mappings == 0 && followed.processes == 0);
}

/* Mappings over others, at random, beside a model that remembers each page. */
static void any_order(void)
{
	struct followed followed = {0};
	char model[PAGES][32];
	char path[16];

	srandom(20260731);
	for (uint32_t i = 0; i < PAGES; i++)
		strcpy(model[i], "-");
	for (uint32_t step = 0; step < 3000; step++) {
		uint32_t first = (uint32_t)random() % PAGES;
		uint32_t count = 1 + (uint32_t)random() % (PAGES - first);

		snprintf(path, sizeof(path), "/%u", step);
		told(&followed, 5, (uint64_t)(1 + first) * PAGE, (uint64_t)count * PAGE,
		     (uint64_t)step * PAGE, path);
		for (uint32_t i = 0; i < count; i++)
			snprintf(model[first + i], sizeof(model[0]), "%s+%x", path,
				 (step + i) * PAGE);
		for (uint32_t i = 0; i < PAGES && step % 50 == 0; i++)
			CHECK_PLACE(5, (uint64_t)(1 + i) * PAGE, model[i]);
	}
	CHECK(followed.mappings <= PAGES);
	followed_end(&followed);
}

static void bounds(void)
{
	struct followed followed = {0};
	char *path = calloc(1, 4096);

	memset(path, 'x', 4095);
	for (uint32_t pid = 1; pid < 30000; pid++)
		told(&followed, pid, 0x1000, 0x1000, 0, "/bin/a");
	CHECK(followed.processes <= 8192);
	CHECK_PLACE(1, 0x1000, "?");
	CHECK_PLACE(29999, 0x1000, "/bin/a+0");
	for (uint32_t i = 0; i < 20000; i++)
		told(&followed, 1 + i % 20, 0x1000ull * (1 + i), 0x1000, 0, path);
	CHECK(followed.path_bytes <= 33u << 20);
	followed_end(&followed);
	/* Each cuts one in two. */
	told(&followed, 1, 0, 0x100000000, 0, "/bin/a");
	for (uint32_t i = 0; i < 20000; i++)
		told(&followed, 1, 0x1000ull * (1 + 2 * i), 0x1000, 0, "/bin/b");
	CHECK(followed.mappings <= 8192);
	CHECK_PLACE(1, 0x1000, "/bin/b+0");
	followed_end(&followed);
	free(path);
}

/* This kernel, and a child that has ended before anybody looks. */
static void a_child(void)
{
	struct followed followed = {0};
	struct proc_maps maps;
	int start[2];
	bool found = false;
	pid_t pid;

	if (!CHECK(pipe(start) == 0))
		return;
	pid = fork();
	if (pid == 0) {
		char byte;

		close(start[1]);
		if (read(start[0], &byte, 1) == 1)
			execl("/bin/true", "true", NULL);
		_exit(1);
	}
	if (CHECK(followed_begin(&followed, (uint32_t)pid))) {
		CHECK(write(start[1], "", 1) == 1);
		CHECK(waitpid(pid, NULL, 0) == pid);
		if (CHECK(followed_maps(&followed, (uint32_t)pid, &maps))) {
			for (size_t i = 0; i < maps.count; i++) {
				int fd;

				if (!strstr(maps.mappings[i].path, "/true"))
					continue;
				fd = proc_mapping_open((uint32_t)pid, &maps.mappings[i]);
				found = fd >= 0;
				close(fd);
				/* Another file has its place now, to all that is known. */
				maps.mappings[i].inode++;
				CHECK(proc_mapping_open((uint32_t)pid, &maps.mappings[i]) < 0);
			}
			proc_maps_free(&maps);
		}
		CHECK(found);
	}
	followed_end(&followed);
	close(start[0]);
	close(start[1]);
}

/* More than there is room for, before anybody looks. */
static void a_flood(void)
{
	struct followed followed = {0};
	struct proc_maps maps;
	int start[2];
	pid_t pid;

	if (!CHECK(pipe(start) == 0))
		return;
	pid = fork();
	if (pid == 0) {
		char byte;

		close(start[1]);
		if (read(start[0], &byte, 1) != 1)
			_exit(1);
		for (int i = 0; i < 20000; i++)
			munmap(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
				    -1, 0),
			       PAGE);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	if (CHECK(followed_begin(&followed, (uint32_t)pid))) {
		CHECK(write(start[1], "", 1) == 1);
		CHECK(waitpid(pid, NULL, 0) == pid);
		/* Whether it runs `true` nobody knows. */
		CHECK(!followed_maps(&followed, (uint32_t)pid, &maps));
	}
	followed_end(&followed);
	close(start[0]);
	close(start[1]);
}

int main(void)
{
	lives();
	any_order();
	bounds();
	if (getuid() == 0) {
		a_child();
		a_flood();
	}
	return check_result("test_followed");
}
