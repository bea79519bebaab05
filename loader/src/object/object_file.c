#include "object/object_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/memory.h"

/* Where reading gives up; elf_read says that the object is too large. */
#define MAX_READ (MF_MAX_FILE_BYTES + 1)

int object_file_check(struct object_file *object, uint8_t *bytes, size_t size,
		      struct failure *failure)
{
	memset(object, 0, sizeof(*object));
	object->bytes = bytes;
	object->size = size;
	if (elf_read(&object->elf, bytes, size, failure) == STATUS_OK &&
	    manifest_read(&object->elf, &object->manifest, failure) == STATUS_OK)
		effects_find(&object->elf, object->manifest, &object->effects, failure);
	return failure->status;
}

/* Reads rather than maps: a file that is cut while it is used must not end us by a signal. */
static uint8_t *read_bytes(int fd, size_t *size)
{
	size_t room = 64 * 1024, length = 0;
	uint8_t *bytes = memory_bytes(room);
	ssize_t got;

	while ((got = read(fd, bytes + length, room - length)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(bytes);
			return NULL;
		}
		length += (size_t)got;
		if (length >= MAX_READ)
			break;
		if (length == room)
			bytes = memory_resize(bytes, room *= 2, 1);
	}
	*size = length;
	return bytes;
}

/* An object that `bpfscript` has handed down is none of the programs' that we start. */
static void keep_from_children(const char *path)
{
	int fd, end = 0;

	if (sscanf(path, "/proc/self/fd/%d%n", &fd, &end) == 1 && !path[end] && fd > STDERR_FILENO)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int object_file_read(struct object_file *object, const char *path, struct failure *failure)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes;
	size_t size;
	int error;

	memset(object, 0, sizeof(*object));
	if (fd < 0)
		return fail(failure, STATUS_FAILED, "cannot open it: %s", strerror(errno));
	keep_from_children(path);
	bytes = read_bytes(fd, &size);
	error = errno;
	close(fd);
	if (!bytes)
		return fail(failure, STATUS_FAILED, "cannot read it: %s", strerror(error));
	return object_file_check(object, bytes, size, failure);
}

void object_file_free(struct object_file *object)
{
	manifest_free(object->manifest);
	elf_free(&object->elf);
	free(object->bytes);
	memset(object, 0, sizeof(*object));
}
