/* How a process of another namespace is called in /proc, by bpfload and by programs: by files like
 * those of /proc, which a test writes. */
#include "session/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "stand_in.h"

static char proc[] = "/tmp/bpfload-proc-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[128], command[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", path);
	CHECK(system(command) == 0);
	file = fopen(path, "w");
	CHECK(file && fputs(text, file) >= 0);
	fclose(file);
}

static uint64_t inode_of(const char *name)
{
	struct stat info;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	CHECK(stat(path, &info) == 0);
	return info.st_ino;
}

static struct process describe(uint32_t pid)
{
	struct process process;

	memset(&process, 0xff, sizeof(process));
	process_describe(&process, pid, 5);
	return process;
}

static void test_describe(void)
{
	struct process process;

	/* In the initial namespace programs ask for the id that /proc has. */
	process = describe(7);
	CHECK(process.pid == 7 && process.in_proc == 7 && process.filtered == 7);
	CHECK(process.namespace[0] == 0 && process.namespace[1] == 0);
	put("self/fdinfo/5", "pos:\t0\nflags:\t02\nPid:\t70\nNSpid:\t70\t7\n");
	process = describe(7);
	CHECK(process.pid == 7 && process.in_proc == 70 && process.filtered == 7);
	/* A process that has ended has none, nor one that /proc does not show. */
	put("self/fdinfo/5", "pos:\t0\nPid:\t-1\n");
	CHECK(describe(7).in_proc == 7);
	put("self/fdinfo/5", "pos:\t0\nPid:\t0\n");
	CHECK(describe(7).in_proc == 7);
	put("self/fdinfo/5", "pos:\t0\n");
	CHECK(describe(7).in_proc == 7);
	/* Elsewhere it is the innermost, in the namespace of the process. */
	put("self/fdinfo/5", "Pid:\t70\n");
	put("self/ns/pid", "");
	process = describe(7);
	CHECK(process.filtered == 7 && process.namespace[1] == 0);
	put("70/ns/pid", "");
	put("70/status", "Name:\tx\nPid:\t70\nNSpid:\t70\t7\t3\nThreads:\t1\n");
	process = describe(7);
	CHECK(process.filtered == 3 && process.in_proc == 70);
	CHECK(process.namespace[1] == inode_of("70/ns/pid") && process.namespace[0] != 0);
	put("70/status", "Name:\tx\n");
	CHECK(describe(7).filtered == 0);
}

/* Namespaces nest no deeper than 32 below the first. */
static void test_depth(void)
{
	char text[512] = "NSpid:";

	for (int i = 1; i <= 33; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "\t%d", 100 + i);
	put("70/status", text);
	CHECK(describe(7).filtered == 133);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "\t999");
	put("70/status", text);
	CHECK(describe(7).filtered == 133);
}

static void test_threads(void)
{
	put("self/status", "Name:\tbpfload\nNSpid:\t50\t5\n");
	put("70/task/71/status", "Name:\tx\nNSpid:\t71\t8\t4\n");
	put("70/task/72/status", "Name:\tx\nNSpid:\t72\n");
	put("70/task/73/status", "Name:\tx\n");
	put("70/task/74/status", "Name:\tx\nNSpid:\t74\t9\n");
	/* As far down as bpfload's own namespace is. */
	CHECK(process_thread(70, 71) == 8 && process_thread(70, 74) == 9);
	CHECK(process_thread(70, 72) == 0 && process_thread(70, 73) == 0);
	CHECK(process_thread(70, 79) == 0);
	put("self/status", "Name:\tbpfload\nNSpid:\t50\n");
	CHECK(process_thread(70, 71) == 71);
	put("self/status", "Name:\tbpfload\n");
	CHECK(process_thread(70, 71) == 0);
}

int main(void)
{
	char command[64];

	stand_in_reset();
	CHECK(mkdtemp(proc));
	stand_in.proc = proc;
	test_describe();
	test_depth();
	test_threads();
	stand_in.proc = NULL;
	snprintf(command, sizeof(command), "rm -r %s", proc);
	CHECK(system(command) == 0);
	return check_result("process");
}
