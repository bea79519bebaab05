#include "binary/zip_member.h"

#include <string.h>

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

static bool is_record(const uint8_t *bytes, size_t size, uint64_t at, uint32_t signature,
		      uint32_t length)
{
	return within(at, length, size) && read_u32(bytes + at) == signature;
}

/* The record at the end, which says where the directory is. */
static bool find_end(const uint8_t *bytes, size_t size, uint64_t *at)
{
	if (size < END_SIZE)
		return false;
	for (uint64_t back = END_SIZE; back <= size && back <= END_SIZE + COMMENT_MAX; back++) {
		*at = size - back;
		if (is_record(bytes, size, *at, END_SIGNATURE, END_SIZE))
			return true;
	}
	return false;
}

bool zip_member_find(const uint8_t *bytes, size_t size, const char *name, uint64_t *offset,
		     uint64_t *length)
{
	uint64_t end, at;
	uint32_t count;

	if (!find_end(bytes, size, &end))
		return false;
	count = read_u16(bytes + end + 10);
	at = read_u32(bytes + end + 16);
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *entry = bytes + at;
		uint32_t name_length;
		uint64_t local;

		if (!is_record(bytes, size, at, ENTRY_SIGNATURE, ENTRY_SIZE))
			return false;
		name_length = read_u16(entry + 28);
		at += ENTRY_SIZE + name_length + read_u16(entry + 30) + read_u16(entry + 32);
		if (!within((uint64_t)(entry - bytes) + ENTRY_SIZE, name_length, size))
			return false;
		if (name_length != strlen(name) ||
		    memcmp(entry + ENTRY_SIZE, name, name_length) != 0)
			continue;
		local = read_u32(entry + 42);
		*length = read_u32(entry + 24);
		if (read_u16(entry + 10) != STORED ||
		    !is_record(bytes, size, local, LOCAL_SIGNATURE, LOCAL_SIZE))
			return false;
		*offset = local + LOCAL_SIZE + read_u16(bytes + local + 26) +
			  read_u16(bytes + local + 28);
		return within(*offset, *length, size);
	}
	return false;
}
