#include "binary/zip_member.h"

#include <string.h>

#include "binary/file_view.h"
#include "object/elf_file.h"

/* Records of the format (APPNOTE.TXT 4.3): signature, and bytes before what varies in length. */
#define END_SIGNATURE 0x06054b50u
#define END_SIZE 22
#define ENTRY_SIGNATURE 0x02014b50u
#define ENTRY_SIZE 46
#define LOCAL_SIGNATURE 0x04034b50u
#define LOCAL_SIZE 30
/* Longest comment behind the end record. */
#define COMMENT_MAX 0xffff
#define STORED 0

static bool is_record(const uint8_t *bytes, uint32_t signature)
{
	return bytes && read_u32(bytes) == signature;
}

/* The record at the end, which says where the directory is. */
static const uint8_t *find_end(struct file_view *archive)
{
	uint64_t size = END_SIZE + COMMENT_MAX;
	const uint8_t *bytes;

	if (size > archive->size)
		size = archive->size;
	if (size < END_SIZE)
		return NULL;
	bytes = file_view_range(archive, archive->size - size, size);
	if (!bytes)
		return NULL;
	for (uint64_t at = size - END_SIZE;; at--) {
		if (is_record(bytes + at, END_SIGNATURE))
			return bytes + at;
		if (!at)
			return NULL;
	}
}

/* Where the bytes of an entry of the directory begin and end. */
static bool find_bytes(struct file_view *archive, const uint8_t *entry, uint64_t *offset,
		       uint64_t *length)
{
	uint64_t at = read_u32(entry + 42);
	const uint8_t *local = file_view_range(archive, at, LOCAL_SIZE);

	*length = read_u32(entry + 24);
	if (read_u16(entry + 10) != STORED || !is_record(local, LOCAL_SIGNATURE))
		return false;
	*offset = at + LOCAL_SIZE + read_u16(local + 26) + read_u16(local + 28);
	return within(*offset, *length, archive->size);
}

bool zip_member_find(struct file_view *archive, const char *name, uint64_t *offset,
		     uint64_t *length)
{
	const uint8_t *end = find_end(archive), *directory;
	uint64_t size, at = 0;
	uint32_t count;

	if (!end)
		return false;
	count = read_u16(end + 10);
	size = read_u32(end + 12);
	directory = file_view_range(archive, read_u32(end + 16), size);
	for (uint32_t i = 0; directory && i < count; i++) {
		const uint8_t *entry = directory + at;
		uint32_t name_length;

		if (!within(at, ENTRY_SIZE, size) || !is_record(entry, ENTRY_SIGNATURE))
			return false;
		name_length = read_u16(entry + 28);
		if (!within(at + ENTRY_SIZE, name_length, size))
			return false;
		at += ENTRY_SIZE + name_length + read_u16(entry + 30) + read_u16(entry + 32);
		if (name_length == strlen(name) &&
		    memcmp(entry + ENTRY_SIZE, name, name_length) == 0)
			return find_bytes(archive, entry, offset, length);
	}
	return false;
}
