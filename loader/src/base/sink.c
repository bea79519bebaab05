#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/say.h"
#include "base/write_text.h"

/* How often a reader is looked for. */
#define READER_MS 50

/* Waiting was only unwanted while the file was opened; commands of the script have it, too. */
static void take_waiting(const struct sink *sink)
{
	int flags = sink->owns_fd ? fcntl(sink->fd, F_GETFL) : -1;

	if (flags >= 0)
		fcntl(sink->fd, F_SETFL, flags & ~O_NONBLOCK);
}

static int cannot_open(struct sink *sink, const char *why)
{
	/* Nobody waits until it can be written to. */
	sink->failed = true;
	return fail(sink->failure, STATUS_FAILED, "cannot open %s for writing: %s", sink->path,
		    why);
}

int sink_open(struct sink *sink, const char *path, const char *what, struct failure *failure)
{
	*sink = (struct sink){
		.path = path, .what = what, .fd = STDOUT_FILENO, .stop = -1, .failure = failure};
	if (!path)
		return STATUS_OK;
	sink->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
	/* A pipe that nobody has opened for reading yet. */
	sink->wants_reader = sink->fd < 0 && errno == ENXIO;
	if (sink->fd < 0 && !sink->wants_reader)
		return cannot_open(sink, strerror(errno));
	sink->owns_fd = sink->fd >= 0;
	take_waiting(sink);
	return STATUS_OK;
}

/* The kernel tells nobody that a reader came, short of making a writer wait for it. */
int sink_wait(struct sink *sink)
{
	struct pollfd ready = {.fd = sink->stop, .events = POLLIN};

	if (!sink->wants_reader)
		return STATUS_OK;
	while (sink->wants_reader) {
		sink->fd = open(sink->path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
		sink->wants_reader = sink->fd < 0 && errno == ENXIO;
		if (sink->fd < 0 && !sink->wants_reader)
			return cannot_open(sink, strerror(errno));
		if (sink->wants_reader && poll(&ready, 1, READER_MS) > 0)
			return cannot_open(sink, "nobody reads it");
	}
	sink->owns_fd = true;
	take_waiting(sink);
	return STATUS_OK;
}

/* With errno. */
static int give_up(struct sink *sink)
{
	fail(sink->failure, STATUS_FAILED, "cannot write the %s: %s", sink->what, strerror(errno));
	sink->failed = true;
	return -1;
}

int sink_write(struct sink *sink, struct strbuf *text)
{
	enum write_result result;
	size_t written;

	if (sink->failed)
		return -1;
	/* Nobody may wait for the reader here: sink_wait does, and can be stopped. */
	if (sink->wants_reader)
		return 0;
	result = write_text(sink->fd, sink->stop, text->data, text->length, &written);
	if (result == WRITE_FAILED) {
		give_up(sink);
		strbuf_clear(text);
		return -1;
	}
	sink->stopped = result == WRITE_STOPPED;
	strbuf_drop(text, written);
	return 0;
}

int sink_reopen(struct sink *sink)
{
	int fd, result = 0;

	/* What could not be written belongs to the old file. */
	if (!sink->owns_fd || sink->stopped)
		return 0;
	fd = open(sink->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
	if (fd < 0) {
		say_warning("cannot open %s anew: %s; the %s goes on into the old file.",
			    sink->path, strerror(errno), sink->what);
		return 0;
	}
	if (close(sink->fd) < 0 && errno != EINTR)
		result = give_up(sink);
	sink->fd = fd;
	take_waiting(sink);
	return result;
}

int sink_close(struct sink *sink)
{
	bool owned = sink->owns_fd;

	sink->owns_fd = false;
	if (owned && close(sink->fd) < 0 && errno != EINTR)
		return give_up(sink);
	return 0;
}
