#include "base/write_text.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files take everything at once. A pipe that polls as writable has room for PIPE_BUF bytes
 * (fs/pipe.c, pipe_poll): more than that could block for as long as the reader likes. */
static size_t largest_write(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? SIZE_MAX : PIPE_BUF;
}

/* Waits for the events of a descriptor; false when waiting has to end. */
static bool wait_for(int fd, short events, int stop)
{
	struct pollfd ready[] = {{.fd = fd, .events = events}, {.fd = stop, .events = POLLIN}};

	while (poll(ready, 2, stop == WRITE_WITHOUT_WAITING ? 0 : -1) < 0)
		if (errno != EINTR)
			return true;
	/* POLLERR, POLLHUP: read(2) or write(2) says why. */
	return ready[0].revents != 0;
}

bool wait_to_read(int fd, int stop)
{
	return wait_for(fd, POLLIN, stop);
}

enum write_result write_text(int fd, int stop, const char *bytes, size_t length, size_t *written)
{
	size_t largest = largest_write(fd);

	*written = 0;
	while (*written < length) {
		size_t size = length - *written < largest ? length - *written : largest;
		ssize_t result;

		if (largest == PIPE_BUF && !wait_for(fd, POLLOUT, stop))
			return WRITE_STOPPED;
		result = write(fd, bytes + *written, size);
		if (result >= 0)
			*written += (size_t)result;
		/* EAGAIN: somebody else made it non-blocking. */
		else if (errno != EINTR && errno != EAGAIN)
			return WRITE_FAILED;
	}
	return WRITE_DONE;
}
