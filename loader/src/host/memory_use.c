#include "host/memory_use.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

uint64_t memory_of_descriptor(int descriptor)
{
	char path[64], line[128];
	uint64_t bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", descriptor);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %" SCNu64, &bytes) == 1)
			break;
	fclose(file);
	return bytes;
}

/* Pages: in all, resident, and those of them that are of files or shared (proc(5), statm). The ring
 * is among the last, and counted as a map. */
uint64_t memory_of_process(void)
{
	uint64_t resident = 0, shared = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return 0;
	if (fscanf(file, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) != 2 || shared > resident)
		resident = shared = 0;
	fclose(file);
	return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}
