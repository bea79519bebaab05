/* A folder of a test's own, which it makes with mkdtemp(folder) and takes away again. */
#ifndef BPFLOAD_TESTS_FOLDER_H
#define BPFLOAD_TESTS_FOLDER_H

#include <stdio.h>

static char folder[] = "/tmp/bpfload-test-XXXXXX";

/* A path in the folder; up to four at a time. */
static const char *at(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

#endif
