#include "host/cgroups.h"

#include <fnmatch.h>
#include <fts.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The folder of a cgroup has its id as inode number (fs/kernfs/dir.c, __kernfs_new_node). */
static void put_path(struct strbuf *to, size_t start, const char *hierarchy, const char *mount,
		     uint64_t id)
{
	char *const paths[] = {(char *)mount, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *entry;

	if (!tree)
		return;
	while ((entry = fts_read(tree))) {
		if (entry->fts_info != FTS_D || entry->fts_statp->st_ino != id)
			continue;
		if (to->length > start)
			strbuf_char(to, ',');
		strbuf_text(to, hierarchy);
		strbuf_text(to, ":/");
		if (entry->fts_level > 0)
			strbuf_text(to, entry->fts_path + strlen(mount) + 1);
		break;
	}
	fts_close(tree);
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
			put_path(to, start, hierarchy, mount->mnt_dir, id);
	}
	endmntent(mounts);
}
