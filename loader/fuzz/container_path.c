/* Paths of cgroups, which processes that were given one choose. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "host/container_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = fuzz_text(data, size);
	struct container_path read;

	container_path_read(&read, path);
	if (strlen(read.id) != CONTAINER_ID_MAX && read.id[0])
		abort();
	if (strlen(read.pod) > CONTAINER_ID_MAX || strlen(read.unit) > CONTAINER_UNIT_MAX)
		abort();
	if ((read.id[0] && !strstr(path, read.id)) || (read.unit[0] && !strstr(path, read.unit)))
		abort();
	free(path);
	return 0;
}
