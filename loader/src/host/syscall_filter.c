#include "host/syscall_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <errno.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
/* Numbers of the x32 ABI begin there (arch/x86/include/uapi/asm/unistd.h). */
#define NUMBER_LIMIT 0x40000000
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define NUMBER_LIMIT UINT32_MAX
#endif

/* In a build that tests itself, a call that the table lacks ends the process: tests see it. */
#ifdef __SANITIZE_ADDRESS__
#define REFUSED SECCOMP_RET_KILL_PROCESS
#else
#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
#endif

/* What is looked at in an argument's lower half: all of these are ints to the kernel. */
enum test {
	ANYTHING,
	/* It is `value`. */
	IS,
	/* None of these bits is set. */
	HAS_NONE,
};

struct row {
	uint32_t number;
	/* Bits of enum syscall_need, any of which will do; 0: it is let through always. */
	uint32_t needs;
	enum test test;
	uint32_t argument, value;
};

#define CALL(name)                            \
	{                                     \
		SYS_##name, 0, ANYTHING, 0, 0 \
	}
#define NEEDED(name, needs)                       \
	{                                         \
		SYS_##name, needs, ANYTHING, 0, 0 \
	}
#define BPF_COMMAND(command)               \
	{                                  \
		SYS_bpf, 0, IS, 0, command \
	}
/* How the C library begins a thread. */
#define THREAD_FLAGS                                                                        \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define WRITES (O_ACCMODE | O_CREAT | O_TRUNC)

/* What comes often comes first. */
static const struct row rows[] = {
	/* Waiting. */
	CALL(read),
	CALL(epoll_pwait),
	CALL(timerfd_settime),
	CALL(write),
	CALL(ppoll),
#ifdef SYS_epoll_wait
	CALL(epoll_wait),
	CALL(poll),
#endif
	CALL(epoll_ctl),
	CALL(timerfd_create),
	CALL(restart_syscall),
	CALL(clock_gettime),
	CALL(clock_getres),
	CALL(clock_nanosleep),
	CALL(nanosleep),
	CALL(gettimeofday),
	/* Maps, their programs' figures, and the end of links. */
	BPF_COMMAND(BPF_MAP_LOOKUP_ELEM),
	BPF_COMMAND(BPF_MAP_UPDATE_ELEM),
	BPF_COMMAND(BPF_MAP_DELETE_ELEM),
	BPF_COMMAND(BPF_MAP_GET_NEXT_KEY),
	BPF_COMMAND(BPF_MAP_LOOKUP_AND_DELETE_ELEM),
	BPF_COMMAND(BPF_MAP_LOOKUP_BATCH),
	BPF_COMMAND(BPF_MAP_LOOKUP_AND_DELETE_BATCH),
	BPF_COMMAND(BPF_MAP_UPDATE_BATCH),
	BPF_COMMAND(BPF_MAP_DELETE_BATCH),
	BPF_COMMAND(BPF_OBJ_GET_INFO_BY_FD),
	BPF_COMMAND(BPF_LINK_DETACH),
	{SYS_bpf, NEED_PROGRAMS, IS, 0, BPF_PROG_TEST_RUN},
	{SYS_bpf, NEED_ITERATOR, IS, 0, BPF_ITER_CREATE},
	/* Memory, none of which is executed. */
	CALL(brk),
	{SYS_mmap, 0, HAS_NONE, 2, PROT_EXEC},
	{SYS_mprotect, 0, HAS_NONE, 2, PROT_EXEC},
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	CALL(futex),
	/* Files that are open, and what is known of files by name. */
	CALL(close),
	CALL(pread64),
	CALL(readv),
	CALL(writev),
	CALL(lseek),
	CALL(fstat),
	CALL(newfstatat),
	CALL(fcntl),
	CALL(fsync),
	{SYS_ioctl, 0, IS, 1, TCGETS},
	{SYS_ioctl, 0, IS, 1, TIOCGWINSZ},
	{SYS_ioctl, 0, IS, 1, PERF_EVENT_IOC_DISABLE},
	{SYS_ioctl, NEED_SCREEN, IS, 1, TCSETS},
	{SYS_ioctl, NEED_SCREEN, IS, 1, TIOCGPGRP},
	/* The end of probes (attach/release.c): threads, and a process that nobody waits for. */
	{SYS_clone, 0, IS, 0, THREAD_FLAGS},
	{SYS_clone, 0, IS, 0, SIGCHLD},
	{SYS_prctl, 0, IS, 0, PR_SET_PDEATHSIG},
	CALL(getppid),
	CALL(membarrier),
	CALL(set_robust_list),
	CALL(rseq),
	/* Signals, and the end. */
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(setitimer),
	CALL(wait4),
	CALL(tgkill),
	CALL(exit),
	CALL(exit_group),
	/* Who and where we are. */
	CALL(getpid),
	CALL(gettid),
	CALL(getuid),
	CALL(geteuid),
	CALL(getrusage),
	CALL(sysinfo),
	CALL(uname),
	CALL(prlimit64),
	CALL(sched_getaffinity),
	CALL(getrandom),
	/* A datagram for the service manager. */
	CALL(sendto),
	/* -c: whether its command could start. */
	CALL(recvfrom),

	{SYS_openat, NEED_FILES | NEED_FOLDERS, HAS_NONE, 2, WRITES},
#ifdef SYS_open
	{SYS_open, NEED_FILES | NEED_FOLDERS, HAS_NONE, 1, WRITES},
#endif
	/* What it opens with stands in memory, which a filter does not see. */
	NEEDED(openat2, NEED_FOLDERS),
	NEEDED(readlinkat, NEED_FILES | NEED_FOLDERS),
#ifdef SYS_readlink
	NEEDED(readlink, NEED_FILES | NEED_FOLDERS),
#endif
	NEEDED(faccessat, NEED_FILES | NEED_FOLDERS),
	NEEDED(faccessat2, NEED_FILES | NEED_FOLDERS),
	NEEDED(getdents64, NEED_FOLDERS),
	NEEDED(fstatfs, NEED_FOLDERS),
	NEEDED(kill, NEED_KILL),
	NEEDED(openat, NEED_OUTPUT | NEED_REPLACE),
#ifdef SYS_open
	NEEDED(open, NEED_OUTPUT | NEED_REPLACE),
#endif
	NEEDED(renameat, NEED_REPLACE),
	NEEDED(renameat2, NEED_REPLACE),
	NEEDED(unlinkat, NEED_REPLACE),
#ifdef SYS_rename
	NEEDED(rename, NEED_REPLACE),
	NEEDED(unlink, NEED_REPLACE),
#endif
	NEEDED(accept4, NEED_CLIENTS),
	NEEDED(shutdown, NEED_CLIENTS),
#ifdef __SANITIZE_ADDRESS__
	/* The search for leaks at the end, by another thread. */
	CALL(clone),
	CALL(ptrace),
	CALL(prctl),
	CALL(sigaltstack),
	CALL(sched_yield),
	CALL(openat),
	CALL(readlinkat),
	CALL(getdents64),
	CALL(kill),
#ifdef SYS_open
	CALL(open),
	CALL(readlink),
	CALL(stat),
	CALL(lstat),
	CALL(getdents),
#endif
	{SYS_mmap, 0, ANYTHING, 0, 0},
#endif
};

#define ROW_COUNT (sizeof(rows) / sizeof(*rows))
/* Of each row, and of the whole. */
#define MOST_STEPS 6
#define FRAME_STEPS 9

struct code {
	struct sock_filter steps[ROW_COUNT * MOST_STEPS + FRAME_STEPS];
	uint16_t count;
};

static void put(struct code *code, uint16_t operation, uint32_t value, uint8_t yes, uint8_t no)
{
	code->steps[code->count++] = (struct sock_filter){operation, yes, no, value};
}

static void load(struct code *code, size_t offset)
{
	put(code, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Begins, and goes on, with the call's number loaded. */
static void put_row(struct code *code, const struct row *row)
{
	/* Both architectures are little-endian: the lower half comes first. */
	size_t argument = offsetof(struct seccomp_data, args) + row->argument * sizeof(uint64_t);

	if (row->test == ANYTHING) {
		put(code, BPF_JMP | BPF_JEQ | BPF_K, row->number, 0, 1);
		put(code, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		return;
	}
	put(code, BPF_JMP | BPF_JEQ | BPF_K, row->number, 0, 4);
	load(code, argument);
	if (row->test == IS)
		put(code, BPF_JMP | BPF_JEQ | BPF_K, row->value, 0, 1);
	else
		put(code, BPF_JMP | BPF_JSET | BPF_K, row->value, 1, 0);
	put(code, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	load(code, offsetof(struct seccomp_data, nr));
}

static bool is_needed(const struct row *row, uint32_t needs)
{
	return !row->needs || (row->needs & needs);
}

int syscall_filter_install(uint32_t needs)
{
	struct code code = {.count = 0};
	struct sock_fprog program;

	load(&code, offsetof(struct seccomp_data, arch));
	put(&code, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	put(&code, BPF_RET | BPF_K, REFUSED, 0, 0);
	load(&code, offsetof(struct seccomp_data, nr));
	put(&code, BPF_JMP | BPF_JGE | BPF_K, NUMBER_LIMIT, 0, 1);
	put(&code, BPF_RET | BPF_K, REFUSED, 0, 0);
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (is_needed(&rows[i], needs))
			put_row(&code, &rows[i]);
	/* Its flags stand in memory: the C library takes clone where it is not there. */
	put(&code, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	put(&code, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
	put(&code, BPF_RET | BPF_K, REFUSED, 0, 0);
	program = (struct sock_fprog){code.count, code.steps};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

bool syscall_filter_is_there(void)
{
	/* A filter that is nowhere (man 2 seccomp). */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) != 0 && errno == EFAULT;
}

uint32_t syscall_filter_count(uint32_t needs)
{
	uint32_t count = 0;

	for (size_t i = 0; i < ROW_COUNT; i++)
		count += is_needed(&rows[i], needs) &&
			 (i == 0 || rows[i].number != rows[i - 1].number ||
			  !is_needed(&rows[i - 1], needs));
	return count;
}
