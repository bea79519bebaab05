/* Where output goes: files, pipes that nobody reads yet, files that are moved away or replaced. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/replace_file.h"
#include "base/sink.h"
#include "base/write_text.h"
#include "check.h"

static char folder[] = "/tmp/bpfload-test-sink-XXXXXX";

/* In the test's folder; one at a time. */
static const char *path_of(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void expect_file(const char *name, const char *expected)
{
	struct strbuf text = {0};
	int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
	ssize_t got;

	strbuf_reserve(&text, 4096);
	got = read(fd, text.data, 4096);
	text.length = got > 0 ? (size_t)got : 0;
	CHECK(fd >= 0 && got >= 0);
	CHECK_TEXT(&text, expected);
	close(fd);
	strbuf_free(&text);
}

static void write_file(const char *name, const char *content)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	CHECK(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
	close(fd);
}

static void put(struct sink *sink, const char *line)
{
	struct strbuf text = {0};

	strbuf_text(&text, line);
	CHECK(sink_write(sink, &text) == 0 && text.length == 0);
	strbuf_free(&text);
}

static void a_file_is_emptied_and_written(void)
{
	struct failure failure = {0};
	struct sink sink;

	write_file("out", "of before, and longer");
	CHECK(sink_open(&sink, path_of("out"), "output", &failure) == STATUS_OK);
	CHECK(sink.owns_fd && !sink.wants_reader && sink_wait(&sink) == STATUS_OK);
	/* Commands of the script have the descriptor, too: they would not expect EAGAIN. */
	CHECK(!(fcntl(sink.fd, F_GETFL) & O_NONBLOCK) && fcntl(sink.fd, F_GETFD) & FD_CLOEXEC);
	put(&sink, "one\n");
	put(&sink, "two\n");
	CHECK(sink_close(&sink) == 0 && !sink.owns_fd && sink_close(&sink) == 0);
	expect_file("out", "one\ntwo\n");
	CHECK(failure.status == STATUS_OK);
}

static void a_file_that_was_moved_away_is_made_anew(void)
{
	const char *path = strdup(path_of("log"));
	struct failure failure = {0};
	struct sink sink;

	CHECK(sink_open(&sink, path, "output", &failure) == STATUS_OK);
	put(&sink, "one\n");
	CHECK(rename(path, path_of("log.1")) == 0 && sink_reopen(&sink) == 0);
	CHECK(!(fcntl(sink.fd, F_GETFL) & O_NONBLOCK));
	put(&sink, "two\n");
	/* Not moved: it goes on behind what is there. */
	CHECK(sink_reopen(&sink) == 0);
	put(&sink, "three\n");
	/* What was not taken belongs to the old file. */
	CHECK(rename(path, path_of("log.2")) == 0);
	sink.stopped = true;
	CHECK(sink_reopen(&sink) == 0);
	put(&sink, "four\n");
	CHECK(access(path, F_OK) != 0 && !sink.stopped && sink_close(&sink) == 0);
	expect_file("log.1", "one\n");
	expect_file("log.2", "two\nthree\nfour\n");
	free((char *)path);
}

static void standard_output_is_neither_closed_nor_opened_anew(void)
{
	struct failure failure = {0};
	struct sink sink;

	CHECK(sink_open(&sink, NULL, "output", &failure) == STATUS_OK);
	CHECK(sink.fd == STDOUT_FILENO && !sink.owns_fd && sink_wait(&sink) == STATUS_OK);
	CHECK(sink_reopen(&sink) == 0 && sink.fd == STDOUT_FILENO && sink_close(&sink) == 0);
	CHECK(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
}

static void what_cannot_be_written_fails_once(void)
{
	struct failure failure = {0};
	struct strbuf text = {0};
	struct sink sink;

	CHECK(sink_open(&sink, path_of("no/file"), "output", &failure) == STATUS_FAILED);
	CHECK(strncmp(failure.text, "cannot open /", 13) == 0 &&
	      strstr(failure.text, "/no/file for writing: No such file or directory"));
	failure_clear(&failure);
	CHECK(sink_open(&sink, "/dev/full", "table", &failure) == STATUS_OK);
	strbuf_text(&text, "text");
	CHECK(sink_write(&sink, &text) == -1 && text.length == 0 && sink.failed);
	CHECK(strcmp(failure.text, "cannot write the table: No space left on device") == 0);
	strbuf_text(&text, "more");
	CHECK(sink_write(&sink, &text) == -1 && text.length == 4);
	CHECK(sink_close(&sink) == 0);
	strbuf_free(&text);
}

static void a_pipe_waits_for_its_reader(void)
{
	const char *path = strdup(path_of("pipe"));
	struct failure failure = {0};
	struct sink sink;
	char bytes[8] = {0};
	int stop[2], reader;

	CHECK(mkfifo(path, 0666) == 0 && pipe2(stop, O_CLOEXEC) == 0);
	CHECK(sink_open(&sink, path, "output", &failure) == STATUS_OK);
	CHECK(sink.wants_reader && !sink.owns_fd && sink.fd < 0);
	/* With somebody who reads. */
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(sink_wait(&sink) == STATUS_OK && sink.owns_fd && !sink.wants_reader);
	CHECK(!(fcntl(sink.fd, F_GETFL) & O_NONBLOCK));
	put(&sink, "text");
	CHECK(read(reader, bytes, sizeof(bytes)) == 4 && strcmp(bytes, "text") == 0);
	CHECK(sink_close(&sink) == 0);
	close(reader);
	/* With nobody, until waiting has to end. */
	CHECK(sink_open(&sink, path, "output", &failure) == STATUS_OK && sink.wants_reader);
	sink.stop = stop[0];
	CHECK(write(stop[1], "x", 1) == 1);
	CHECK(sink_wait(&sink) == STATUS_FAILED && strstr(failure.text, "nobody reads it"));
	failure_clear(&failure);
	/* And one that has gone meanwhile. */
	CHECK(unlink(path) == 0 && sink_wait(&sink) == STATUS_FAILED);
	CHECK(strstr(failure.text, "No such file or directory"));
	close(stop[0]);
	close(stop[1]);
	free((char *)path);
}

static void a_full_pipe_takes_what_it_has_room_for(void)
{
	size_t length = 1u << 20, written, size;
	struct failure failure = {0};
	struct strbuf text = {0};
	struct sink sink;
	int ends[2], stop[2];

	CHECK(pipe2(ends, O_CLOEXEC) == 0 && pipe2(stop, O_CLOEXEC) == 0);
	size = (size_t)fcntl(ends[1], F_GETPIPE_SZ);
	strbuf_fill(&text, 'x', length);
	text.data[length - 1] = 'y';
	CHECK(write_text(ends[1], WRITE_WITHOUT_WAITING, text.data, length, &written) ==
	      WRITE_STOPPED);
	CHECK(written == size);
	CHECK(write(stop[1], "x", 1) == 1);
	CHECK(write_text(ends[1], stop[0], text.data, length, &written) == WRITE_STOPPED &&
	      written == 0);
	CHECK(write_text(ends[1], -1, text.data, 0, &written) == WRITE_DONE);
	CHECK(sink_open(&sink, NULL, "output", &failure) == STATUS_OK);
	sink.fd = ends[1];
	sink.stop = stop[0];
	/* What is not taken waits; the reader takes some, and so it goes on. */
	CHECK(sink_write(&sink, &text) == 0 && sink.stopped && text.length == length);
	{
		char *bytes = malloc(size);

		CHECK(read(ends[0], bytes, size) == (ssize_t)size);
		free(bytes);
	}
	CHECK(sink_write(&sink, &text) == 0 && sink.stopped && text.length == length - size);
	CHECK(text.data[text.length - 1] == 'y');
	CHECK(wait_to_read(ends[0], -1) && wait_to_read(ends[0], stop[0]));
	close(ends[1]);
	CHECK(write_text(ends[0], -1, "x", 1, &written) == WRITE_FAILED && errno == EBADF);
	close(ends[0]);
	CHECK(pipe2(ends, O_CLOEXEC) == 0 && !wait_to_read(ends[0], stop[0]));
	close(ends[0]);
	close(ends[1]);
	close(stop[0]);
	close(stop[1]);
	strbuf_free(&text);
}

static void note_signal(int number)
{
	(void)number;
}

/* Until a process sleeps that has nothing to wait for but what it is to be given. */
static void wait_until_asleep(pid_t pid)
{
	char path[64], state[512] = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (!strstr(state, ") S ")) {
		FILE *file = fopen(path, "r");

		if (!file || !fgets(state, sizeof(state), file))
			_exit(1);
		fclose(file);
	}
}

/* A signal comes while it waits, and what it waits for once it waits again. */
static void waiting_goes_on_after_a_signal(void)
{
	const struct sigaction noted = {.sa_handler = note_signal};
	pid_t pid, parent = getpid();
	int ends[2], status;
	char byte = 0;

	CHECK(pipe2(ends, O_NONBLOCK) == 0 && sigaction(SIGUSR1, &noted, NULL) == 0);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		wait_until_asleep(parent);
		kill(parent, SIGUSR1);
		wait_until_asleep(parent);
		_exit(write(ends[1], "x", 1) != 1);
	}
	close(ends[1]);
	CHECK(wait_to_read(ends[0], -1));
	CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x');
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	close(ends[0]);
}

/* Nothing of the file changes, and the reason stays. */
static void a_file_that_has_no_room_is_not_replaced(void)
{
	const struct rlimit small = {4, RLIM_INFINITY};
	const char *path = strdup(path_of("small"));
	char left[160];
	int status;
	pid_t pid;

	CHECK(replace_file(path, 0644, "old", 3) == 0);
	pid = fork();
	if (pid == 0) {
		snprintf(left, sizeof(left), "%s.%d.new", path, (int)getpid());
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &small);
		_exit(!(replace_file(path, 0644, "longer", 6) == -1 && errno == EFBIG &&
			access(left, F_OK) != 0));
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	expect_file("small", "old");
	free((char *)path);
}

static void a_file_is_replaced_as_a_whole_or_not(void)
{
	const char *path = strdup(path_of("metrics.prom"));
	char left[160];

	snprintf(left, sizeof(left), "%s.%d.new", path, (int)getpid());
	CHECK(replace_file_try(path) == 0 && access(path, F_OK) != 0 && access(left, F_OK) != 0);
	CHECK(replace_file(path, 0666, "one", 3) == 0);
	expect_file("metrics.prom", "one");
	/* One of a process that was killed is in the way, or a link of a stranger. */
	CHECK(symlink(path_of("stranger"), left) == 0);
	CHECK(replace_file(path, 0666, "twofold", 3) == 0 && access(left, F_OK) != 0);
	expect_file("metrics.prom", "two");
	CHECK(access(path_of("stranger"), F_OK) != 0);
	CHECK(replace_file_try(path) == 0);
	expect_file("metrics.prom", "two");
	/* Where it cannot be. */
	CHECK(replace_file(path_of("no/file"), 0666, "x", 1) == -1 && errno == ENOENT);
	CHECK(replace_file_try(path_of("no/file")) == -1 && errno == ENOENT);
	CHECK(mkdir(path_of("folder"), 0777) == 0);
	CHECK(replace_file_try(path_of("folder")) == -1 && errno == EISDIR);
	CHECK(replace_file(path_of("folder"), 0666, "x", 1) == -1 && errno == EISDIR);
	snprintf(left, sizeof(left), "%s.%d.new", path_of("folder"), (int)getpid());
	CHECK(access(left, F_OK) != 0);
	free((char *)path);
}

int main(void)
{
	char command[64];

	if (!CHECK(mkdtemp(folder)))
		return check_result("sink");
	a_file_is_emptied_and_written();
	a_file_that_was_moved_away_is_made_anew();
	standard_output_is_neither_closed_nor_opened_anew();
	what_cannot_be_written_fails_once();
	a_pipe_waits_for_its_reader();
	a_full_pipe_takes_what_it_has_room_for();
	a_file_is_replaced_as_a_whole_or_not();
	a_file_that_has_no_room_is_not_replaced();
	waiting_goes_on_after_a_signal();
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(system(command) == 0);
	return check_result("sink");
}
