#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the sanitizers ask for: what files ask for beyond all memory is refused, as it is without
 * them. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:detect_stack_use_after_return=0";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "halt_on_error=1:print_stacktrace=1";
}

uint64_t fuzz_number(struct fuzz_input *input, size_t bytes)
{
	uint64_t number = 0;

	for (size_t i = 0; i < bytes && input->size; i++) {
		number |= (uint64_t)*input->bytes++ << 8 * i;
		input->size--;
	}
	return number;
}

uint8_t *fuzz_bytes(struct fuzz_input *input, size_t *size)
{
	uint8_t *bytes;

	if (*size > input->size)
		*size = input->size;
	bytes = malloc(*size ? *size : 1);
	if (!bytes)
		abort();
	memcpy(bytes, input->bytes, *size);
	input->bytes += *size;
	input->size -= *size;
	return bytes;
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static char path[64];

static void remove_file(void)
{
	unlink(path);
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
	int fd;

	if (!*path) {
		snprintf(path, sizeof(path), "/dev/shm/bpfload-fuzz-%d", (int)getpid());
		atexit(remove_file);
	}
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	return path;
}

uint32_t fuzz_random(uint32_t *state, uint32_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % limit;
}
