#include "debug_bytes.h"

#include <stdlib.h>

void debug_bytes_read(struct debug_bytes *bytes, const uint8_t *data, size_t size)
{
	struct debug_file *file = &bytes->file;
	struct debug_section *const sections[DEBUG_SECTIONS] = {
		&file->line,   &file->line_str, &file->str,  &file->info,	&file->abbrev,
		&file->ranges, &file->rnglists, &file->addr, &file->str_offsets};
	struct fuzz_input input = {data, size};
	size_t lengths[DEBUG_SECTIONS];

	budget_limit(64u << 20, 64u << 20);
	*bytes = (struct debug_bytes){0};
	file->budget = &bytes->budget;
	file->info_read = true;
	for (int i = 0; i < 4; i++)
		bytes->addresses[i] = fuzz_number(&input, 4);
	for (int i = 0; i < DEBUG_SECTIONS; i++)
		lengths[i] = fuzz_number(&input, 2);
	for (int i = 0; i < DEBUG_SECTIONS; i++) {
		bytes->own[i] = fuzz_bytes(&input, &lengths[i]);
		sections[i]->bytes = bytes->own[i];
		sections[i]->size = lengths[i];
	}
}

void debug_bytes_free(struct debug_bytes *bytes)
{
	for (int i = 0; i < DEBUG_SECTIONS; i++)
		free(bytes->own[i]);
	if (bytes->budget.bytes)
		abort();
}
