/* What is left after the loader has given up its rights: each in a process of its own. */
#include "host/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "host/syscall_filter.h"

/* How a process ends that a call was refused to: this build is one that tests itself. */
#define KILLED SIGSYS

static long opens(const char *path, int flags)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, flags, 0600);

	return fd < 0 ? -1 : 0;
}

static long asks_bpf(int command)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.map_fd = UINT32_MAX;
	return syscall(SYS_bpf, command, &attributes, sizeof(attributes));
}

static long maps(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

enum call {
	WRITE,
	READ_BACK,
	MAP_LOOKUP,
	PROG_LOAD,
	TEST_RUN,
	ITERATOR,
	SOCKET,
	EXEC,
	DATA,
	OPENAT2,
	SETUID
};

static long make(enum call call)
{
	switch (call) {
	case WRITE:
		return opens("/tmp/bpfload-test-never-made", O_WRONLY | O_CREAT);
	case READ_BACK:
		return opens("/dev/null", O_RDONLY);
	case MAP_LOOKUP:
		return asks_bpf(BPF_MAP_LOOKUP_ELEM);
	case PROG_LOAD:
		return asks_bpf(BPF_PROG_LOAD);
	case TEST_RUN:
		return asks_bpf(BPF_PROG_TEST_RUN);
	case ITERATOR:
		return asks_bpf(BPF_ITER_CREATE);
	case SOCKET:
		return syscall(SYS_socket, 1, 2, 0);
	case EXEC:
		return syscall(SYS_execve, "/bin/true", NULL, NULL);
	case DATA:
		return maps(PROT_READ | PROT_WRITE);
	case OPENAT2:
		return syscall(SYS_openat2, AT_FDCWD, "/", NULL, 0);
	case SETUID:
		return syscall(SYS_setuid, 0);
	}
	return -1;
}

/* Whether a call comes through a filter for these needs. */
static bool comes_through(uint32_t needs, enum call call)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (syscall_filter_install(needs) != 0)
			_exit(1);
		make(call);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == KILLED);
	return WIFEXITED(status);
}

static void check_filter(void)
{
	static const enum call never[] = {PROG_LOAD, SOCKET, EXEC, SETUID};
	const uint32_t everything =
		NEED_FILES | NEED_FOLDERS | NEED_PROGRAMS | NEED_ITERATOR | NEED_KILL;

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		CHECK(!comes_through(0, never[i]));
		CHECK(!comes_through(everything, never[i]));
	}
	CHECK(comes_through(0, MAP_LOOKUP));
	CHECK(comes_through(0, DATA));
	CHECK(!comes_through(0, TEST_RUN));
	CHECK(comes_through(NEED_PROGRAMS, TEST_RUN));
	CHECK(!comes_through(NEED_PROGRAMS, ITERATOR));
	CHECK(comes_through(NEED_ITERATOR, ITERATOR));
	CHECK(!comes_through(NEED_FILES, OPENAT2));
	CHECK(comes_through(NEED_FOLDERS, OPENAT2));
	CHECK(comes_through(NEED_FILES, READ_BACK));
	CHECK(syscall_filter_count(everything) > syscall_filter_count(0));
	CHECK(syscall_filter_is_there());
}

/* What a process holds after giving up all but one. */
static void check_drop(void)
{
	const uint64_t kept = UINT64_C(1) << CAP_SYS_PTRACE;
	int status = 0;
	pid_t pid;

	if (geteuid() != 0)
		return;
	pid = fork();
	if (pid == 0) {
		struct user_account account;
		bool ok = user_account_find(&account, "nobody") && account.user == 65534 &&
			  privileges_drop(kept, &account) == 0;

		ok = ok && getuid() == 65534 && geteuid() == 65534 &&
		     privileges_effective() == kept && privileges_permitted() == kept &&
		     prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
		     prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0 && setuid(0) != 0;
		_exit(ok ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void check_accounts(void)
{
	struct user_account account;

	CHECK(user_account_find(&account, "root") && account.user == 0);
	free(account.groups);
	CHECK(user_account_find(&account, "0") && account.user == 0 && account.group == 0);
	free(account.groups);
	CHECK(!user_account_find(&account, "no such user"));
	CHECK(!user_account_find(&account, "0x0"));
	CHECK(!user_account_find(&account, ""));
	CHECK(!user_account_find(&account, "4294967295"));
}

static void check_names(void)
{
	struct strbuf text = {0};

	privileges_put(&text, 0);
	CHECK_TEXT(&text, "no capabilities");
	privileges_put(&text, UINT64_C(1) << CAP_BPF | UINT64_C(1) << CAP_SYSLOG | 1);
	CHECK_TEXT(&text, "CAP_CHOWN, CAP_SYSLOG, CAP_BPF");
	privileges_put(&text, UINT64_MAX);
	CHECK_TEXT(&text, "all capabilities");
	strbuf_free(&text);
}

int main(void)
{
	check_filter();
	check_drop();
	check_accounts();
	check_names();
	return check_result("privileges");
}
