/* Files and functions that uprobes name, on this very program and the C library. */
#include <dlfcn.h>
#include <stdint.h>
#include <unistd.h>

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

int main(void)
{
	struct arena arena = {0};
	const char *self = binary_path_find(&arena, "/proc/self/exe", 0);
	const char *libc = binary_path_find(&arena, "libc", 0);
	uint64_t offset, shifted;

	if (CHECK(self) && CHECK(binary_symbol_find(self, "binary_test_target", 0, &offset) ==
				 BINARY_SYMBOL_FOUND)) {
		CHECK(code_at(self, offset, (const void *)(uintptr_t)binary_test_target, 8));
		CHECK(binary_symbol_find(self, "binary_test_target", 1, &shifted) ==
			      BINARY_SYMBOL_FOUND &&
		      shifted == offset + 1);
		CHECK(binary_symbol_find(self, "binary_test_target", 4096, &shifted) ==
		      BINARY_SYMBOL_BEYOND);
		CHECK(binary_symbol_find(self, "no_such_function", 0, &offset) ==
		      BINARY_SYMBOL_UNKNOWN);
	}
	/* From .dynsym, whose symbols have versions. */
	if (CHECK(libc) &&
	    CHECK(binary_symbol_find(libc, "getppid", 0, &offset) == BINARY_SYMBOL_FOUND))
		CHECK(code_at(libc, offset, dlsym(RTLD_DEFAULT, "getppid"), 8));
	CHECK(binary_symbol_find("/etc/passwd", "main", 0, &offset) == BINARY_SYMBOL_NOT_ELF);
	CHECK(binary_symbol_find("/no/such/file", "main", 0, &offset) == BINARY_SYMBOL_NO_FILE);
	CHECK(binary_path_find(&arena, "sh", 0) && binary_path_find(&arena, "libc.so.6", 0));
	CHECK(!binary_path_find(&arena, "/no/such/file", 0));
	CHECK(!binary_path_find(&arena, "no-such-command-or-library", 0));
	arena_free(&arena);
	return check_result("binary");
}
