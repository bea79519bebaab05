// A workload whose truth the tests know: `workload ACTION ARGUMENTS [-- ACTION ARGUMENTS ...]`.
//
//   comm NAME               rename this thread
//   read COUNT SIZE         COUNT read(2) calls of SIZE bytes from /dev/zero
//   write COUNT SIZE        COUNT write(2) calls of SIZE bytes to /dev/null
//   writetext COUNT TEXT    COUNT write(2) calls of TEXT to /dev/null
//   open COUNT PATH         COUNT openat(2) calls (and as many close(2) where they succeed)
//   oldopen COUNT PATH      the same by open(2)
//   close COUNT             COUNT close(2) calls on -9, which is no descriptor
//   getppid COUNT           COUNT getppid(2) calls
//   connect PATH            connect(2) to a socket of that path, of up to 108 bytes, which fails
//   call COUNT A B          COUNT calls of workload_target(A + i, B)
//   touch PAGES             first writes to so many pages of memory
//   poke COUNT              COUNT times, 4 bytes are written to workload_watched
//   peek COUNT              COUNT times, 4 bytes are read from it
//   watched                 print its address
//   breakpoint COUNT        print how many of COUNT writes to it the processor's breakpoints saw
//   shapes COUNT            COUNT calls of workload_shapes(&shapes, &packed, &numbers)
//   stack COUNT             COUNT getppid(2) calls under workload_outer > workload_middle >
//   workload_inner fork COUNT ACTION ...   COUNT children, one after the other, each doing the rest
//   of the command line threads COUNT ACTION ...  COUNT threads at once, each doing the rest of the
//   command line spin MS                 burn so much CPU time sleep MS storm MS getppid(2) calls
//   without a pause for so long pid                     print the process id
//   pin CPU                 run on that CPU from here on
//   await PATH              wait until there is such a file, a minute at most
//   repeat COUNT ACTION ... COUNT times the rest of the command line
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noclone, used, externally_visible))
/* What no process closes; some close -1. */
#define NOBODYS (-9)

static volatile long sink;

volatile int workload_watched[2] __attribute__((aligned(8)));

/* Some virtual machines take breakpoints and never let them fire. */
static void count_breakpoints(long count)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_W,
		.bp_addr = (unsigned long)workload_watched,
		.bp_len = HW_BREAKPOINT_LEN_4,
		.exclude_kernel = 1,
	};
	unsigned long long seen = 0;
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	for (long i = 0; i < count; i++)
		workload_watched[0] = (int)i;
	if (fd < 0 || read(fd, &seen, sizeof(seen)) != sizeof(seen))
		seen = 0;
	printf("%llu\n", seen);
	if (fd >= 0)
		close(fd);
}

KEEP long workload_target(long a, long b)
{
	sink += a;
	return a + b;
}

KEEP void workload_inner(void)
{
	// By hand: libc's syscall() keeps no frame, and a walk by frame pointers would miss its
	// caller.
#ifdef __aarch64__
	register long result __asm__("x0");
	register long number __asm__("x8") = SYS_getppid;

	__asm__ volatile("svc 0"
			 : "=r"(result)
			 : "r"(number), "r"(__builtin_frame_address(0))
			 : "memory");
#else
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"((long)SYS_getppid), "r"(__builtin_frame_address(0))
			 : "rcx", "r11", "memory");
#endif
	sink += result;
}

KEEP void workload_middle(void)
{
	workload_inner();
	sink++;
}

KEEP void workload_outer(void)
{
	workload_middle();
	sink++;
}

KEEP long workload_text(const char *text, char **list)
{
	// All of the list is read, as far as the compiler knows: it must store all of it.
	__asm__ volatile("" : : "r"(list) : "memory");
	sink += (long)text[0] + (list != NULL);
	return sink;
}

// Bytes that tell by their values where they stand: test/guest/pattern.ts knows them.
static unsigned char pattern[65536];

KEEP long workload_pattern(const unsigned char *bytes)
{
	sink += bytes[0];
	return sink;
}

static void show_pattern(void)
{
	for (unsigned int i = 0; i < sizeof(pattern); i++)
		pattern[i] = (unsigned char)((i * 0x9e3779b1u) >> 24);
	workload_pattern(pattern);
}

// What scripts read with structs of their own (test/kernel/preamble.test.ts has them once more).
enum colour { RED, GREEN = 5, BLUE = 7 };

struct shapes {
	char name[8];
	char full[4];
	unsigned int low : 3;
	unsigned int middle : 11;
	int negative : 5;
	enum colour colour;
	struct {
		short x;
		short y;
	} point;
	union {
		unsigned int word;
		unsigned char bytes[4];
	};
	struct {
		long first;
		struct {
			long second;
		};
	};
	const char *text;
	struct shapes *next;
	int numbers[3];
	enum colour colours[2];
};

struct __attribute__((packed)) packed {
	char tag;
	int value;
	unsigned long long a : 3;
	unsigned long long b : 62;
	long long c : 7;
	short last;
};

KEEP long workload_shapes(const struct shapes *shapes, const struct packed *packed, long colour)
{
	// All of both is read, as far as the compiler knows: it must store all of it.
	__asm__ volatile("" : : "r"(shapes), "r"(packed) : "memory");
	sink += shapes->low + packed->tag + colour;
	return sink;
}

static void die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long long ms_of(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

struct words {
	int count;
	char **word;
};

static const char *take(struct words *words)
{
	if (words->count == 0) {
		fprintf(stderr, "workload: an argument is missing\n");
		exit(2);
	}
	words->count--;
	return *words->word++;
}

static long number(struct words *words)
{
	return strtol(take(words), NULL, 0);
}

static void act(struct words words);

static void *act_in_thread(void *words)
{
	act(*(struct words *)words);
	return NULL;
}

static void transfer(struct words *words, int writing)
{
	long count = number(words), size = number(words);
	char *buffer = calloc(1, size ? size : 1);
	int fd = open(writing ? "/dev/null" : "/dev/zero", writing ? O_WRONLY : O_RDONLY);
	if (!buffer || fd < 0)
		die("transfer");
	for (long i = 0; i < count; i++)
		if ((writing ? write(fd, buffer, size) : read(fd, buffer, size)) != size)
			die("transfer");
	free(buffer);
	close(fd);
}

/* A path of 108 bytes fills its array, and no NUL ends it. */
static void connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strnlen(path, sizeof(address.sun_path));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	memcpy(address.sun_path, path, length);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		die("connect");
	close(fd);
}

static void touch(long pages)
{
	long size = sysconf(_SC_PAGESIZE);
	volatile char *memory = mmap(NULL, pages * size, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("touch");
	// A huge page would be one fault.
	madvise((void *)memory, pages * size, MADV_NOHUGEPAGE);
	for (long i = 0; i < pages; i++)
		memory[i * size] = 1;
	munmap((void *)memory, pages * size);
}

static void act(struct words words)
{
	while (words.count > 0) {
		const char *action = take(&words);
		if (!strcmp(action, "--")) {
			continue;
		} else if (!strcmp(action, "comm")) {
			prctl(PR_SET_NAME, take(&words));
		} else if (!strcmp(action, "read")) {
			transfer(&words, 0);
		} else if (!strcmp(action, "write")) {
			transfer(&words, 1);
		} else if (!strcmp(action, "writetext")) {
			long count = number(&words);
			const char *text = take(&words);
			int fd = open("/dev/null", O_WRONLY);
			for (long i = 0; i < count; i++)
				if (write(fd, text, strlen(text)) < 0)
					die("writetext");
			close(fd);
		} else if (!strcmp(action, "open")) {
			long count = number(&words);
			const char *path = take(&words);
			for (long i = 0; i < count; i++) {
				int fd = openat(AT_FDCWD, path, O_RDONLY);
				if (fd >= 0)
					close(fd);
			}
		} else if (!strcmp(action, "oldopen")) {
			long count = number(&words);
			const char *path = take(&words);
			for (long i = 0; i < count; i++) {
#ifdef SYS_open
				int fd = syscall(SYS_open, path, O_RDONLY);
#else
				int fd = openat(AT_FDCWD, path, O_RDONLY);
#endif
				if (fd >= 0)
					close(fd);
			}
		} else if (!strcmp(action, "connect")) {
			connect_to(take(&words));
		} else if (!strcmp(action, "close")) {
			for (long i = number(&words); i > 0; i--)
				close(NOBODYS);
		} else if (!strcmp(action, "getppid")) {
			for (long i = number(&words); i > 0; i--)
				syscall(SYS_getppid);
		} else if (!strcmp(action, "call")) {
			long count = number(&words), a = number(&words), b = number(&words);
			for (long i = 0; i < count; i++)
				workload_target(a + i, b);
		} else if (!strcmp(action, "touch")) {
			touch(number(&words));
		} else if (!strcmp(action, "poke")) {
			for (long i = number(&words); i > 0; i--)
				workload_watched[0] = (int)i;
		} else if (!strcmp(action, "peek")) {
			for (long i = number(&words); i > 0; i--)
				(void)workload_watched[0];
		} else if (!strcmp(action, "watched")) {
			printf("%p\n", (void *)workload_watched);
		} else if (!strcmp(action, "breakpoint")) {
			count_breakpoints(number(&words));
		} else if (!strcmp(action, "text")) {
			char *list[] = {"one", "two", "three", NULL};
			workload_text(take(&words), list);
		} else if (!strcmp(action, "pattern")) {
			show_pattern();
		} else if (!strcmp(action, "shapes")) {
			struct shapes next = {.name = "second", .first = 42};
			struct shapes shapes = {
				.name = "first",
				.full = {'f', 'u', 'l', 'l'},
				.low = 5,
				.middle = 1234,
				.negative = -7,
				.colour = BLUE,
				.point = {-3, 4},
				.word = 0x01020304,
				.first = -1,
				.second = 1L << 40,
				.text = "pointed to",
				.next = &next,
				.numbers = {10, 20, 30},
				.colours = {GREEN, RED},
			};
			struct packed packed = {'p', -123456, 5, 0x123456789abcdefULL, -33, -2};
			for (long i = number(&words); i > 0; i--)
				workload_shapes(&shapes, &packed, GREEN);
		} else if (!strcmp(action, "stack")) {
			for (long i = number(&words); i > 0; i--)
				workload_outer();
		} else if (!strcmp(action, "fork")) {
			for (long i = number(&words); i > 0; i--) {
				pid_t pid = fork();
				if (pid < 0)
					die("fork");
				if (pid == 0) {
					act(words);
					_exit(0);
				}
				waitpid(pid, NULL, 0);
			}
			return;
		} else if (!strcmp(action, "threads")) {
			long count = number(&words);
			pthread_t threads[64];
			for (long i = 0; i < count && i < 64; i++)
				if (pthread_create(&threads[i], NULL, act_in_thread, &words))
					die("thread");
			for (long i = 0; i < count && i < 64; i++)
				pthread_join(threads[i], NULL);
			return;
		} else if (!strcmp(action, "spin")) {
			for (long long end = ms_of(CLOCK_PROCESS_CPUTIME_ID) + number(&words);
			     ms_of(CLOCK_PROCESS_CPUTIME_ID) < end;)
				for (int i = 0; i < 100000; i++)
					sink++;
		} else if (!strcmp(action, "storm")) {
			for (long long end = ms_of(CLOCK_MONOTONIC) + number(&words);
			     ms_of(CLOCK_MONOTONIC) < end;)
				for (int i = 0; i < 1000; i++)
					syscall(SYS_getppid);
		} else if (!strcmp(action, "sleep")) {
			usleep(number(&words) * 1000);
		} else if (!strcmp(action, "await")) {
			const char *path = take(&words);
			// Nobody makes it where a test failed before.
			for (int left = 60000; access(path, F_OK) != 0; usleep(1000))
				if (left-- == 0)
					die(path);
		} else if (!strcmp(action, "repeat")) {
			for (long count = number(&words); count > 0; count--)
				act(words);
			return;
		} else if (!strcmp(action, "pin")) {
			cpu_set_t set;
			CPU_ZERO(&set);
			CPU_SET(number(&words), &set);
			if (sched_setaffinity(0, sizeof(set), &set) != 0)
				die("pin");
		} else if (!strcmp(action, "pid")) {
			printf("%d\n", getpid());
			fflush(stdout);
		} else {
			fprintf(stderr, "workload: unknown action %s\n", action);
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	act((struct words){argc - 1, argv + 1});
	return 0;
}
