/* The process of -c: words of its command, when it runs, and what is known of its end. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"
#include "run/child.h"

/* What the command prints, with its end in `child`. */
static void run(struct child *child, const char *command, struct strbuf *printed)
{
	struct failure failure = {0};
	struct pollfd ready;
	char chunk[256];
	ssize_t got;

	if (!CHECK(child_start(child, command, true, &failure) == STATUS_OK)) {
		fprintf(stderr, "  %s: %s\n", command, failure.text);
		return;
	}
	ready = (struct pollfd){.fd = child->printed, .events = POLLIN};
	/* Not before it is told. */
	CHECK(poll(&ready, 1, 20) == 0 && !child_has_ended(child));
	child_release(child);
	do {
		poll(&ready, 1, -1);
		got = read(child->printed, chunk, sizeof(chunk));
		if (got > 0)
			strbuf_put(printed, chunk, (size_t)got);
	} while (got > 0);
	close(child->printed);
}

/* Waits for its end without taking it. */
static void wait_for(const struct child *child)
{
	siginfo_t info;

	waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT);
}

static void expect(const char *command, const char *expected)
{
	struct strbuf printed = {0};
	struct child child;

	run(&child, command, &printed);
	CHECK_TEXT(&printed, expected);
	wait_for(&child);
	CHECK(child_has_ended(&child) && child_has_ended(&child));
	child_stop(&child);
	CHECK(!child_did_not_start(&child) && child.start == -1);
	strbuf_free(&printed);
}

static void test_words(void)
{
	expect("printf <%s> a", "<a>");
	expect(" \t\nprintf  <%s>\ta\nb ", "<a><b>");
	expect("printf <%s> 'a b' \"c d\" e' f'g", "<a b><c d><e fg>");
	expect("printf <%s> '' \"\"", "<><>");
	expect("printf <%s> \"it's\" 'say \"x\"'", "<it's><say \"x\">");
	expect("printf <%s> a\\ b \"c\\\"d\" 'e\\f' g\\", "<a b><c\"d><e\\f><g\\>");
	expect("/bin/echo -n x", "x");
	/* There is nothing to read. */
	expect("cat", "");
}

static void refuses(const char *command, int status, const char *why)
{
	struct failure failure = {0};
	struct child child;

	if (!CHECK(child_start(&child, command, false, &failure) == status) ||
	    !CHECK(strcmp(failure.text, why) == 0))
		fprintf(stderr, "  %s: %s\n", command, failure.text);
	CHECK(child.pid == 0 && child.start == -1);
	/* There is none: nothing to end. */
	child_release(&child);
	child_stop(&child);
	CHECK(!child_has_ended(&child));
}

static void test_commands_that_are_none(void)
{
	refuses("", STATUS_USAGE, "-c: '' is not a command.");
	refuses(" \t", STATUS_USAGE, "-c: ' \t' is not a command.");
	refuses("echo 'a", STATUS_USAGE, "-c: 'echo 'a' is not a command.");
	refuses("/none/there x", STATUS_FAILED,
		"-c: '/none/there' does not exist or is not executable.");
	refuses("/etc/passwd", STATUS_FAILED,
		"-c: '/etc/passwd' does not exist or is not executable.");
}

static void test_ends(void)
{
	struct failure failure = {0};
	struct strbuf printed = {0};
	struct child child;
	char path[] = "/tmp/bpfload-test-XXXXXX";
	int fd = mkstemp(path);

	/* One that goes on is told to end. */
	CHECK(child_start(&child, "sleep 1000", true, &failure) == STATUS_OK);
	child_release(&child);
	CHECK(!child_has_ended(&child));
	child_stop(&child);
	CHECK(child.ended && kill(child.pid, 0) != 0);
	close(child.printed);
	/* One that was never let go runs nothing. */
	CHECK(child_start(&child, "printf x", true, &failure) == STATUS_OK);
	child_stop(&child);
	CHECK(child.ended && read(child.printed, &(char){0}, 1) == 0);
	CHECK(!child_did_not_start(&child));
	close(child.printed);
	/* A file that turns out to be no program. */
	CHECK(write(fd, "\177ELF", 4) == 4 && fchmod(fd, 0755) == 0 && close(fd) == 0);
	run(&child, path, &printed);
	wait_for(&child);
	CHECK(!child_did_not_start(&child));
	child_stop(&child);
	CHECK(child.ended && child_did_not_start(&child));
	unlink(path);
	strbuf_free(&printed);
}

/* The signals of the tracer are none of its child's. */
static void test_signals(void)
{
	const char *command = "grep -E ^Sig(Blk|Ign): /proc/self/status";
	sigset_t none, blocked, before;
	struct strbuf expected = {0};
	char line[128];
	FILE *own;

	/* Whoever runs this may ignore some, which the child inherits, as any program does. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, &before);
	signal(SIGPIPE, SIG_DFL);
	/* popen(3) would have its own child ignore two more (sysdeps/unix/sysv/linux/spawni.c). */
	own = fopen("/proc/self/status", "re");
	if (!CHECK(own != NULL))
		return;
	while (fgets(line, sizeof(line), own))
		if (strncmp(line, "SigBlk:", 7) == 0 || strncmp(line, "SigIgn:", 7) == 0)
			strbuf_text(&expected, line);
	fclose(own);
	strbuf_put(&expected, "", 1);

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	expect(command, expected.data);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	strbuf_free(&expected);
}

/* Standard output that is no terminal is the child's own. */
static void test_output_that_is_no_terminal(void)
{
	struct strbuf printed = {0};
	struct child child;
	char text[8] = "", path[] = "/tmp/bpfload-test-XXXXXX";
	int file = mkstemp(path), terminal = dup(STDOUT_FILENO);

	dup2(file, STDOUT_FILENO);
	run(&child, "printf own", &printed);
	dup2(terminal, STDOUT_FILENO);
	wait_for(&child);
	child_stop(&child);
	CHECK_TEXT(&printed, "");
	CHECK(pread(file, text, sizeof(text), 0) == 3 && strcmp(text, "own") == 0);
	close(file);
	close(terminal);
	unlink(path);
}

/* A terminal for what is captured there. */
static void take_terminal(void)
{
	int own = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), fd;

	CHECK(grantpt(own) == 0 && unlockpt(own) == 0);
	fd = open(ptsname(own), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(dup2(fd, STDIN_FILENO) == STDIN_FILENO && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
	close(fd);
}

/* One that waits for a loader which is gone ends by itself, and runs nothing. */
static void test_gone_loader(void)
{
	struct failure failure = {0};
	struct child child;
	struct pollfd end;
	siginfo_t info = {0};

	CHECK(child_start(&child, "printf x", true, &failure) == STATUS_OK);
	end = (struct pollfd){.fd = (int)syscall(SYS_pidfd_open, child.pid, 0), .events = POLLIN};
	close(child.start);
	child.start = -1;
	CHECK(poll(&end, 1, 30000) == 1);
	CHECK(waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0);
	CHECK(info.si_code == CLD_EXITED && info.si_status == 0);
	CHECK(read(child.printed, &(char){0}, 1) == 0);
	close(end.fd);
	child_stop(&child);
	close(child.printed);
}

/* Of its three, those that are the terminal are captured; the others stay the child's own. */
static void test_errors(void)
{
	struct strbuf printed = {0};
	struct child child;
	char text[32] = "", path[] = "/tmp/bpfload-test-XXXXXX";
	int file = mkstemp(path), own = dup(STDERR_FILENO);

	dup2(file, STDERR_FILENO);
	run(&child, "sh -c 'echo out; echo error >&2'", &printed);
	dup2(own, STDERR_FILENO);
	wait_for(&child);
	child_stop(&child);
	CHECK_TEXT(&printed, "out\n");
	CHECK(pread(file, text, sizeof(text) - 1, 0) == 6 && strcmp(text, "error\n") == 0);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	run(&child, "sh -c 'tty; echo out; echo error >&2'", &printed);
	dup2(own, STDERR_FILENO);
	wait_for(&child);
	child_stop(&child);
	CHECK_TEXT(&printed, "not a tty\nout\nerror\n");
	strbuf_free(&printed);
	close(file);
	close(own);
	unlink(path);
}

int main(void)
{
	take_terminal();
	test_words();
	test_commands_that_are_none();
	test_ends();
	test_signals();
	test_output_that_is_no_terminal();
	test_errors();
	test_gone_loader();
	return check_result("child");
}
