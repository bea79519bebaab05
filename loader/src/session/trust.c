#include "session/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/memory.h"
#include "object/signature.h"

/* Keys, signatures and policies are small. */
#define MOST_BYTES (64u << 10)

struct keys {
	const char *place;
	bool of_root;
	struct public_key *items;
	size_t count, room;
};

/* Without links, where only root may write. */
static int open_own(const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)(O_RDONLY | O_CLOEXEC | O_NOCTTY | flags),
			       .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static int refuse_owner(const char *path, int fd, struct failure *failure)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return fail(failure, STATUS_OBJECT, "cannot read %s: %s", path, strerror(errno));
	if (info.st_uid != 0)
		return fail(failure, STATUS_OBJECT, "%s belongs to user %u, and not to root", path,
			    info.st_uid);
	if (info.st_mode & (S_IWGRP | S_IWOTH))
		return fail(failure, STATUS_OBJECT, "%s can be written by others than root", path);
	return STATUS_OK;
}

/* The folder that a file is in, which could be put in its place. */
static int check_folder(const char *path, struct failure *failure)
{
	char *folder = memory_text(path), *slash = strrchr(folder, '/');
	int fd;

	if (slash)
		slash[slash == folder] = '\0';
	fd = open_own(slash ? folder : ".", O_DIRECTORY);
	if (fd >= 0) {
		refuse_owner(slash ? folder : ".", fd, failure);
		close(fd);
	}
	free(folder);
	return failure->status;
}

/* Takes the descriptor over. NULL with errno. */
static char *read_all(int fd, size_t *size)
{
	char *text = memory_bytes(MOST_BYTES + 1);
	ssize_t got = 1;

	for (*size = 0; got > 0 && *size<MOST_BYTES; *size += got> 0 ? (size_t)got : 0)
		got = read(fd, text + *size, MOST_BYTES - *size);
	if (*size == MOST_BYTES) {
		got = -1;
		errno = EFBIG;
	}
	close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[*size] = '\0';
	return text;
}

char *trust_read_file(const char *path, struct failure *failure)
{
	int fd = open_own(path, O_NONBLOCK);
	char *text = NULL;
	size_t size;

	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0) {
		fail(failure, STATUS_OBJECT, "cannot read %s: %s%s", path, strerror(errno),
		     errno == ELOOP ? " (it is, or leads through, one)" : "");
		return NULL;
	}
	if (refuse_owner(path, fd, failure) != STATUS_OK ||
	    check_folder(path, failure) != STATUS_OK) {
		close(fd);
		return NULL;
	}
	text = read_all(fd, &size);
	if (!text)
		fail(failure, STATUS_OBJECT, "cannot read %s: %s", path, strerror(errno));
	return text;
}

static int add_key(struct keys *keys, const char *path, struct failure *failure)
{
	int fd = keys->of_root ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct public_key key;
	const char *wrong;
	size_t size;
	char *text = keys->of_root ? trust_read_file(path, failure)
		     : fd >= 0	   ? read_all(fd, &size)
				   : NULL;

	if (failure->status)
		return failure->status;
	if (!text)
		return fail(failure, STATUS_USAGE, "cannot read key %s: %s", path, strerror(errno));
	wrong = public_key_read(&key, text);
	free(text);
	if (wrong)
		return fail(failure, STATUS_USAGE, "%s is no key: %s", path, wrong);
	memory_grow(keys->items, keys->count, keys->room);
	keys->items[keys->count++] = key;
	return STATUS_OK;
}

static bool is_key_file(const char *name)
{
	size_t length = strlen(name);

	return length > 4 && name[0] != '.' && strcmp(name + length - 4, ".pub") == 0;
}

static int read_keys(struct keys *keys, struct failure *failure)
{
	DIR *folder = opendir(keys->place);
	const struct dirent *entry;

	if (!folder)
		return errno == ENOTDIR ? add_key(keys, keys->place, failure)
					: fail(failure, STATUS_USAGE, "cannot read keys %s: %s",
					       keys->place, strerror(errno));
	while (!failure->status && (entry = readdir(folder))) {
		char *path;

		if (!is_key_file(entry->d_name))
			continue;
		path = memory_format("%s/%s", keys->place, entry->d_name);
		add_key(keys, path, failure);
		free(path);
	}
	closedir(folder);
	if (!failure->status && !keys->count)
		return fail(failure, STATUS_USAGE, "%s has no keys (files *.pub)", keys->place);
	return failure->status;
}

static const struct public_key *find_key(const struct keys *keys, const uint8_t *bytes)
{
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->items[i].bytes, bytes, KEY_SIZE) == 0)
			return &keys->items[i];
	return NULL;
}

static bool has_passed(uint64_t not_after)
{
	return not_after && (uint64_t)time(NULL) > not_after;
}

static int check(const struct signature *signature, const struct object_file *object,
		 const struct keys *keys, struct failure *failure)
{
	const struct public_key *key = find_key(keys, signature->key);
	char name[KEY_NAME_SIZE], until[32];

	key_name(signature->key, name);
	if (!key)
		return fail(failure, STATUS_OBJECT, "it is signed with key %s, which is not in %s",
			    name, keys->place);
	if (!signature_is_of(signature, &object->elf))
		return fail(failure, STATUS_OBJECT, "its signature does not belong to its bytes");
	if (has_passed(key->not_after)) {
		put_time(until, sizeof(until), key->not_after);
		return fail(failure, STATUS_OBJECT, "key %s does not count after %s", name, until);
	}
	if (has_passed(signature->not_after)) {
		put_time(until, sizeof(until), signature->not_after);
		return fail(failure, STATUS_OBJECT, "its signature does not count after %s", until);
	}
	return STATUS_OK;
}

static char *read_beside(const char *path, size_t *size)
{
	char *name = memory_format("%s.sig", path);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	free(name);
	return fd < 0 ? NULL : read_all(fd, size);
}

int trust_check(const struct object_file *object, const char *path, const char *place, bool of_root,
		struct failure *failure)
{
	struct keys keys = {.place = place, .of_root = of_root};
	size_t size;
	const uint8_t *bytes = signature_section(&object->elf, &size);
	char *beside = bytes ? NULL : read_beside(path, &size);
	struct signature signature;

	if (!bytes)
		bytes = (const uint8_t *)beside;
	if (!bytes)
		fail(failure, STATUS_OBJECT, "it is not signed, and only signed objects run here");
	else if (!signature_read(&signature, bytes, size))
		fail(failure, STATUS_OBJECT, "its signature is damaged");
	else if (read_keys(&keys, failure) == STATUS_OK)
		check(&signature, object, &keys, failure);
	free(keys.items);
	free(beside);
	return failure->status;
}
