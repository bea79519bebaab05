#include "binary/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Only openat2 knows other meanings of absolute links (Linux 5.6). */
static int find_in(const char *root, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags), .resolve = resolve};
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
	return find_in(root, path, 0, RESOLVE_IN_ROOT);
}

int regular_file_find_beneath(const char *folder, const char *path)
{
	return find_in(folder, path, 0, RESOLVE_BENEATH);
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
	return open_found(find_in(root, path, O_NOFOLLOW, RESOLVE_IN_ROOT));
}
