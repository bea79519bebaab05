/* Which system calls come through the filter: its program is run here, over all calls that there
 * are. */
#include "host/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "check.h"
#include "host/syscalls.h"

#ifdef __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* What was installed last. */
static struct sock_filter code[4096];
static size_t count;

int prctl(int option, ...)
{
	const struct sock_fprog *program;
	va_list arguments;

	va_start(arguments, option);
	CHECK(option == PR_SET_SECCOMP && va_arg(arguments, int) == SECCOMP_MODE_FILTER);
	program = va_arg(arguments, const struct sock_fprog *);
	va_end(arguments);
	errno = EFAULT;
	if (!program)
		return -1;
	count = program->len;
	CHECK(count > 0 && count <= sizeof(code) / sizeof(*code));
	memcpy(code, program->filter, count * sizeof(*code));
	return 0;
}

/* As the kernel runs it (kernel/seccomp.c, and the steps of man 2 bpf that the filter has). */
static uint32_t answer(const struct seccomp_data *data)
{
	uint32_t value = 0;

	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *step = &code[i];

		switch (step->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&value, (const char *)data + step->k, sizeof(value));
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += value == step->k ? step->jt : step->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			i += value >= step->k ? step->jt : step->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			i += value & step->k ? step->jt : step->jf;
			break;
		case BPF_RET | BPF_K:
			return step->k;
		default:
			CHECK(false);
			return 0;
		}
	}
	CHECK(false);
	return 0;
}

static void install(uint32_t needs)
{
	CHECK(syscall_filter_install(needs) == 0);
}

static uint32_t answer_to(int number, size_t argument, uint64_t value)
{
	struct seccomp_data data = {.nr = number, .arch = ARCHITECTURE};

	/* The kernel takes its lower half alone of these. */
	data.args[argument] = value | UINT64_C(0xabcd) << 32;
	return answer(&data);
}

static bool allows(int number, size_t argument, uint64_t value)
{
	return answer_to(number, argument, value) == SECCOMP_RET_ALLOW;
}

/* What sanitizers need is let through in their build. */
static bool is_of_sanitizers(const char *name)
{
	static const char *const names[] = {"clone",	"ptrace",   "prctl",	  "sigaltstack",
					    "mmap",	"openat",   "readlinkat", "getdents64",
					    "kill",	"open",	    "readlink",	  "newstat",
					    "newlstat", "getdents", "sched_yield"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Those that come through whatever their arguments, but for what sanitizers need. */
static void expect_calls(uint32_t needs, const char *expected)
{
	struct strbuf text = {0};

	install(needs);
	for (uint32_t i = 0; i < syscall_name_count; i++) {
		const struct syscall_name *call = &syscall_names[i];

		if (is_of_sanitizers(call->name) || !allows((int)call->number, 0, 0) ||
		    !allows((int)call->number, 0, UINT32_MAX))
			continue;
		strbuf_text(&text, call->name);
		strbuf_char(&text, ' ');
	}
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

#ifdef __x86_64__
#define ALWAYS_FIRST                                                                             \
	"brk clock_getres clock_gettime clock_nanosleep close epoll_ctl epoll_pwait epoll_wait " \
	"exit exit_group "
#define ALWAYS_THEN                                                                                \
	"fcntl fsync futex geteuid getpid getppid getrandom getrusage gettid gettimeofday getuid " \
	"lseek madvise membarrier mprotect mremap munmap nanosleep newfstat newfstatat newuname "  \
	"poll ppoll pread64 prlimit64 read readv recvfrom "
#define ALWAYS_LAST                                                                               \
	"restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity sendto " \
	"set_robust_list setitimer "
#define ALWAYS_END "sysinfo tgkill timerfd_create timerfd_settime wait4 write writev "
#else
#define ALWAYS_FIRST \
	"brk clock_getres clock_gettime clock_nanosleep close epoll_ctl epoll_pwait exit exit_group "
#define ALWAYS_THEN                                                                                \
	"fcntl fsync futex geteuid getpid getppid getrandom getrusage gettid gettimeofday getuid " \
	"lseek madvise membarrier mprotect mremap munmap nanosleep newfstat newfstatat newuname "  \
	"ppoll pread64 prlimit64 read readv recvfrom "
#define ALWAYS_LAST                                                                               \
	"restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity sendto " \
	"set_robust_list setitimer "
#define ALWAYS_END "sysinfo tgkill timerfd_create timerfd_settime wait4 write writev "
#endif

static void calls_by_what_is_needed(void)
{
#ifdef __x86_64__
#define RENAMES "rename renameat renameat2 "
#define UNLINKS "unlink unlinkat "
#else
#define RENAMES "renameat renameat2 "
#define UNLINKS "unlinkat "
#endif
	expect_calls(0, ALWAYS_FIRST ALWAYS_THEN ALWAYS_LAST ALWAYS_END);
	expect_calls(NEED_PROGRAMS | NEED_ITERATOR | NEED_KILL | NEED_OUTPUT | NEED_SCREEN,
		     ALWAYS_FIRST ALWAYS_THEN ALWAYS_LAST ALWAYS_END);
	expect_calls(NEED_FILES,
		     ALWAYS_FIRST "faccessat faccessat2 " ALWAYS_THEN ALWAYS_LAST ALWAYS_END);
	expect_calls(NEED_FOLDERS, ALWAYS_FIRST "faccessat faccessat2 fcntl fstatfs "
						"fsync futex geteuid getpid getppid getrandom "
						"getrusage gettid gettimeofday getuid lseek "
						"madvise membarrier mprotect mremap munmap "
						"nanosleep newfstat newfstatat newuname openat2 "
#ifdef __x86_64__
						"poll "
#endif
						"ppoll pread64 prlimit64 read readv "
						"recvfrom " ALWAYS_LAST ALWAYS_END);
	expect_calls(NEED_REPLACE, ALWAYS_FIRST ALWAYS_THEN RENAMES ALWAYS_LAST
		     "sysinfo tgkill timerfd_create timerfd_settime " UNLINKS
		     "wait4 write writev ");
	expect_calls(NEED_CLIENTS,
		     "accept4 " ALWAYS_FIRST ALWAYS_THEN ALWAYS_LAST "shutdown " ALWAYS_END);
}

/* Numbers of commands that come through. */
static void expect_commands(uint32_t needs, int number, size_t argument, const char *expected)
{
	struct strbuf text = {0};

	install(needs);
	for (uint64_t value = 0; value < 64; value++)
		if (allows(number, argument, value)) {
			strbuf_u64(&text, value);
			strbuf_char(&text, ' ');
		}
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
	CHECK(!allows(number, argument, UINT32_MAX));
}

/* Numbers of enum bpf_cmd (include/uapi/linux/bpf.h). */
static void commands(void)
{
	expect_commands(0, SYS_bpf, 0, "1 2 3 4 15 21 24 25 26 27 34 ");
	expect_commands(NEED_PROGRAMS, SYS_bpf, 0, "1 2 3 4 10 15 21 24 25 26 27 34 ");
	expect_commands(NEED_ITERATOR, SYS_bpf, 0, "1 2 3 4 15 21 24 25 26 27 33 34 ");
}

static void arguments(void)
{
	install(0);
	CHECK(allows(SYS_mprotect, 2, PROT_READ | PROT_WRITE));
	CHECK(!allows(SYS_mprotect, 2, PROT_EXEC) && !allows(SYS_mprotect, 2, 7));
	CHECK(allows(SYS_ioctl, 1, TCGETS) && allows(SYS_ioctl, 1, TIOCGWINSZ));
	CHECK(allows(SYS_ioctl, 1, PERF_EVENT_IOC_DISABLE));
	CHECK(!allows(SYS_ioctl, 1, PERF_EVENT_IOC_ENABLE) && !allows(SYS_ioctl, 1, TCSETS));
	CHECK(!allows(SYS_ioctl, 1, TIOCGPGRP) && !allows(SYS_ioctl, 1, TIOCSTI));
	install(NEED_SCREEN);
	CHECK(allows(SYS_ioctl, 1, TCSETS) && allows(SYS_ioctl, 1, TIOCGPGRP));
	CHECK(!allows(SYS_ioctl, 1, TIOCSTI));
}

static void what_never_comes_through(void)
{
	struct seccomp_data data = {.nr = SYS_read, .arch = ARCHITECTURE ^ 1};
	uint32_t refused;

	install(UINT32_MAX);
	refused = answer(&data);
	CHECK(refused == SECCOMP_RET_KILL_PROCESS || refused == (SECCOMP_RET_ERRNO | EPERM));
	CHECK(answer_to(SYS_execve, 0, 0) == refused && answer_to(SYS_socket, 0, 0) == refused);
	CHECK(answer_to(100000, 0, 0) == refused);
	/* The C library takes clone instead. */
	CHECK(answer_to(SYS_clone3, 0, 0) == (SECCOMP_RET_ERRNO | ENOSYS));
#ifdef __x86_64__
	/* Of the x32 ABI. */
	CHECK(answer_to(SYS_read | 0x40000000, 0, 0) == refused);
	CHECK(answer_to(SYS_read | 0x3fffffff, 0, 0) == refused);
#endif
	CHECK(syscall_filter_is_there());
}

/* One system call has several rows, and counts once. */
static void how_many(void)
{
	CHECK(syscall_filter_count(NEED_CLIENTS) == syscall_filter_count(0) + 2);
	CHECK(syscall_filter_count(NEED_PROGRAMS | NEED_SCREEN) == syscall_filter_count(0));
	CHECK(syscall_filter_count(NEED_KILL) == syscall_filter_count(0) + 1);
}

int main(void)
{
	calls_by_what_is_needed();
	commands();
	arguments();
	what_never_comes_through();
	how_many();
	return check_result("syscall_filter");
}
