/* When what is known of a process is read again: by a clock that the test moves. */
#include "symbols/processes.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define MISS_NS 50000000
#define RENEW_NS 100000000

static uint64_t now = 1000000000;

/* Stands in for that of the C library. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	(void)clock;
	time->tv_sec = (time_t)(now / 1000000000);
	time->tv_nsec = (long)(now % 1000000000);
	return 0;
}

static char map_path[64];

static void write_map(const char *text)
{
	FILE *file = fopen(map_path, "we");

	if (CHECK(file)) {
		fputs(text, file);
		fclose(file);
	}
}

static bool is_named(struct processes *processes, uint64_t address, const char *name)
{
	struct process_code *process = processes_find(processes, (uint32_t)getpid());
	struct jit_symbol symbol;

	return processes_jit(processes, process, address, address, &symbol) &&
	       strcmp(symbol.name, name) == 0;
}

/* A name that is not there is looked for again, and not all the time. */
static void missed_names(void)
{
	struct processes processes = {.cache = MF_CACHE_USER_SYMBOLS_PER_PID};

	processes_note(&processes, (uint32_t)getpid());
	CHECK(!is_named(&processes, 0x1000, "one"));
	write_map("1000 10 one\n");
	now += MISS_NS;
	CHECK(!is_named(&processes, 0x1000, "one"));
	now += 1;
	CHECK(is_named(&processes, 0x1000, "one"));
	processes_free(&processes);
	unlink(map_path);
}

/* The same of memory that was mapped since. */
static void missed_mappings(void)
{
	struct processes processes = {.cache = MF_CACHE_USER_SYMBOLS_PER_PID};
	uint64_t address;
	struct process_code *process;
	void *memory;

	processes_note(&processes, (uint32_t)getpid());
	process = processes_find(&processes, (uint32_t)getpid());
	memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(process && memory != MAP_FAILED);
	address = (uint64_t)(uintptr_t)memory;
	now += MISS_NS;
	CHECK(!processes_mapping(&processes, process, address));
	now += 1;
	CHECK(processes_mapping(&processes, process, address));
	processes_free(&processes);
	munmap(memory, 4096);
}

/* An eager reader has the names of a compiler before anyone asks, and renews them with a note. */
static void eager_names(void)
{
	struct processes processes = {.cache = MF_CACHE_USER_SYMBOLS_PER_PID, .eager = true};
	uint32_t pid = (uint32_t)getpid();
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(code != MAP_FAILED);
	write_map("1000 10 one\n");
	processes_note(&processes, pid);
	CHECK(processes_find(&processes, pid)->jit.count == 1);
	write_map("1000 10 one\n2000 10 two\n");
	now += RENEW_NS;
	processes_note(&processes, pid);
	CHECK(processes_find(&processes, pid)->jit.count == 1);
	now += 1;
	processes_note(&processes, pid);
	CHECK(processes_find(&processes, pid)->jit.count == 2);
	processes_free(&processes);
	munmap(code, 4096);
	unlink(map_path);
}

/* One that has ended and was not waited for has no program any more: it keeps what it had. */
static void ended_process(void)
{
	struct processes processes = {.cache = MF_CACHE_USER_SYMBOLS_PER_PROGRAM};
	struct process_code *process;
	siginfo_t about;
	int held[2];
	char byte;
	pid_t child;

	CHECK(pipe(held) == 0);
	child = fork();
	if (child == 0) {
		close(held[1]);
		_exit(read(held[0], &byte, 1) != 0);
	}
	processes_note(&processes, (uint32_t)child);
	process = processes_find(&processes, (uint32_t)child);
	CHECK(process && process->maps.count > 0);
	close(held[1]);
	CHECK(waitid(P_PID, (id_t)child, &about, WEXITED | WNOWAIT) == 0);
	processes_note(&processes, (uint32_t)child);
	CHECK(processes_find(&processes, (uint32_t)child) == process && process->maps.count > 0);
	CHECK(waitpid(child, NULL, 0) == child);
	/* Nor has one that is not there at all. */
	processes_note(&processes, (uint32_t)child);
	CHECK(processes_find(&processes, (uint32_t)child) == process && process->maps.count > 0);
	close(held[0]);
	processes_free(&processes);
}

/* Where nothing may be kept, one map is read for each question, once a tick of the clock. */
static void nothing_is_kept(void)
{
	struct processes processes = {.cache = MF_CACHE_USER_SYMBOLS_NONE};
	uint32_t pid = (uint32_t)getpid(), parent = (uint32_t)getppid();
	struct process_code *process;
	uint64_t generation;

	processes_note(&processes, pid);
	CHECK(!processes.first && !processes.by_pid.count);
	write_map("1000 10 one\n");
	process = processes_find(&processes, pid);
	CHECK(process && process->pid == pid && process->maps.count > 0 &&
	      processes.mappings == process->maps.count && process->read_at == now);
	CHECK(is_named(&processes, 0x1000, "one"));
	generation = processes.generation;
	CHECK(processes_find(&processes, pid) == process && processes.generation == generation);
	/* A tick later it is another map, whose names are looked for anew. */
	write_map("2000 10 two\n2010 10 three\n");
	now += 1;
	CHECK(processes_find(&processes, pid) == process && processes.generation > generation);
	CHECK(is_named(&processes, 0x2010, "three") && !is_named(&processes, 0x1000, "one"));
	/* That of another process takes its place. */
	CHECK(processes_find(&processes, parent) == process && process->pid == parent &&
	      process->maps.count > 0 && process->jit.count == 0);
	CHECK(processes_find(&processes, pid) == process && process->pid == pid && !process->next &&
	      processes.mappings == process->maps.count);
	processes_free(&processes);
	unlink(map_path);
}

/* Of a program one map is kept for all that run it, of each process its own else. */
static void maps_of_programs(void)
{
	static const enum mf_cache_user_symbols caches[] = {MF_CACHE_USER_SYMBOLS_PER_PROGRAM,
							    MF_CACHE_USER_SYMBOLS_PER_PID};
	int held[2];
	char byte;
	pid_t child;

	CHECK(pipe(held) == 0);
	child = fork();
	if (child == 0) {
		close(held[1]);
		_exit(read(held[0], &byte, 1) != 0);
	}
	for (size_t i = 0; i < 2; i++) {
		struct processes processes = {.cache = caches[i]};
		struct process_code *own, *other;

		processes_note(&processes, (uint32_t)getpid());
		processes_note(&processes, (uint32_t)child);
		own = processes_find(&processes, (uint32_t)getpid());
		other = processes_find(&processes, (uint32_t)child);
		CHECK(own && other && (own == other) == (i == 0));
		CHECK(own->pid == (uint32_t)getpid() && own->maps.count > 0);
		CHECK(processes.mappings == own->maps.count + (i ? other->maps.count : 0));
		processes_free(&processes);
		CHECK(!processes.first && !processes.mappings);
	}
	close(held[0]);
	close(held[1]);
	CHECK(waitpid(child, NULL, 0) == child);
}

int main(void)
{
	snprintf(map_path, sizeof(map_path), "/tmp/perf-%d.map", getpid());
	unlink(map_path);
	missed_names();
	missed_mappings();
	eager_names();
	ended_process();
	nothing_is_kept();
	maps_of_programs();
	return check_result("processes");
}
