#include "session/permissions.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/memory.h"
#include "base/strbuf.h"

/* What --allow-write says of a path. */
struct grant {
	/* The file itself is named, or everything is allowed. */
	bool is_whole;
	/* The folder that is named; NULL: none. Links are resolved. */
	char *folder;
	/* The file's path without links in its folders; NULL: its folder is not there. */
	char *path;
};

/* The path with its folders resolved; NULL where they are not there. */
static char *resolve_folder(const char *path)
{
	char *copy = memory_text(path), *name = strrchr(copy, '/');
	char *folder, *resolved = NULL;

	if (name)
		*name++ = '\0';
	folder = realpath(name ? (*copy ? copy : "/") : ".", NULL);
	if (!name)
		name = copy;
	/* Those are folders. */
	if (folder && *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		resolved = memory_format("%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
	free(folder);
	free(copy);
	return resolved;
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

static void free_grant(struct grant *grant)
{
	free(grant->folder);
	free(grant->path);
}

/* The narrowest that covers the path. */
static struct grant find_grant(const struct options *options, const char *path)
{
	struct grant grant = {.is_whole = options->unsafe, .path = resolve_folder(path)};

	for (uint32_t i = 0; i < options->write_count && grant.path && !grant.is_whole; i++) {
		char *folder = realpath(options->write[i], NULL);
		char *file = resolve_folder(options->write[i]);
		struct stat info;

		if (folder && stat(folder, &info) == 0 && S_ISDIR(info.st_mode)) {
			if (!grant.folder && is_below(grant.path, folder)) {
				grant.folder = folder;
				folder = NULL;
			}
		} else if (file && strcmp(file, grant.path) == 0) {
			grant.is_whole = true;
		}
		free(folder);
		free(file);
	}
	return grant;
}

bool permission_to_write(const struct options *options, const char *path)
{
	struct grant grant = find_grant(options, path);
	/* A folder that is missing is told when the file is opened. */
	bool may = grant.is_whole || grant.folder;

	for (uint32_t i = 0; i < options->write_count && !grant.path; i++)
		may = may || strcmp(options->write[i], path) == 0 ||
		      is_below(path, options->write[i]);
	free_grant(&grant);
	return may;
}

bool permission_to_run(const struct options *options)
{
	return options->unsafe || options->allow_run;
}

static bool is_allowed(const struct options *options, const struct effect *effect)
{
	switch (effect_needs(effect)) {
	case MF_NEEDS_NOTHING:
		return true;
	case MF_NEEDS_RUN:
		return permission_to_run(options);
	case MF_NEEDS_WRITE:
		return permission_to_write(options, effect->what);
	case MF_NEEDS_UNSAFE:
		break;
	}
	return options->unsafe;
}

static void put_effect(struct strbuf *text, const struct effect *effect, const char *before)
{
	strbuf_text(text, before);
	strbuf_text(text, mf_effects[effect->kind].does);
	strbuf_text(text, " (");
	strbuf_text(text, effect->what);
	if (effect->who) {
		strbuf_text(text, " in ");
		strbuf_text(text, effect->who);
	}
	strbuf_char(text, ')');
}

/* The options that allow so much, each once. */
static void put_options(struct strbuf *text, const struct options *options,
			const struct effects *effects)
{
	bool runs = false, first = true;

	for (uint32_t i = 0; i < effects->count; i++)
		if (effect_needs(&effects->items[i]) == MF_NEEDS_UNSAFE) {
			strbuf_text(text, "--unsafe");
			return;
		}
	for (uint32_t i = 0; i < effects->count; i++) {
		const struct effect *effect = &effects->items[i];
		bool is_run = effect_needs(effect) == MF_NEEDS_RUN;

		if (is_allowed(options, effect) || (is_run && runs))
			continue;
		strbuf_text(text, first ? "" : " ");
		strbuf_text(text, is_run ? "--allow-run" : "--allow-write ");
		strbuf_text(text, is_run ? "" : effect->what);
		runs = runs || is_run;
		first = false;
	}
	strbuf_text(text, " (or all with --unsafe)");
}

int permissions_check(const struct object_file *object, const struct options *options,
		      struct failure *failure)
{
	const struct effects *effects = &object->effects;
	struct strbuf does = {0}, allows = {0};
	bool changes = false;

	if (options->unsafe)
		return STATUS_OK;
	for (uint32_t i = 0; i < effects->count; i++) {
		const struct effect *effect = &effects->items[i];

		changes = changes || effect_needs(effect) >= MF_NEEDS_UNSAFE ||
			  effect_needs(effect) == MF_NEEDS_RUN;
		if (!is_allowed(options, effect))
			put_effect(&does, effect, does.length ? ", " : "");
	}
	/* Of what this loader does not find. */
	if (object->manifest->unsafe && !changes)
		strbuf_text(&does, does.length ? ", changes the system, as it says itself"
					       : "changes the system, as it says itself");
	if (does.length) {
		if (object->manifest->unsafe && !changes)
			strbuf_text(&allows, "--unsafe");
		else
			put_options(&allows, options, effects);
		fail(failure, STATUS_FAILED, "the script %s: allow that with %s",
		     strbuf_c_text(&does), strbuf_c_text(&allows));
		if (effects->are_denied)
			fail_hint(
				failure,
				"Its manifest says that it changes nothing: no bpfscript built this object.");
	}
	strbuf_free(&does);
	strbuf_free(&allows);
	return failure->status;
}

/* openat2 (Linux 5.6) has no function in the C library. */
static int open_without_links(int folder, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
		.mode = flags & O_CREAT ? 0666 : 0,
		.resolve = resolve | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

/* Below a folder: what is there stays as it is. */
static int open_new(const struct grant *grant)
{
	int folder = open(grant->folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, error;
	size_t skip = strcmp(grant->folder, "/") == 0 ? 1 : strlen(grant->folder) + 1;

	if (folder < 0)
		return -1;
	fd = open_without_links(folder, grant->path + skip, O_WRONLY | O_CREAT | O_EXCL,
				RESOLVE_BENEATH);
	error = errno;
	close(folder);
	errno = error;
	return fd;
}

/* What the user names: emptied once it is known to be a file. -2: it is neither that nor a device.
 */
static int open_named(const char *path)
{
	int fd = open_without_links(AT_FDCWD, path, O_WRONLY | O_CREAT | O_NONBLOCK, 0), error = 0;
	struct stat info;

	if (fd < 0)
		return -1;
	if (fstat(fd, &info) != 0)
		error = errno;
	else if (S_ISREG(info.st_mode) && ftruncate(fd, 0) != 0)
		error = errno;
	else if (S_ISREG(info.st_mode) || S_ISCHR(info.st_mode))
		return fd;
	close(fd);
	errno = error;
	return error ? -1 : -2;
}

int permission_open(const struct options *options, const char *path, struct failure *failure)
{
	struct grant grant = find_grant(options, path);
	int fd;

	if (!grant.path) {
		fail(failure, STATUS_FAILED, "cannot open %s for writing: %s", path,
		     strerror(ENOENT));
		return -1;
	}
	if (!grant.is_whole && !grant.folder) {
		fail(failure, STATUS_FAILED,
		     "%s may not be written: --allow-write does not name it", path);
		free_grant(&grant);
		return -1;
	}
	fd = grant.is_whole ? open_named(grant.path) : open_new(&grant);
	if (fd == -2)
		fail(failure, STATUS_FAILED, "cannot open %s for writing: it is no regular file",
		     path);
	else if (fd < 0 && errno == EEXIST)
		fail(failure, STATUS_FAILED,
		     "cannot open %s for writing: it exists. Remove it, or name the file itself with --allow-write: below a folder only new files are made.",
		     path);
	else if (fd < 0 && errno == ELOOP)
		fail(failure, STATUS_FAILED,
		     "cannot open %s for writing: it is, or leads through, a symbolic link", path);
	else if (fd < 0)
		fail(failure, STATUS_FAILED, "cannot open %s for writing: %s", path,
		     strerror(errno));
	free_grant(&grant);
	return fd < 0 ? -1 : fd;
}
