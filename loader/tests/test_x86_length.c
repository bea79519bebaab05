/* [PRB-032] Lengths of instructions, compared with those that objdump finds in the whole C library.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "binary/x86_length.h"
#include "check.h"

/* "   26b40:\t48 83 ec 08          \tsub ..." to bytes; their number, 0: another line. */
static size_t read_bytes(const char *line, uint8_t *bytes, size_t room)
{
	const char *at = strchr(line, ':'), *end;
	size_t count = 0;

	if (*line != ' ' || !at || at[1] != '\t')
		return 0;
	at += 2;
	end = strchr(at, '\t');
	/* `fwait` and what it waits for are two instructions that objdump shows as one. */
	if (!end || strstr(end, "(bad)") || strncmp(at, "9b ", 3) == 0)
		return 0;
	while (count < room) {
		char *next;
		unsigned long byte = strtoul(at, &next, 16);

		if (next == at || next > end)
			break;
		bytes[count++] = (uint8_t)byte;
		at = next;
	}
	return count;
}

static void lengths_of_the_c_library(void)
{
	uint8_t bytes[X86_LENGTH_MAX];
	char command[512], line[1024];
	size_t all = 0, wrong = 0;
	Dl_info info;
	FILE *listing;

	if (!CHECK(dladdr((void *)(uintptr_t)getenv, &info) && info.dli_fname))
		return;
	snprintf(command, sizeof(command), "objdump -d --wide --insn-width=16 %s", info.dli_fname);
	listing = popen(command, "r");
	if (!CHECK(listing))
		return;
	while (fgets(line, sizeof(line), listing)) {
		size_t count = read_bytes(line, bytes, sizeof(bytes));

		if (!count)
			continue;
		all++;
		if (x86_length(bytes, count) == count)
			continue;
		if (wrong++ < 5)
			fprintf(stderr, "%zu instead of %zu: %s", x86_length(bytes, count), count,
				line);
	}
	pclose(listing);
	fprintf(stderr, "x86: %zu instructions\n", all);
	CHECK(all > 100000 && wrong == 0);
}

int main(void)
{
	static const uint8_t call[] = {0xe8, 1, 2, 3, 4}, prefixes[] = {0x66, 0x66, 0x66};
	uint32_t random = 9;

#if defined(__x86_64__)
	lengths_of_the_c_library();
#endif
	CHECK(x86_length(call, sizeof(call)) == 5 && x86_length(call, 4) == 0);
	CHECK(x86_length(prefixes, sizeof(prefixes)) == 0 && x86_length(prefixes, 0) == 0);
	for (int round = 0; round < 100000; round++) {
		size_t size = 1 + random % 16;
		uint8_t *bytes = malloc(size);

		for (size_t i = 0; i < size; i++) {
			random = random * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(random >> 16);
		}
		if (x86_length(bytes, size) > size)
			CHECK(!"the length is within the bytes");
		free(bytes);
	}
	return check_result("x86 lengths");
}
