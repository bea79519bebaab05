/* Entries of .debug_info: which calls were inlined at an address. */
#include <string.h>

#include "binary/inline_calls.h"
#include "debug_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inline_call found[INLINE_CALLS_MAX];
	struct inline_calls *calls;
	struct debug_bytes bytes;
	size_t count, letters = 0;

	debug_bytes_read(&bytes, data, size);
	calls = inline_calls_read(&bytes.file);
	for (int i = 0; calls && i < 4; i++) {
		count = inline_calls_find(calls, bytes.addresses[i], found);
		while (count)
			letters += strlen(found[--count].name);
		letters += strlen(inline_calls_folder(calls, bytes.addresses[i]));
	}
	inline_calls_free(calls);
	debug_bytes_free(&bytes);
	return letters > SIZE_MAX / 2;
}
