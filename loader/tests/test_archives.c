/* Programs inside of archives: functions are where their bytes stand in the archive. It is made of
 * this very program, whose functions are in memory, too. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "binary/file_view.h"
#include "binary/symbol.h"
#include "binary/zip_member.h"
#include "check.h"
#include "folder.h"

#define LOCAL_SIZE 30
#define ENTRY_SIZE 46
#define END_SIZE 22

int bpfload_archived_one(int number);
int bpfload_archived_two(int number);

__attribute__((noinline, used)) int bpfload_archived_one(int number)
{
	return number * 17 + 3;
}

__attribute__((noinline, used)) int bpfload_archived_two(int number)
{
	return number * 91 - 8;
}

static void put16(struct strbuf *to, uint16_t value)
{
	strbuf_put(to, &value, sizeof(value));
}

static void put32(struct strbuf *to, uint32_t value)
{
	strbuf_put(to, &value, sizeof(value));
}

/* What both heads of a member have: from its flags to the length of what is behind its name. */
static void put_member(struct strbuf *to, uint16_t method, uint32_t size, const char *name)
{
	put16(to, 0);
	put16(to, method);
	put32(to, 0);
	put32(to, 0);
	put32(to, size);
	put32(to, size);
	put16(to, (uint16_t)strlen(name));
	put16(to, 0);
}

struct member {
	const char *name;
	const void *bytes;
	uint32_t size;
	/* 0: as it is; 8: compressed. */
	uint16_t method;
	uint32_t at;
};

static void make_archive(struct strbuf *to, struct member *members, uint32_t count)
{
	uint32_t directory;

	for (uint32_t i = 0; i < count; i++) {
		members[i].at = (uint32_t)to->length;
		strbuf_put(to, "PK\3\4", 4);
		put16(to, 10);
		put_member(to, members[i].method, members[i].size, members[i].name);
		strbuf_text(to, members[i].name);
		strbuf_put(to, members[i].bytes, members[i].size);
	}
	directory = (uint32_t)to->length;
	for (uint32_t i = 0; i < count; i++) {
		strbuf_put(to, "PK\1\2", 4);
		put16(to, 10);
		put16(to, 10);
		put_member(to, members[i].method, members[i].size, members[i].name);
		/* No comment; disk, attributes. */
		put16(to, 0);
		put16(to, 0);
		put16(to, 0);
		put32(to, 0);
		put32(to, members[i].at);
		strbuf_text(to, members[i].name);
	}
	put32(to, 0x06054b50);
	put16(to, 0);
	put16(to, 0);
	put16(to, (uint16_t)count);
	put16(to, (uint16_t)count);
	put32(to, (uint32_t)to->length - directory - 12);
	put32(to, directory);
	put16(to, 0);
}

static void read_own(struct strbuf *to)
{
	FILE *file = fopen("/proc/self/exe", "r");
	char chunk[65536];
	size_t got;

	while (file && (got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		strbuf_put(to, chunk, got);
	if (CHECK(file))
		fclose(file);
}

static bool is_code_of(const struct strbuf *archive, uint64_t offset, int (*function)(int))
{
	return offset + 12 <= archive->length &&
	       memcmp(archive->data + offset, (const void *)(uintptr_t)function, 12) == 0;
}

static void functions(const struct strbuf *archive, const char *path)
{
	struct binary_query query = {.function = "bpfload_archived_two"};
	struct binary_function *found;
	struct arena arena = {0};
	uint64_t offset;
	size_t count;

	CHECK(binary_symbol_find(path, &query, &offset) == BINARY_SYMBOL_FOUND);
	CHECK(is_code_of(archive, offset, bpfload_archived_two));
	query.function = "bpfload_archived_*";
	CHECK(binary_symbol_match(&arena, path, &query, &found, &count) == BINARY_SYMBOL_FOUND);
	if (CHECK(count == 2))
		for (size_t i = 0; i < 2; i++)
			CHECK(is_code_of(archive, found[i].offset,
					 strcmp(found[i].name, "bpfload_archived_one") == 0
						 ? bpfload_archived_one
						 : bpfload_archived_two));
	free(found);
	query.function = "bpfload_archived_none";
	CHECK(binary_symbol_find(path, &query, &offset) == BINARY_SYMBOL_UNKNOWN);
	arena_free(&arena);
}

static bool find(const struct strbuf *archive, size_t size, const char *name, uint64_t *offset,
		 uint64_t *length)
{
	struct file_view *view = file_view_of_bytes(archive->data, size);
	bool found = zip_member_find(view, name, offset, length);

	file_view_close(view);
	return found;
}

static void members(void)
{
	struct member parts[] = {{"a", "first", 5, 0, 0},
				 {"empty", "", 0, 0, 0},
				 {"packed", "xyz", 3, 8, 0},
				 {"lib/a", "second", 6, 0, 0}};
	struct strbuf archive = {0}, damaged = {0};
	uint64_t offset, length;
	size_t directory, at;

	make_archive(&archive, parts, 4);
	CHECK(find(&archive, archive.length, "a", &offset, &length) && length == 5 &&
	      memcmp(archive.data + offset, "first", 5) == 0);
	CHECK(find(&archive, archive.length, "lib/a", &offset, &length) && length == 6 &&
	      memcmp(archive.data + offset, "second", 6) == 0);
	CHECK(!find(&archive, archive.length, "packed", &offset, &length) &&
	      !find(&archive, archive.length, "lib", &offset, &length) &&
	      !find(&archive, archive.length, "ib/a", &offset, &length) &&
	      !find(&archive, archive.length, "", &offset, &length));
	/* An end that is cut off, and a directory with a name that goes on behind it. */
	CHECK(!find(&archive, archive.length - 1, "a", &offset, &length));
	directory = archive.length - END_SIZE - 4 * ENTRY_SIZE - strlen("aemptypackedlib/a");
	CHECK(memcmp(archive.data + directory, "PK\1\2", 4) == 0);
	at = directory + 2 * ENTRY_SIZE + strlen("aempty");
	CHECK(memcmp(archive.data + at, "PK\1\2", 4) == 0);
	strbuf_put(&damaged, archive.data, archive.length);
	memset(damaged.data + at + 28, 0xff, 2);
	CHECK(find(&damaged, damaged.length, "a", &offset, &length));
	CHECK(!find(&damaged, damaged.length, "lib/a", &offset, &length) &&
	      !find(&damaged, damaged.length, "packed", &offset, &length));
	/* What is no entry ends it. */
	memcpy(damaged.data, archive.data, archive.length);
	damaged.data[at] = 'X';
	CHECK(find(&damaged, damaged.length, "a", &offset, &length) &&
	      !find(&damaged, damaged.length, "lib/a", &offset, &length));
	/* An entry whose bytes are not those of a member. */
	memcpy(damaged.data, archive.data, archive.length);
	damaged.data[parts[3].at] = 'X';
	CHECK(!find(&damaged, damaged.length, "lib/a", &offset, &length));
	strbuf_free(&damaged);
	strbuf_free(&archive);
}

int main(void)
{
	struct strbuf own = {0}, archive = {0};
	struct member parts[2];
	char path[128];
	FILE *file;

	CHECK(mkdtemp(folder));
	read_own(&own);
	parts[0] = (struct member){"assets/x", "some bytes before", 17, 0, 0};
	parts[1] = (struct member){"lib/own", own.data, (uint32_t)own.length, 0, 0};
	make_archive(&archive, parts, 2);
	file = fopen(at("app.zip"), "w");
	CHECK(file && fwrite(archive.data, 1, archive.length, file) == archive.length);
	fclose(file);
	CHECK(bpfload_archived_one(1) == 20 && bpfload_archived_two(1) == 83);
	snprintf(path, sizeof(path), "%s!/lib/own", at("app.zip"));
	functions(&archive, path);
	members();
	strbuf_free(&own);
	strbuf_free(&archive);
	unlink(at("app.zip"));
	CHECK(rmdir(folder) == 0);
	return check_result("archives");
}
