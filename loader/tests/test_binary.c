/* Files and functions that uprobes name, on this very program and the C library. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binary/file_view.h"
#include "binary/files.h"
#include "binary/path.h"
#include "binary/symbol.h"
#include "binary/zip_member.h"
#include "check.h"

int binary_test_target(int value);

int binary_test_target(int value)
{
	return value + 1;
}

/* Reads the code at an offset of a file. */
static bool code_at(const char *path, uint64_t offset, const void *expected, size_t size)
{
	unsigned char bytes[64];
	FILE *file = fopen(path, "rb");
	bool same;

	if (!file)
		return false;
	same = fseek(file, (long)offset, SEEK_SET) == 0 && fread(bytes, size, 1, file) == 1 &&
	       memcmp(bytes, expected, size) == 0;
	fclose(file);
	return same;
}

static enum binary_symbol_result find(const char *path, const char *name, uint64_t offset,
				      uint64_t *file_offset)
{
	const struct binary_query query = {.function = name, .offset = offset, .unchecked = true};

	return binary_symbol_find(path, &query, file_offset);
}

static enum binary_symbol_result match(struct arena *arena, const char *path, const char *pattern,
				       struct binary_function **functions, size_t *count)
{
	const struct binary_query query = {.function = pattern};

	return binary_symbol_match(arena, path, &query, functions, count);
}

static uint64_t offset_of_target(const char *path)
{
	uint64_t offset = 0;

	CHECK(find(path, "binary_test_target", 0, &offset) == BINARY_SYMBOL_FOUND);
	return offset;
}

/* a.txt and lib/x.so stored, lib/y.so compressed; made by Python's zipfile. */
static const uint8_t archive[] = {
	0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x57,
	0xee, 0x71, 0x92, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00,
	0x61, 0x2e, 0x74, 0x78, 0x74, 0x66, 0x69, 0x72, 0x73, 0x74, 0x50, 0x4b, 0x03, 0x04, 0x14,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x0b, 0xf9, 0x43, 0x56, 0x06, 0x00,
	0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x6c, 0x69, 0x62, 0x2f, 0x78,
	0x2e, 0x73, 0x6f, 0x73, 0x74, 0x6f, 0x72, 0x65, 0x64, 0x50, 0x4b, 0x03, 0x04, 0x14, 0x00,
	0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0x92, 0x6b, 0x21, 0x03, 0x0b, 0x00, 0x00,
	0x00, 0x3c, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x6c, 0x69, 0x62, 0x2f, 0x79, 0x2e,
	0x73, 0x6f, 0x2b, 0x48, 0x4c, 0xce, 0x4e, 0x4d, 0x29, 0x20, 0x8b, 0x04, 0x00, 0x50, 0x4b,
	0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x57,
	0xee, 0x71, 0x92, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x61,
	0x2e, 0x74, 0x78, 0x74, 0x50, 0x4b, 0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x21, 0x00, 0x0b, 0xf9, 0x43, 0x56, 0x06, 0x00, 0x00, 0x00, 0x06, 0x00,
	0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80,
	0x01, 0x28, 0x00, 0x00, 0x00, 0x6c, 0x69, 0x62, 0x2f, 0x78, 0x2e, 0x73, 0x6f, 0x50, 0x4b,
	0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0x92,
	0x6b, 0x21, 0x03, 0x0b, 0x00, 0x00, 0x00, 0x3c, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01, 0x54, 0x00, 0x00, 0x00, 0x6c,
	0x69, 0x62, 0x2f, 0x79, 0x2e, 0x73, 0x6f, 0x50, 0x4b, 0x05, 0x06, 0x00, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x03, 0x00, 0x9f, 0x00, 0x00, 0x00, 0x85, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static bool find_member(const uint8_t *bytes, size_t size, const char *name, uint64_t *offset,
			uint64_t *length)
{
	struct file_view *view = file_view_of_bytes(bytes, size);
	bool found = zip_member_find(view, name, offset, length);

	file_view_close(view);
	return found;
}

static void members_of_archives(void)
{
	uint64_t offset, length;
	uint32_t random = 5;

	CHECK(find_member(archive, sizeof(archive), "lib/x.so", &offset, &length) && length == 6 &&
	      memcmp(archive + offset, "stored", 6) == 0);
	CHECK(!find_member(archive, sizeof(archive), "lib/y.so", &offset, &length));
	CHECK(!find_member(archive, sizeof(archive), "x.so", &offset, &length));
	for (size_t size = 0; size < sizeof(archive); size++) {
		uint8_t *cut = malloc(size ? size : 1);

		memcpy(cut, archive, size);
		CHECK(!find_member(cut, size, "lib/x.so", &offset, &length));
		free(cut);
	}
	for (int round = 0; round < 2000; round++) {
		uint8_t *changed = malloc(sizeof(archive));

		memcpy(changed, archive, sizeof(archive));
		for (int i = 0; i < 3; i++) {
			random = random * 1664525 + 1013904223;
			changed[(random >> 8) % sizeof(archive)] ^= (uint8_t)(random >> 4);
		}
		if (find_member(changed, sizeof(archive), "lib/x.so", &offset, &length))
			CHECK(offset + length <= sizeof(archive));
		free(changed);
	}
}

/* What was read of a file stays, whatever becomes of the file. */
static void views_of_files(void)
{
	static const char path[] = "/tmp/bpfload-test-view";
	FILE *file = fopen(path, "we");
	struct file_view *view;
	const uint8_t *bytes;
	uint32_t checksum;

	CHECK(file && fputs("0123456789", file) >= 0 && fflush(file) == 0);
	view = file_view_open(path);
	if (!CHECK(view && view->size == 10))
		return;
	bytes = file_view_range(view, 2, 5);
	CHECK(bytes && memcmp(bytes, "23456", 5) == 0);
	/* Within what was read. */
	CHECK(file_view_range(view, 3, 2) == bytes + 1);
	CHECK(!file_view_range(view, 8, 3) && !file_view_range(view, UINT64_MAX, 2));
	CHECK(file_view_checksum(view, &checksum) && checksum == 0xa684c7c6);
	CHECK(ftruncate(fileno(file), 4) == 0);
	CHECK(bytes && memcmp(bytes, "23456", 5) == 0);
	CHECK(!file_view_range(view, 5, 5) && !file_view_checksum(view, &checksum));
	/* What could not be read takes no memory. */
	CHECK(view->budget.bytes == 5);
	file_view_close(view);
	fclose(file);
	unlink(path);
	CHECK(!file_view_open("/dev/null") && errno == ENOEXEC);
	CHECK(mkfifo(path, 0600) == 0 && !file_view_open(path) && errno == ENOEXEC);
	unlink(path);
	CHECK(!file_view_open("/nonexistent") && errno == ENOENT);
}

static const char *path_of(struct arena *arena, const char *name)
{
	struct binary_file file;

	return binary_path_find(arena, name, 0, &file) ? file.path : NULL;
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static bool holds(const char *path, const char *text)
{
	char found[16] = "";
	FILE *file = path ? fopen(path, "re") : NULL;

	if (!file)
		return false;
	CHECK(fgets(found, sizeof(found), file));
	fclose(file);
	return strcmp(found, text) == 0;
}

/* Links of the kernel lead to the file itself, whatever its name leads to. */
static void paths_of_processes(struct arena *arena)
{
	static const char path[] = "/tmp/bpfload-test-link";
	struct binary_files files = {.arena = arena};
	char link[64];
	int fd;

	write_text(path, "first");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", getpid(), fd);
	CHECK(fd >= 0 && strcmp(path_of(arena, link), path) == 0);
	CHECK(unlink(path) == 0 && holds(path_of(arena, link), "first"));
	write_text(path, "other");
	CHECK(holds(path_of(arena, link), "first"));
	CHECK(holds(path_of(arena, "/proc/self/root/tmp/bpfload-test-link"), "other"));
	CHECK(holds(path_of(arena, "//proc//self/root//tmp/bpfload-test-link"), "other"));
	CHECK(!path_of(arena, "/proc/self/root/tmp") && !path_of(arena, "/proc/self/nothing"));
	/* Each file once, by the first path that leads to it. */
	binary_files_match(&files, "/proc/self/fd/*", 0);
	for (size_t i = 0; i < files.count; i++)
		CHECK(strncmp(files.files[i].shown, "/proc/self/fd/", 14) == 0);
	CHECK(files.count >= 1);
	close(fd);
	unlink(path);
	CHECK(!path_of(arena, link));
}

int main(void)
{
	struct arena arena = {0};
	struct binary_files files = {.arena = &arena};
	struct binary_function *functions;
	size_t count;
	const char *self = path_of(&arena, "/proc/self/exe");
	const char *libc = path_of(&arena, "libc");
	uint64_t offset, shifted;

	members_of_archives();
	views_of_files();

	if (CHECK(self) &&
	    CHECK(find(self, "binary_test_target", 0, &offset) == BINARY_SYMBOL_FOUND)) {
		CHECK(code_at(self, offset, (const void *)(uintptr_t)binary_test_target, 8));
		CHECK(find(self, "binary_test_target", 1, &shifted) == BINARY_SYMBOL_FOUND &&
		      shifted == offset + 1);
		CHECK(find(self, "binary_test_target", 4096, &shifted) == BINARY_SYMBOL_BEYOND);
		CHECK(find(self, "no_such_function", 0, &offset) == BINARY_SYMBOL_UNKNOWN);
	}
	if (CHECK(self) && CHECK(match(&arena, self, "*binary_test_*et", &functions, &count) ==
					 BINARY_SYMBOL_FOUND &&
				 count == 1)) {
		CHECK(functions[0].offset == offset_of_target(self) &&
		      strcmp(functions[0].name, "binary_test_target") == 0);
		free(functions);
	}
	CHECK(self &&
	      match(&arena, self, "no_such_*", &functions, &count) == BINARY_SYMBOL_UNKNOWN &&
	      count == 0);
	/* The code of this process, this program's among it once. */
	if (CHECK(binary_files_mapped(&files, (uint32_t)getpid()) && self)) {
		size_t same = 0;

		for (size_t i = 0; i < files.count; i++)
			same += strcmp(files.files[i].shown, self) == 0;
		CHECK(same == 1 && files.count > 1);
	}
	files.count = 0;
	binary_files_match(&files, "/etc/pass*d", 0);
	CHECK(files.count == 1 && strcmp(files.files[0].path, "/etc/passwd") == 0);
	binary_files_match(&files, "/etc/*/no-such-*", 0);
	CHECK(files.count == 1);
	/* From .dynsym, whose symbols have versions. */
	if (CHECK(libc) && CHECK(find(libc, "getppid", 0, &offset) == BINARY_SYMBOL_FOUND))
		CHECK(code_at(libc, offset, dlsym(RTLD_DEFAULT, "getppid"), 8));
	CHECK(find("/etc/passwd", "main", 0, &offset) == BINARY_SYMBOL_NOT_ELF);
	CHECK(find("/no/such/file", "main", 0, &offset) == BINARY_SYMBOL_NO_FILE);
	CHECK(path_of(&arena, "sh") && path_of(&arena, "libc.so.6"));
	CHECK(!path_of(&arena, "/no/such/file"));
	CHECK(!path_of(&arena, "no-such-command-or-library"));
	paths_of_processes(&arena);
	arena_free(&arena);
	return check_result("binary");
}
