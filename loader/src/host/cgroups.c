#include "host/cgroups.h"

#include <fnmatch.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>

#include "host/folder_walk.h"

/* More are not looked at for one path. */
#define MOST_FOLDERS (1u << 20)

/* What is put for each hierarchy. */
struct search {
	struct strbuf *to;
	size_t start;
	const char *hierarchy;
	uint64_t id;
};

/* The folder of a cgroup has its id as inode number (fs/kernfs/dir.c, __kernfs_new_node). */
static bool put_path(const char *path, uint64_t inode, void *context)
{
	const struct search *search = context;
	struct strbuf *to = search->to;

	if (inode != search->id)
		return true;
	if (to->length > search->start)
		strbuf_char(to, ',');
	strbuf_text(to, search->hierarchy);
	strbuf_char(to, ':');
	strbuf_text(to, *path ? path : "/");
	return false;
}

void cgroup_path_text(struct strbuf *to, uint64_t id, const char *pattern)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	size_t start = to->length;
	struct mntent *mount;

	if (!mounts)
		return;
	while ((mount = getmntent(mounts))) {
		const char *slash = strrchr(mount->mnt_dir, '/');
		const char *hierarchy;

		if (!strcmp(mount->mnt_type, "cgroup2"))
			hierarchy = "unified";
		else if (!strcmp(mount->mnt_type, "cgroup") && slash)
			hierarchy = slash + 1;
		else
			continue;
		if (fnmatch(pattern, hierarchy, 0) == 0)
			folder_walk(mount->mnt_dir, MOST_FOLDERS, put_path,
				    &(struct search){to, start, hierarchy, id});
	}
	endmntent(mounts);
}
