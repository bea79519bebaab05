/* Which system calls come through the filter of the loader that is installed: its program is run
 * here, over all calls that there are. What sanitizers need is let through in their build alone. */
#undef __SANITIZE_ADDRESS__
#include "host/syscall_filter.c"

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

/* Of other architectures than this one these are not there. */
#ifdef __x86_64__
#define OLD(names) names
#else
#define OLD(names) ""
#endif

/* Whether it comes through where its first argument is nothing, and where it is everything. */
static bool comes_through(const struct syscall_name *call)
{
	return allows((int)call->number, 0, 0) && allows((int)call->number, 0, UINT32_MAX);
}

/* Those that come through with these needs, and not with none. */
static void expect_calls(uint32_t needs, const char *expected)
{
	struct strbuf text = {0};

	for (uint32_t i = 0; i < syscall_name_count; i++) {
		bool is_known = false;

		install(0);
		is_known = needs && comes_through(&syscall_names[i]);
		install(needs);
		CHECK(!is_known || comes_through(&syscall_names[i]));
		if (is_known || !comes_through(&syscall_names[i]))
			continue;
		strbuf_text(&text, syscall_names[i].name);
		strbuf_char(&text, ' ');
	}
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

static void calls_by_what_is_needed(void)
{
	expect_calls(
		0,
		"brk clock_getres clock_gettime clock_nanosleep close epoll_ctl "
		"epoll_pwait " OLD(
			"epoll_wait ") "exit exit_group fcntl fsync futex "
				       "geteuid getpid getppid getrandom getrusage gettid gettimeofday getuid "
				       "lseek madvise membarrier mmap mprotect mremap munmap nanosleep newfstat "
				       "newfstatat newuname " OLD(
					       "poll ") "ppoll pread64 prlimit64 read readv "
							"recvfrom restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn "
							"sched_getaffinity sendto set_robust_list setitimer sysinfo tgkill "
							"timerfd_create timerfd_settime wait4 write writev ");
	expect_calls(NEED_FILES,
		     "faccessat faccessat2 " OLD("open ") "openat " OLD("readlink ") "readlinkat ");
	expect_calls(NEED_FOLDERS,
		     "faccessat faccessat2 fstatfs getdents64 " OLD("open ") "openat openat2 " OLD(
			     "readlink ") "readlinkat ");
	expect_calls(NEED_PROGRAMS | NEED_ITERATOR | NEED_SCREEN, "");
	expect_calls(NEED_KILL, "kill ");
	expect_calls(NEED_OUTPUT, OLD("open ") "openat ");
	expect_calls(NEED_REPLACE, OLD("open ") "openat " OLD("rename ") "renameat renameat2 " OLD(
					   "unlink ") "unlinkat ");
	expect_calls(NEED_CLIENTS, "accept4 shutdown ");
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
	CHECK(allows(SYS_mmap, 2, PROT_READ | PROT_WRITE) && !allows(SYS_mmap, 2, PROT_EXEC));
	CHECK(allows(SYS_prctl, 0, PR_SET_PDEATHSIG) && !allows(SYS_prctl, 0, PR_SET_DUMPABLE));
	CHECK(allows(SYS_clone, 0, SIGCHLD) && allows(SYS_clone, 0, THREAD_FLAGS));
	CHECK(!allows(SYS_clone, 0, 0) && !allows(SYS_clone, 0, THREAD_FLAGS & ~CLONE_THREAD));
	install(NEED_FILES);
	CHECK(allows(SYS_openat, 2, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	CHECK(!allows(SYS_openat, 2, O_WRONLY) && !allows(SYS_openat, 2, O_RDWR));
	CHECK(!allows(SYS_openat, 2, O_CREAT) && !allows(SYS_openat, 2, O_TRUNC));
	install(NEED_OUTPUT);
	CHECK(allows(SYS_openat, 2, O_WRONLY | O_CREAT | O_TRUNC));
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
	CHECK(refused == (SECCOMP_RET_ERRNO | EPERM));
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
