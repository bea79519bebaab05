/* Events that reach outside: files and commands of the host. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"
#include "output/internal.h"
#include "output/recorder.h"
#include "output/replay.h"
#include "base/say.h"
#include "base/write_text.h"
#include "session/permissions.h"
#include "session/session.h"

#define CAT_CHUNK (64u << 10)

/* Of what a command prints, this much becomes a text; the rest is read and dropped. */
#define CAPTURE_MAX (16u << 20)

extern char **environ;

/* The event's format with its arguments, as a C string in the scratch buffer. */
static const char *formatted(struct output *output, const struct mf_event *event,
			     const uint8_t *record)
{
	strbuf_clear(&output->scratch);
	format_text(&output->scratch, &output->values, &output->formats[event->index], record);
	return strbuf_c_text(&output->scratch);
}

/* Appends at most `limit` bytes of a file. 0 or an error number. */
static int read_file(struct strbuf *to, int fd, int stop, uint64_t limit)
{
	/* Pipes and devices may have nothing for ever. */
	while (limit && wait_to_read(fd, stop)) {
		size_t chunk = limit < CAT_CHUNK ? (size_t)limit : CAT_CHUNK;
		ssize_t got;

		strbuf_reserve(to, chunk);
		got = read(fd, to->data + to->length, chunk);
		if (got == 0)
			break;
		if (got < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return errno;
		}
		to->length += (size_t)got;
		limit -= (uint64_t)got;
	}
	return 0;
}

/* What the command or the file said, when it was recorded. */
static int show_recorded(struct output *output, enum text_source source)
{
	const struct strbuf *text = replay_text(output);
	struct strbuf *to;

	if (!text)
		return 0;
	to = output->renderer->text_begin(output, source);
	strbuf_put(to, text->data, text->length);
	output->renderer->text_end(output, source);
	return 0;
}

int run_cat(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	const char *path;
	struct strbuf *to;
	int fd, error;
	size_t start;

	if (output->replay)
		return show_recorded(output, TEXT_CAT);
	path = formatted(output, event, record);

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		say_error("cat(): cannot open %s: %s", path, strerror(errno));
		strbuf_clear(&output->scratch);
		return 0;
	}
	to = output->renderer->text_begin(output, TEXT_CAT);
	start = to->length;
	error = read_file(to, fd, output->sink.stop,
			  output->session->manifest->config.max_cat_bytes);
	if (output->recorder)
		(void)recorder_text(output, to, start);
	output->renderer->text_end(output, TEXT_CAT);
	if (error)
		say_error("cat(): cannot read %s: %s", path, strerror(error));
	close(fd);
	strbuf_clear(&output->scratch);
	return 0;
}

/*
 * Starts `sh -c command` with `to` as its standard output. The loader blocks the signals that
 * it waits for by descriptor, which the shell must not inherit. 0 or an error number.
 */
static int start_shell(int to, const char *command, pid_t *pid)
{
	char *const arguments[] = {"sh", "-c", (char *)command, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	error = posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error)
		goto free_actions;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (to != STDOUT_FILENO)
		error = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	if (!error)
		error = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
free_actions:
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Appends what can be read now. False at the end of the pipe. */
static bool read_waiting(struct strbuf *to, int fd)
{
	char chunk[4096];
	ssize_t got;

	while ((got = read(fd, chunk, sizeof(chunk))) > 0 || (got < 0 && errno == EINTR)) {
		size_t room = to->length < CAPTURE_MAX ? CAPTURE_MAX - to->length : 0;

		if (got > 0)
			strbuf_put(to, chunk, (size_t)got < room ? (size_t)got : room);
	}
	return got < 0;
}

/* Takes the shell's end, which has come; where it was not waited for, the shell is told to end. */
static void end_shell(pid_t pid, bool has_ended)
{
	if (!has_ended)
		kill(pid, SIGTERM);
	while (waitpid(pid, NULL, has_ended ? 0 : WNOHANG) < 0 && errno == EINTR)
		;
}

/* Appends what the shell prints until it ends; what it left in the background may go on. */
static void capture(struct strbuf *to, int fd, int stop, pid_t pid)
{
	struct pollfd ready[] = {{.fd = fd, .events = POLLIN},
				 {.fd = host_watch_process((uint32_t)pid), .events = POLLIN},
				 {.fd = stop, .events = POLLIN}};

	do {
		if (poll(ready, 3, -1) < 0 && errno != EINTR)
			break;
	} while (read_waiting(to, fd) && !ready[1].revents && !ready[2].revents);
	/* At the end of the pipe it ends, or has closed its output and goes on. */
	while (!ready[1].revents && !ready[2].revents)
		if (poll(ready + 1, 2, -1) < 0 && errno != EINTR)
			break;
	end_shell(pid, ready[1].fd < 0 || ready[1].revents);
	if (ready[1].fd >= 0)
		close(ready[1].fd);
}

/* Runs a command whose output becomes one text. 0 or an error number. */
static int run_captured(struct output *output, const char *command)
{
	struct strbuf *to;
	int ends[2], error;
	size_t start;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	error = start_shell(ends[1], command, &pid);
	close(ends[1]);
	if (!error) {
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		to = output->renderer->text_begin(output, TEXT_SYSTEM);
		start = to->length;
		capture(to, ends[0], output->sink.stop, pid);
		if (output->recorder)
			(void)recorder_text(output, to, start);
		output->renderer->text_end(output, TEXT_SYSTEM);
	}
	close(ends[0]);
	return error;
}

/* Runs a command that writes to the output by itself. 0 or an error number. */
static int run_beside(struct output *output, const char *command)
{
	pid_t pid;
	int error = start_shell(output->sink.fd, command, &pid), process;

	if (error)
		return error;
	process = host_watch_process((uint32_t)pid);
	end_shell(pid, process < 0 || wait_to_read(process, output->sink.stop));
	if (process >= 0)
		close(process);
	return 0;
}

int run_system(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	const char *command;
	int error;

	if (output->replay)
		return show_recorded(output, TEXT_SYSTEM);
	command = formatted(output, event, record);
	/* What was printed before comes before what the command prints. */
	if (output_flush(output) < 0)
		return -1;
	if (!permission_to_run(output->session->options)) {
		say_error("system() needs --unsafe or --allow-run");
		strbuf_clear(&output->scratch);
		return 0;
	}
	error = output->renderer->captures_commands || output->capturing || output->recorder
			? run_captured(output, command)
			: run_beside(output, command);
	strbuf_clear(&output->scratch);
	if (error)
		say_error("system(): cannot run /bin/sh: %s", strerror(error));
	return 0;
}
