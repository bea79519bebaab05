/* Files inside of zip archives, such as libraries in Android packages. Nothing in an archive is
 * trusted. */
#ifndef BPFLOAD_ZIP_MEMBER_H
#define BPFLOAD_ZIP_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_view;

/* What stands between the archive's path and the member's: `app.apk!/lib/x.so`. */
#define ZIP_SEPARATOR "!/"

/*
 * Where the bytes of a member stand in the archive. False when there is none of that name, or it is
 * compressed: only stored members can be mapped as code.
 */
bool zip_member_find(struct file_view *archive, const char *name, uint64_t *offset,
		     uint64_t *length);

#endif
