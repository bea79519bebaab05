/* A folder of a test's own, which it makes with mkdtemp(folder) and takes away again. */
#ifndef BPFLOAD_TESTS_FOLDER_H
#define BPFLOAD_TESTS_FOLDER_H

#include <stdio.h>

#include "check.h"

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

/* A file in it, with this text. */
static inline void put_file(const char *name, const char *text)
{
	FILE *file = fopen(at(name), "w");

	if (CHECK(file)) {
		fputs(text, file);
		fclose(file);
	}
}

#endif
