/* Symbols of files that were cut or changed: nothing outside of them is read. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binary/elf_image.h"
#include "binary/elf_symbols.h"
#include "binary/file_view.h"
#include "check.h"

/* Reads the symbols of a file in memory, and asks for all: how many there are. */
static size_t read_symbols(const void *bytes, size_t size)
{
	struct elf_symbols symbols;
	struct elf_image image;
	size_t count;

	if (!elf_image_read(&image, file_view_of_bytes(bytes, size)))
		return 0;
	elf_symbols_read(&symbols, &image);
	count = symbols.count;
	for (size_t i = 0; i < count; i++)
		(void)strlen(symbols.strings + symbols.functions[i].name);
	(void)elf_symbols_find(&symbols, 0x1000);
	elf_symbols_free(&symbols);
	elf_image_close(&image);
	return count;
}

/* Every cut and many changes of a real file: whatever comes out, nothing may be read outside of it.
 */
static void damaged_files(void)
{
	struct stat status;
	uint32_t random = 1;
	uint8_t *image, *copy;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	size_t size;

	if (!CHECK(fd >= 0 && fstat(fd, &status) == 0))
		return;
	size = (size_t)status.st_size;
	image = malloc(size);
	CHECK(read(fd, image, size) == (ssize_t)size);
	close(fd);
	CHECK(read_symbols(image, size) > 10);
	CHECK(read_symbols(image, 0) == 0);
	CHECK(read_symbols("#!/bin/sh\n", 10) == 0);
	for (size_t cut = 0; cut < size; cut += size / 50) {
		copy = malloc(cut ? cut : 1);
		memcpy(copy, image, cut);
		(void)read_symbols(copy, cut);
		free(copy);
	}
	for (int i = 0; i < 60; i++) {
		uint64_t sections;

		memcpy(&sections, image + 40, sizeof(sections));
		copy = malloc(size);
		memcpy(copy, image, size);
		for (int j = 0; j < 8; j++) {
			random = random * 1664525 + 1013904223;
			/* Half of the changes in the header, half in the section table. */
			if (j % 2)
				copy[random % 64] ^= (uint8_t)(random >> 24);
			else if (sections < size)
				copy[sections + random % (size - sections)] ^=
					(uint8_t)(random >> 24);
		}
		(void)read_symbols(copy, size);
		free(copy);
	}
	free(image);
}

int main(void)
{
	damaged_files();
	return check_result("damaged_symbols");
}
