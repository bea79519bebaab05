#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "binary/path.h"
#include "base/failure.h"
#include "base/say.h"

/* How long an ended tracer waits for its child. */
#define STOP_TRIES 50
#define STOP_PAUSE_NS 10000000
/* How long a tracer waits until its child has nothing left to do before its start. */
#define SETTLE_TRIES 1000
#define SETTLE_PAUSE_NS 1000000

/* Moves *text behind one word and writes the word, unquoted, to `to`. False for an open quote. */
static bool read_word(const char **text, char *to)
{
	const char *next = *text;
	char quote = 0;

	for (; *next && (quote || (*next != ' ' && *next != '\t' && *next != '\n')); next++) {
		if (*next == quote) {
			quote = 0;
		} else if (!quote && (*next == '\'' || *next == '"')) {
			quote = *next;
		} else if (*next == '\\' && quote != '\'' && next[1]) {
			*to++ = *++next;
		} else {
			*to++ = *next;
		}
	}
	*to = 0;
	*text = next;
	return !quote;
}

/* Words of a command, NULL behind them; NULL with an open quote. */
static char **split(struct arena *arena, const char *command)
{
	/* A word takes at least one byte and a blank. */
	char **words = arena_array(arena, strlen(command) / 2 + 2, sizeof(*words));
	size_t count = 0;

	for (;;) {
		command += strspn(command, " \t\n");
		if (!*command)
			return words;
		words[count] = arena_alloc(arena, strlen(command) + 1);
		if (!read_word(&command, words[count]))
			return NULL;
		count++;
	}
}

/* In its place, what is no terminal. */
static void leave_terminal(int printed)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (isatty(STDIN_FILENO) == 1 && nothing >= 0)
		dup2(nothing, STDIN_FILENO);
	if (isatty(STDOUT_FILENO) == 1)
		dup2(printed, STDOUT_FILENO);
	if (isatty(STDERR_FILENO) == 1)
		dup2(printed, STDERR_FILENO);
}

static void run_child(int start, const char *file, char **words)
{
	sigset_t none;
	char byte;
	ssize_t got;

	/* Should the tracer die before the start, the socket closes and the child ends. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	do
		got = read(start, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(0);
	execv(file, words);
	say_error("Cannot run %s: %s.", file, strerror(errno));
	/* Where exec works the socket closes without a word. */
	got = write(start, "", 1);
	_exit(127);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

int child_start(struct child *child, const char *command, bool captured, struct failure *failure)
{
	struct arena arena = {0};
	const char *file;
	char **words;
	int ends[2], printed[2] = {-1, -1};

	memset(child, 0, sizeof(*child));
	child->start = child->printed = -1;
	words = split(&arena, command);
	if (!words || !words[0]) {
		fail(failure, STATUS_USAGE, "-c: '%s' is not a command.", command);
		goto out;
	}
	file = binary_path_of_command(&arena, words[0]);
	if (!file) {
		fail(failure, STATUS_FAILED, "-c: '%s' does not exist or is not executable.",
		     words[0]);
		goto out;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		fail(failure, STATUS_FAILED, "Cannot start the child: %s.", strerror(errno));
		goto out;
	}
	if (captured && pipe2(printed, O_CLOEXEC) != 0) {
		fail(failure, STATUS_FAILED, "Cannot start the child: %s.", strerror(errno));
		close(ends[0]);
		close(ends[1]);
		goto out;
	}
	child->pid = fork();
	if (child->pid < 0) {
		fail(failure, STATUS_FAILED, "Cannot start the child: %s.", strerror(errno));
		child->pid = 0;
		close_fd(ends[0]);
		close_fd(ends[1]);
		close_fd(printed[0]);
		close_fd(printed[1]);
		goto out;
	}
	if (child->pid == 0) {
		close(ends[1]);
		if (captured)
			leave_terminal(printed[1]);
		run_child(ends[0], file, words);
	}
	close(ends[0]);
	close_fd(printed[1]);
	child->start = ends[1];
	child->printed = printed[0];
	if (captured)
		fcntl(child->printed, F_SETFL, O_NONBLOCK);
out:
	arena_free(&arena);
	return failure->status;
}

/* Whether a process runs, or wants to: its state stands behind its name, which may hold anything.
 */
static bool runs(pid_t pid)
{
	char path[32], text[128];
	const char *state;
	ssize_t got;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	got = read(file, text, sizeof(text) - 1);
	close(file);
	if (got <= 0)
		return false;
	text[got] = 0;
	state = strrchr(text, ')');
	return state && state[1] == ' ' && state[2] == 'R';
}

void child_settle(const struct child *child)
{
	struct timespec pause = {.tv_nsec = SETTLE_PAUSE_NS};

	if (!child->pid)
		return;
	for (int i = 0; i < SETTLE_TRIES && runs(child->pid); i++)
		nanosleep(&pause, NULL);
}

void child_release(struct child *child)
{
	ssize_t written;

	if (!child->pid)
		return;
	/* If it was killed meanwhile there is nobody to read this; SIGCHLD tells. */
	written = write(child->start, "", 1);
	(void)written;
}

static void close_start(struct child *child)
{
	char byte;

	if (child->start < 0)
		return;
	child->did_not_start = recv(child->start, &byte, 1, MSG_DONTWAIT) == 1;
	close(child->start);
	child->start = -1;
}

bool child_did_not_start(const struct child *child)
{
	return child->did_not_start;
}

bool child_has_ended(struct child *child)
{
	if (child->pid && !child->ended && waitpid(child->pid, NULL, WNOHANG) == child->pid)
		child->ended = true;
	return child->ended;
}

void child_stop(struct child *child)
{
	struct timespec pause = {.tv_nsec = STOP_PAUSE_NS};

	if (!child->pid)
		return;
	close_start(child);
	if (child_has_ended(child))
		return;
	kill(child->pid, SIGTERM);
	for (int i = 0; i < STOP_TRIES && !child_has_ended(child); i++)
		nanosleep(&pause, NULL);
}
