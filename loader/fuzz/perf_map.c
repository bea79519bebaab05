/* Maps of just-in-time compilers. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "symbols/perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct perf_map map = {0};
	const struct perf_map_entry *entry;

	if (perf_map_read(&map, fuzz_file(data, size)))
		for (size_t i = 0; i < map.count && i < 100; i++) {
			entry = perf_map_find(&map, map.entries[i].address);
			if (entry && strlen(entry->name) > size)
				abort();
		}
	perf_map_free(&map);
	if (map.budget.bytes)
		abort();
	return 0;
}
