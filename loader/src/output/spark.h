/* Small pictures of numbers within a line. */
#ifndef BPFLOAD_SPARK_H
#define BPFLOAD_SPARK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* Cells that a picture has at most. */
#define SPARK_WIDTH 24

/*
 * Appends a cell for each number, the higher the greater: blocks, or without `utf8` ASCII
 * characters. `least` is the lowest that is shown, and blank; a number that is none (NAN) is blank,
 * too. More numbers than SPARK_WIDTH are not to be given.
 */
void spark_put(struct strbuf *to, const double *numbers, size_t count, double least, bool utf8);

#endif
