/* Events that reach outside: files and commands of the host. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output_internal.h"
#include "report.h"
#include "session.h"

#define CAT_CHUNK (64u << 10)

extern char **environ;

/* The event's format with its arguments, as a C string in the scratch buffer. NULL without memory.
 */
static const char *formatted(struct output *output, const struct mf_event *event,
			     const uint8_t *record)
{
	strbuf_clear(&output->scratch);
	format_text(&output->scratch, &output->values, &output->formats[event->index], record);
	return strbuf_c_text(&output->scratch);
}

/* Appends at most `limit` bytes of a file. 0 or an error number. */
static int read_file(struct strbuf *to, int fd, uint64_t limit)
{
	while (limit) {
		size_t chunk = limit < CAT_CHUNK ? (size_t)limit : CAT_CHUNK;
		ssize_t got;

		if (!strbuf_reserve(to, chunk))
			return ENOMEM;
		got = read(fd, to->data + to->length, chunk);
		if (got == 0)
			break;
		if (got < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		to->length += (size_t)got;
		limit -= (uint64_t)got;
	}
	return 0;
}

int run_cat(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	const char *path = formatted(output, event, record);
	struct strbuf *to;
	int fd, error;

	if (!path)
		return output_flush(output);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		say_error("cat(): cannot open %s: %s", path, strerror(errno));
		strbuf_clear(&output->scratch);
		return 0;
	}
	to = output->renderer->text_begin(output, TEXT_CAT);
	error = read_file(to, fd, output->session->manifest->config.max_cat_bytes);
	output->renderer->text_end(output, TEXT_CAT);
	if (error)
		say_error("cat(): cannot read %s: %s", path, strerror(error));
	close(fd);
	strbuf_clear(&output->scratch);
	return 0;
}

/*
 * Starts `sh -c command` with the output as its standard output. The loader blocks the signals that
 * it waits for by descriptor, which the shell must not inherit. 0 or an error number.
 */
static int start_shell(const struct output *output, const char *command, pid_t *pid)
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
	if (output->fd != STDOUT_FILENO)
		error = posix_spawn_file_actions_adddup2(&actions, output->fd, STDOUT_FILENO);
	if (!error)
		error = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
free_actions:
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int run_system(struct output *output, const struct mf_event *event, const uint8_t *record)
{
	const char *command = formatted(output, event, record);
	pid_t pid;
	int error;

	/* What was printed before comes before what the command prints. */
	if (output_flush(output) < 0 || !command)
		return output_flush(output);
	if (!output->session->options->unsafe) {
		say_error("system() needs --unsafe");
		strbuf_clear(&output->scratch);
		return 0;
	}
	error = start_shell(output, command, &pid);
	strbuf_clear(&output->scratch);
	if (error) {
		say_error("system(): cannot run /bin/sh: %s", strerror(error));
		return 0;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}
