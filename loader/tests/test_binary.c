/* Files and functions that uprobes name, on this very program and the C library. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "../src/binary_files.h"
#include "../src/binary_path.h"
#include "../src/binary_symbol.h"
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
	const struct binary_query query = {.function = name, .offset = offset};

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

int main(void)
{
	struct arena arena = {0};
	struct binary_files files = {.arena = &arena};
	struct binary_function *functions;
	size_t count;
	const char *self = binary_path_find(&arena, "/proc/self/exe", 0);
	const char *libc = binary_path_find(&arena, "libc", 0);
	uint64_t offset, shifted;

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
	CHECK(binary_files_match(&files, "/etc/pass*d", 0) && files.count == 1 &&
	      strcmp(files.files[0].path, "/etc/passwd") == 0);
	CHECK(binary_files_match(&files, "/etc/*/no-such-*", 0) && files.count == 1);
	/* From .dynsym, whose symbols have versions. */
	if (CHECK(libc) && CHECK(find(libc, "getppid", 0, &offset) == BINARY_SYMBOL_FOUND))
		CHECK(code_at(libc, offset, dlsym(RTLD_DEFAULT, "getppid"), 8));
	CHECK(find("/etc/passwd", "main", 0, &offset) == BINARY_SYMBOL_NOT_ELF);
	CHECK(find("/no/such/file", "main", 0, &offset) == BINARY_SYMBOL_NO_FILE);
	CHECK(binary_path_find(&arena, "sh", 0) && binary_path_find(&arena, "libc.so.6", 0));
	CHECK(!binary_path_find(&arena, "/no/such/file", 0));
	CHECK(!binary_path_find(&arena, "no-such-command-or-library", 0));
	arena_free(&arena);
	return check_result("binary");
}
