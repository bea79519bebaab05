#include "host/containers.h"

#include <dirent.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/folder_walk.h"

/* Cgroups that are remembered; folders that one walk looks at, and names of one folder of logs. */
#define MOST_KNOWN 16384
#define MOST_FOLDERS 100000
#define MOST_LOGS 100000
/* Longer paths are those of processes that want to be seen: their cgroups stay numbers. */
#define MOST_PATH 1024
/* The kubelet makes its links when a container runs already. */
#define MOST_TRIES 4

struct containers {
	/* Owned; NULL: what the host has. */
	char *cgroups, *logs;
	/* In the order of their ids. */
	struct container *list;
	size_t count, room;
};

static char *text_or_null(const char *text)
{
	return text ? memory_text(text) : NULL;
}

struct containers *containers_open(const struct container_places *places)
{
	struct containers *containers = memory_zeroed(sizeof(*containers));

	containers->cgroups = text_or_null(places ? places->cgroups : NULL);
	containers->logs = memory_text(places && places->logs ? places->logs : "/var/log");
	return containers;
}

static void drop(struct container *container)
{
	free(container->path);
	free(container->name);
	free(container->pod);
	free(container->name_space);
}

void containers_close(struct containers *containers)
{
	if (!containers)
		return;
	for (size_t i = 0; i < containers->count; i++)
		drop(&containers->list[i]);
	free(containers->list);
	free(containers->cgroups);
	free(containers->logs);
	free(containers);
}

static int by_number(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static int by_id(const void *left, const void *right)
{
	const struct container *a = left, *b = right;

	return by_number(&a->id, &b->id);
}

static struct container *find(const struct containers *containers, size_t count, uint64_t id)
{
	struct container wanted = {.id = id};

	return count ? bsearch(&wanted, containers->list, count, sizeof(wanted), by_id) : NULL;
}

const struct container *containers_find(const struct containers *containers, uint64_t id)
{
	return find(containers, containers->count, id);
}

/* Where the hierarchy of version 2 is mounted first, to be freed; NULL: nowhere. */
static char *cgroup_mount(const struct containers *containers)
{
	FILE *mounts;
	struct mntent *mount;
	char *found = NULL;

	if (containers->cgroups)
		return memory_text(containers->cgroups);
	mounts = setmntent("/proc/self/mounts", "re");
	if (!mounts)
		return NULL;
	while (!found && (mount = getmntent(mounts)))
		if (strcmp(mount->mnt_type, "cgroup2") == 0)
			found = memory_text(mount->mnt_dir);
	endmntent(mounts);
	return found;
}

/* The folder of a cgroup has its id as inode number (fs/kernfs/dir.c, __kernfs_new_node). */
static bool note_path(const char *path, uint64_t inode, void *context)
{
	struct containers *containers = context;
	struct container *container = find(containers, containers->count, inode);

	if (container && !container->path && strlen(path) <= MOST_PATH) {
		container->path = memory_text(*path ? path : "/");
		container_path_read(&container->named, container->path);
	}
	return true;
}

static void find_paths(struct containers *containers)
{
	char *mount = cgroup_mount(containers);

	if (mount)
		folder_walk(mount, MOST_FOLDERS, note_path, containers);
	free(mount);
}

/* A name of Kubernetes: a DNS label or subdomain. */
static bool is_name(const char *text, size_t length)
{
	if (!length || length > 253)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
		      text[i] == '-' || text[i] == '.'))
			return false;
	return true;
}

/* Where `tail` is the end of the text: the length of what stands before it; else 0. */
static size_t length_before(const char *text, const char *tail)
{
	size_t length = strlen(text), tail_length = strlen(tail);

	return length > tail_length && strcmp(text + length - tail_length, tail) == 0
		       ? length - tail_length
		       : 0;
}

static bool wants_names(const struct container *container)
{
	return container->path && !container->named.is_of_user && container->tries < MOST_TRIES &&
	       ((container->named.pod[0] && !container->pod) ||
		(container->named.id[0] && !container->name));
}

/* NAMESPACE_POD_UID: a folder for each pod (BuildPodLogsDirectory, pkg/kubelet/kuberuntime). */
static void name_pod(struct container *container, const char *file)
{
	size_t before = container->named.pod[0] ? length_before(file, container->named.pod) : 0;
	const char *pod;

	/* The names, and the _ before the UID. */
	if (before < 4 || file[before - 1] != '_' || container->pod)
		return;
	pod = memchr(file, '_', before - 1);
	if (!pod || !is_name(file, (size_t)(pod - file)) ||
	    !is_name(pod + 1, (size_t)(file + before - 1 - (pod + 1))))
		return;
	container->name_space = memory_text_of(file, (size_t)(pod - file));
	container->pod = memory_text_of(pod + 1, (size_t)(file + before - 1 - (pod + 1)));
}

/* POD_NAMESPACE_CONTAINER-ID.log: a link for each container (legacySymlink, in the same place). */
static void name_container(struct container *container, const char *file)
{
	char tail[CONTAINER_ID_MAX + 8];
	const char *name_space, *name, *end;
	size_t before;

	if (!container->named.id[0] || container->name)
		return;
	snprintf(tail, sizeof(tail), "-%s.log", container->named.id);
	before = length_before(file, tail);
	end = file + before;
	name_space = before ? memchr(file, '_', before) : NULL;
	name = name_space ? memchr(name_space + 1, '_', (size_t)(end - name_space) - 1) : NULL;
	if (!name || !is_name(file, (size_t)(name_space - file)) ||
	    !is_name(name_space + 1, (size_t)(name - name_space) - 1) ||
	    !is_name(name + 1, (size_t)(end - name) - 1))
		return;
	container->name = memory_text_of(name + 1, (size_t)(end - name) - 1);
	if (container->pod)
		return;
	container->pod = memory_text_of(file, (size_t)(name_space - file));
	container->name_space = memory_text_of(name_space + 1, (size_t)(name - name_space) - 1);
}

static void read_logs(struct containers *containers, const char *kind, struct container **wanting,
		      size_t count, void (*name)(struct container *container, const char *file))
{
	char *path = memory_format("%s/%s", containers->logs, kind);
	DIR *folder = opendir(path);
	struct dirent *entry;

	for (size_t i = 0; folder && i < MOST_LOGS && (entry = readdir(folder)); i++)
		for (size_t j = 0; j < count; j++)
			name(wanting[j], entry->d_name);
	if (folder)
		closedir(folder);
	free(path);
}

/* Names are compared with each of those that lack one: this many at a time. */
#define MOST_WANTING 256

static void find_names(struct containers *containers)
{
	struct container **wanting = memory_array(MOST_WANTING, sizeof(struct container *));
	size_t count = 0;

	for (size_t i = 0; i < containers->count && count < MOST_WANTING; i++)
		if (wants_names(&containers->list[i])) {
			containers->list[i].tries++;
			wanting[count++] = &containers->list[i];
		}
	if (count) {
		read_logs(containers, "pods", wanting, count, name_pod);
		read_logs(containers, "containers", wanting, count, name_container);
	}
	free(wanting);
}

/* Sorted, each once; gives how many. */
static size_t sort_ids(uint64_t *ids, size_t count)
{
	size_t kept = 0;

	qsort(ids, count, sizeof(*ids), by_number);
	for (size_t i = 0; i < count; i++)
		if (!kept || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	return kept;
}

/* Forgets those that are not among the ids. */
static void forget(struct containers *containers, const uint64_t *ids, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < containers->count; i++)
		if (bsearch(&containers->list[i].id, ids, count, sizeof(*ids), by_number))
			containers->list[kept++] = containers->list[i];
		else
			drop(&containers->list[i]);
	containers->count = kept;
}

void containers_learn(struct containers *containers, const uint64_t *ids, size_t count)
{
	uint64_t *sorted = memory_array(count + 1, sizeof(*sorted));
	size_t known, fresh = 0;

	if (count)
		memcpy(sorted, ids, count * sizeof(*sorted));
	count = sort_ids(sorted, count);
	for (size_t i = 0; i < count; i++)
		fresh += !containers_find(containers, sorted[i]);
	if (fresh && containers->count + fresh > MOST_KNOWN)
		forget(containers, sorted, count);
	known = containers->count;
	for (size_t i = 0; fresh && i < count && containers->count < MOST_KNOWN; i++) {
		if (find(containers, known, sorted[i]))
			continue;
		memory_grow(containers->list, containers->count, containers->room);
		containers->list[containers->count++] = (struct container){.id = sorted[i]};
	}
	free(sorted);
	if (containers->count > known) {
		qsort(containers->list, containers->count, sizeof(*containers->list), by_id);
		find_paths(containers);
	}
	find_names(containers);
}
