/* Tables of lines (.debug_line): code of a line, and lines of code. */
#include <stdlib.h>

#include "base/strbuf.h"
#include "binary/source_line.h"
#include "debug_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct source_place place = {.file = "a.c", .line = 7};
	struct source_addresses found;
	struct source_lines *lines;
	struct debug_bytes bytes;
	struct strbuf text = {0};

	debug_bytes_read(&bytes, data, size);
	if (source_line_addresses(&bytes.file, &place, &found))
		free(found.addresses);
	lines = source_lines_read(&bytes.file);
	for (int i = 0; lines && i < 4; i++)
		(void)source_lines_find(lines, bytes.addresses[i], &text);
	source_lines_free(lines);
	strbuf_free(&text);
	debug_bytes_free(&bytes);
	return 0;
}
