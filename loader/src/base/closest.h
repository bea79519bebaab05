/* The name that a misspelt one may have meant, as the compiler finds it
 * (compiler/source/closest.ts). */
#ifndef BPFLOAD_CLOSEST_H
#define BPFLOAD_CLOSEST_H

#include <stddef.h>

struct closest {
	const char *wanted;
	/* How much the next one may differ, less 1. */
	size_t limit;
	/* The nearest so far, as it was offered; NULL where none is near. */
	const char *name;
};

/* A third of the letters may differ. */
struct closest closest_to(const char *wanted);

/* `name` has to live as long as the result is used. */
void closest_offer(struct closest *closest, const char *name);

#endif
