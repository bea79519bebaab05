/* Files that just-in-time compilers write for perf. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "symbols/jit_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jit_dump dump = {0};
	struct jit_symbol symbol;

	if (jit_dump_read(&dump, fuzz_file(data, size)))
		for (size_t i = 0; i < dump.count && i < 100; i++) {
			uint64_t address = dump.functions[i].address;

			if (jit_dump_find(&dump, address, address + i, &symbol) == JIT_DUMP_FOUND &&
			    (strlen(symbol.name) > size || (symbol.line && !*symbol.line)))
				abort();
		}
	/* It has not changed since, but may have been damaged behind a function. */
	(void)jit_dump_read(&dump, fuzz_file(data, size));
	jit_dump_free(&dump);
	if (dump.budget.bytes)
		abort();
	return 0;
}
