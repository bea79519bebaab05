#include "base/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* Its name does not end as the file's does: who reads *.prom passes it by. */
static char *temporary_name(const char *path)
{
	return memory_format("%s.%d.new", path, (int)getpid());
}

/* A new file, and no link that somebody has put there. */
static int create(const char *name, mode_t mode)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(name, flags, mode);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	/* Of a process that had our number, and was killed. */
	unlink(name);
	return open(name, flags, mode);
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

int replace_file(const char *path, mode_t mode, const char *text, size_t length)
{
	char *name = temporary_name(path);
	int fd = create(name, mode), result = fd < 0 ? -1 : 0, error;

	if (fd >= 0) {
		result = write_all(fd, text, length);
		error = errno;
		if (close(fd) < 0 && result == 0) {
			result = -1;
			error = errno;
		}
		if (result == 0) {
			result = rename(name, path);
			error = errno;
		}
		if (result != 0)
			unlink(name);
		errno = error;
	}
	error = errno;
	free(name);
	errno = error;
	return result;
}

int replace_file_try(const char *path)
{
	char *name = temporary_name(path);
	int fd = create(name, 0666), error = errno;
	struct stat status;

	if (fd >= 0) {
		close(fd);
		unlink(name);
	}
	free(name);
	errno = error;
	if (fd < 0)
		return -1;
	/* A folder cannot be replaced. */
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	return 0;
}
