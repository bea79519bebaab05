/* What may have been meant by the name of a function that a file does not have. */
#ifndef BPFLOAD_NEAR_SYMBOL_H
#define BPFLOAD_NEAR_SYMBOL_H

#include <stdbool.h>

#include "base/arena.h"

struct near_symbol {
	/* The function whose name differs least; NULL where none is near. */
	const char *name;
	/* The file has only the functions that it exports. */
	bool stripped;
};

struct near_symbol near_symbol_find(struct arena *arena, const char *path, const char *wanted);

#endif
