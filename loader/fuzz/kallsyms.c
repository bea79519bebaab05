/* Texts of /proc/kallsyms. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "host/kallsyms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);
	struct kernel_symbol symbol;
	struct kallsyms table;

	(void)kallsyms_are_shown(path);
	if (kallsyms_read(&table, kallsyms_open(path)))
		for (size_t i = 0; i < table.count && i < 100; i++)
			if (kallsyms_find(&table, table.entries[i].address, &symbol) &&
			    (strlen(symbol.name) > size ||
			     (symbol.module && strlen(symbol.module) > size)))
				abort();
	kallsyms_free(&table);
	return 0;
}
