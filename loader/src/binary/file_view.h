/*
 * Parts of a file of the host, read into memory of ours. Whoever may write to the file can change
 * or cut it at any time: a mapping of it would change under our hands, or end us with SIGBUS. A
 * part that was read stays as it was read.
 */
#ifndef BPFLOAD_FILE_VIEW_H
#define BPFLOAD_FILE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binary/budget.h"

struct file_part {
	uint64_t offset, size;
	uint8_t *bytes;
};

struct file_view {
	/* -1: nothing more can be read. */
	int fd;
	/* Where the view begins in the file: that of a member of an archive does not at 0. */
	uint64_t base;
	uint64_t size;
	/* All of it, where it is no file. */
	const uint8_t *bytes;
	struct file_part *parts;
	size_t count, room;
	struct budget budget;
};

/* NULL with errno; ENOEXEC: it is no regular file, or empty. */
struct file_view *file_view_open(const char *path);

/* Of an open regular file, which the view takes over. NULL with errno. */
struct file_view *file_view_of(int fd);

/* Of bytes that are no file; they must outlive the view. */
struct file_view *file_view_of_bytes(const void *bytes, size_t size);

/* Bytes of the view, which live as long as it. NULL where they are not there, or too many. */
const uint8_t *file_view_range(struct file_view *view, uint64_t offset, uint64_t size);

/* Forgets a part that file_view_range gave. */
void file_view_forget(struct file_view *view, const uint8_t *bytes);

/* The CRC-32 of the whole view, which is not kept. False where it is too large. */
bool file_view_checksum(const struct file_view *view, uint32_t *checksum);

/* Leaves a part of the file in the view: a member of an archive. False: it is not within it. */
bool file_view_narrow(struct file_view *view, uint64_t offset, uint64_t size);

/* Lets the file go; what was read stays. */
void file_view_detach(struct file_view *view);

void file_view_close(struct file_view *view);

#endif
