/* Texts of /proc/PID/maps. */
#include <stdlib.h>
#include <string.h>

#include "binary/proc_maps.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_maps maps;

	if (!proc_maps_read(&maps, fuzz_file(data, size)))
		return 0;
	for (size_t i = 0; i < maps.count; i++) {
		const struct proc_mapping *mapping = proc_maps_find(&maps, maps.mappings[i].start);

		if (mapping && strlen(mapping->path) > size)
			abort();
	}
	proc_maps_free(&maps);
	return 0;
}
