#include "binary/file_view.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"
#include "binary/regular_file.h"
#include "object/elf_file.h"

/* Parts of one file: readers ask for a dozen sections at most, save where a file is forged. */
#define PARTS_MAX 256
/* What is read at once for a checksum. */
#define CHUNK (256u << 10)

struct file_view *file_view_of(int fd)
{
	struct file_view *view;
	struct stat info;
	int error;

	if (fstat(fd, &info) != 0 || info.st_size <= 0) {
		error = errno;
		close(fd);
		errno = error;
		return NULL;
	}
	view = memory_zeroed(sizeof(*view));
	view->fd = fd;
	view->size = (uint64_t)info.st_size;
	return view;
}

struct file_view *file_view_open(const char *path)
{
	int fd = regular_file_open(path);

	return fd < 0 ? NULL : file_view_of(fd);
}

struct file_view *file_view_of_bytes(const void *bytes, size_t size)
{
	struct file_view *view = memory_zeroed(sizeof(*view));

	view->fd = -1;
	view->bytes = bytes;
	view->size = size;
	return view;
}

static bool read_all(const struct file_view *view, uint8_t *bytes, uint64_t offset, uint64_t size)
{
	uint64_t held = 0;

	while (held < size) {
		ssize_t got = pread(view->fd, bytes + held, size - held,
				    (off_t)(view->base + offset + held));

		if (got < 0 && errno == EINTR)
			continue;
		/* Its file is shorter by now. */
		if (got <= 0)
			return false;
		held += (uint64_t)got;
	}
	return true;
}

static const uint8_t *read_part(struct file_view *view, uint64_t offset, uint64_t size)
{
	struct file_part part = {.offset = offset, .size = size};

	if (view->fd < 0 || view->count == PARTS_MAX || !budget_take(&view->budget, size))
		return NULL;
	part.bytes = memory_try_bytes(size);
	if (!part.bytes || !read_all(view, part.bytes, offset, size) ||
	    !memory_try_grow(view->parts, view->count, view->room)) {
		free(part.bytes);
		budget_give(&view->budget, size);
		return NULL;
	}
	view->parts[view->count++] = part;
	return part.bytes;
}

const uint8_t *file_view_range(struct file_view *view, uint64_t offset, uint64_t size)
{
	static const uint8_t nothing[1];

	if (!within(offset, size, view->size))
		return NULL;
	if (view->bytes)
		return view->bytes + offset;
	if (!size)
		return nothing;
	for (size_t i = 0; i < view->count; i++) {
		const struct file_part *part = &view->parts[i];

		if (offset >= part->offset && within(offset - part->offset, size, part->size))
			return part->bytes + (offset - part->offset);
	}
	return read_part(view, offset, size);
}

void file_view_forget(struct file_view *view, const uint8_t *bytes)
{
	for (size_t i = 0; i < view->count; i++) {
		if (view->parts[i].bytes != bytes)
			continue;
		budget_give(&view->budget, view->parts[i].size);
		free(view->parts[i].bytes);
		view->parts[i] = view->parts[--view->count];
		return;
	}
}

bool file_view_checksum(const struct file_view *view, uint32_t *checksum)
{
	uint8_t *chunk = memory_bytes(CHUNK);
	bool ok = view->fd >= 0 && view->size <= budget_of_file();
	uLong sum = crc32_z(0, NULL, 0);

	for (uint64_t at = 0; ok && at < view->size; at += CHUNK) {
		if (budget_is_late()) {
			budget_exceed();
			ok = false;
			break;
		}

		uint64_t size = view->size - at < CHUNK ? view->size - at : CHUNK;

		ok = read_all(view, chunk, at, size);
		sum = crc32_z(sum, chunk, size);
	}
	free(chunk);
	*checksum = (uint32_t)sum;
	return ok;
}

bool file_view_narrow(struct file_view *view, uint64_t offset, uint64_t size)
{
	if (!within(offset, size, view->size))
		return false;
	while (view->count)
		file_view_forget(view, view->parts[0].bytes);
	view->base += offset;
	view->size = size;
	return true;
}

void file_view_detach(struct file_view *view)
{
	if (view->fd >= 0)
		close(view->fd);
	view->fd = -1;
}

void file_view_close(struct file_view *view)
{
	if (!view)
		return;
	while (view->count)
		file_view_forget(view, view->parts[0].bytes);
	file_view_detach(view);
	free(view->parts);
	free(view);
}
