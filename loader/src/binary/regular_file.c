#include "binary/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Links to absolute paths mean paths below the root, too, which only openat2 knows (Linux 5.6). */
static int find_in(const char *root, const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags),
			       .resolve = RESOLVE_IN_ROOT};
	int folder, fd, error;

	if (!*root)
		return open(path, O_PATH | O_CLOEXEC | flags);
	folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
	error = errno;
	close(folder);
	errno = error;
	return fd;
}

int regular_file_find(const char *root, const char *path)
{
	return find_in(root, path, 0);
}

/* Takes `found` over. It is looked at before it is opened: opening a device can do something. */
static int open_found(int found)
{
	struct stat info;
	char path[64];
	int fd = -1, error;

	if (found < 0)
		return -1;
	if (fstat(found, &info) == 0) {
		errno = ENOEXEC;
		if (S_ISREG(info.st_mode) && info.st_size > 0) {
			snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
			fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		}
	}
	error = errno;
	close(found);
	errno = error;
	return fd;
}

int regular_file_open(const char *path)
{
	return open_found(regular_file_find("", path));
}

int regular_file_open_in(const char *root, const char *path)
{
	return open_found(regular_file_find(root, path));
}

int regular_file_open_unlinked(const char *root, const char *path)
{
	return open_found(find_in(root, path, O_NOFOLLOW));
}
