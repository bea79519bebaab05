#include "host/folder_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct walk {
	/* Those that are being read, the outermost first. */
	DIR *folders[WALK_DEPTH_MOST];
	/* Where the path of each ends. */
	size_t ends[WALK_DEPTH_MOST];
	uint32_t depth;
	dev_t device;
	char path[WALK_PATH_MOST + 1];
};

/* Goes into the folder that `path` has become; a file system of its own is none of it. */
static void enter(struct walk *walk, int fd, size_t end)
{
	struct stat status;
	DIR *folder;

	if (fd < 0)
		return;
	if (fstat(fd, &status) != 0 || (walk->depth && status.st_dev != walk->device) ||
	    !(folder = fdopendir(fd))) {
		close(fd);
		return;
	}
	walk->device = status.st_dev;
	walk->folders[walk->depth] = folder;
	walk->ends[walk->depth++] = end;
}

static bool is_folder(const struct walk *walk, const struct dirent *entry)
{
	struct stat status;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return false;
	/* Not all file systems say it. */
	if (entry->d_type == DT_UNKNOWN)
		return fstatat(dirfd(walk->folders[walk->depth - 1]), entry->d_name, &status,
			       AT_SYMLINK_NOFOLLOW) == 0 &&
		       S_ISDIR(status.st_mode);
	return entry->d_type == DT_DIR;
}

/* The path of an entry; 0: it is too long. */
static size_t put_name(struct walk *walk, const char *name)
{
	size_t start = walk->ends[walk->depth - 1], length = strlen(name);

	if (length + 1 > WALK_PATH_MOST - start)
		return 0;
	walk->path[start] = '/';
	memcpy(walk->path + start + 1, name, length + 1);
	return start + 1 + length;
}

static void walk_on(struct walk *walk, size_t most,
		    bool (*visit)(const char *path, uint64_t inode, void *context), void *context)
{
	for (size_t entries = 0; walk->depth && most && entries < WALK_ENTRIES_MOST; entries++) {
		DIR *folder = walk->folders[walk->depth - 1];
		const struct dirent *entry = readdir(folder);
		size_t end;

		if (!entry) {
			closedir(folder);
			walk->depth--;
			continue;
		}
		end = is_folder(walk, entry) ? put_name(walk, entry->d_name) : 0;
		if (!end)
			continue;
		most--;
		if (!visit(walk->path, entry->d_ino, context))
			break;
		if (walk->depth < WALK_DEPTH_MOST)
			enter(walk, openat(dirfd(folder), entry->d_name, FOLDER_FLAGS), end);
	}
}

void folder_walk(const char *root, size_t most,
		 bool (*visit)(const char *path, uint64_t inode, void *context), void *context)
{
	struct walk walk = {0};
	struct stat status;

	/* The first may be a link. */
	enter(&walk, open(root, FOLDER_FLAGS & ~O_NOFOLLOW), 0);
	if (walk.depth && most && fstat(dirfd(walk.folders[0]), &status) == 0 &&
	    visit("", status.st_ino, context))
		walk_on(&walk, most - 1, visit, context);
	while (walk.depth)
		closedir(walk.folders[--walk.depth]);
}
