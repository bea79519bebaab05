/* What systemd is told, and what it asks for. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "run/notify.h"

/* A manager's socket; its address is `address`, of so many bytes behind the family. */
static int listen_at(const char *address, size_t length)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(name.sun_path, address, length);
	CHECK(bind(fd, (struct sockaddr *)&name, (socklen_t)(sizeof(sa_family_t) + length)) == 0);
	return fd;
}

static void expect_message(int fd, const char *expected)
{
	char text[64];
	ssize_t got = recv(fd, text, sizeof(text) - 1, 0);

	text[got < 0 ? 0 : got] = '\0';
	if (!CHECK(strcmp(text, expected) == 0))
		fprintf(stderr, "  got: %s\n", text);
}

/* A process knows one manager: each has its own. False: a check failed there. */
static bool in_process(void (*test)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		checks_failed = 0;
		unsetenv("NOTIFY_SOCKET");
		unsetenv("WATCHDOG_PID");
		unsetenv("WATCHDOG_USEC");
		test();
		_exit(checks_failed != 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void with_an_abstract_name(void)
{
	int fd = listen_at("\0bpfload-test-notify", 20);

	setenv("NOTIFY_SOCKET", "@bpfload-test-notify", 1);
	notify_open();
	notify_manager("READY=1");
	expect_message(fd, "READY=1");
	notify_manager("STOPPING=1");
	expect_message(fd, "STOPPING=1");
}

static void with_a_path(void)
{
	char folder[] = "/tmp/bpfload-test-XXXXXX", path[64];
	int fd;

	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/socket", folder);
	fd = listen_at(path, strlen(path));
	setenv("NOTIFY_SOCKET", path, 1);
	notify_open();
	/* A manager that starts anew makes a new socket. */
	unlink(path);
	close(fd);
	notify_manager("LOST=1");
	fd = listen_at(path, strlen(path));
	notify_manager("READY=1");
	expect_message(fd, "READY=1");
	unlink(path);
	rmdir(folder);
}

static void without_one(void)
{
	setenv("WATCHDOG_USEC", "1000", 1);
	notify_open();
	notify_manager("READY=1");
	CHECK(notify_watchdog() == 0);
}

static void with_what_is_no_name(void)
{
	static const char *const names[] = {"", "/", "@", "relative", "vsock:2:1234", NULL};
	char longest[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];

	setenv("WATCHDOG_USEC", "1000", 1);
	for (const char *const *name = names; *name; name++) {
		setenv("NOTIFY_SOCKET", *name, 1);
		notify_open();
		CHECK(notify_watchdog() == 0);
	}
	memset(longest, '/', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	notify_open();
	CHECK(notify_watchdog() == 0);
	/* One byte less than there is room for: the address needs no NUL, but ours has one. */
	longest[sizeof(longest) - 2] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	notify_open();
	CHECK(notify_watchdog() == 1000);
}

static void expect_watchdog(const char *text, uint64_t expected)
{
	setenv("WATCHDOG_USEC", text, 1);
	if (!CHECK(notify_watchdog() == expected))
		fprintf(stderr, "  %s: %llu\n", text, (unsigned long long)notify_watchdog());
}

static void with_a_watchdog(void)
{
	char own[16], parent[16];

	setenv("NOTIFY_SOCKET", "@bpfload-test-nobody", 1);
	notify_open();
	CHECK(notify_watchdog() == 0);
	expect_watchdog("30000000", 30000000);
	expect_watchdog("9", 9);
	expect_watchdog("0", 0);
	expect_watchdog("", 0);
	expect_watchdog("-1", 0);
	expect_watchdog(":", 0);
	expect_watchdog("5s", 0);
	expect_watchdog("18446744073709551615", UINT64_MAX);
	expect_watchdog("18446744073709551616", 0);
	expect_watchdog("7", 7);
	/* It is meant for somebody else. */
	snprintf(own, sizeof(own), "%d", getpid());
	snprintf(parent, sizeof(parent), "%d", getppid());
	setenv("WATCHDOG_PID", parent, 1);
	CHECK(notify_watchdog() == 0);
	setenv("WATCHDOG_PID", own, 1);
	CHECK(notify_watchdog() == 7);
}

int main(void)
{
	CHECK(in_process(with_an_abstract_name));
	CHECK(in_process(with_a_path));
	CHECK(in_process(without_one));
	CHECK(in_process(with_what_is_no_name));
	CHECK(in_process(with_a_watchdog));
	return check_result("notify");
}
