/* Lengths of instructions of x86-64. */
#include <stdlib.h>

#include "binary/x86_length.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t at = 0, length; at < size && (length = x86_length(data + at, size - at));
	     at += length)
		if (length > X86_LENGTH_MAX || length > size - at)
			abort();
	return 0;
}
