/* A run from the object to the exit status: loading, attaching, tracing, the end. */
#ifndef BPFLOAD_RUN_H
#define BPFLOAD_RUN_H

#include "session/options.h"

struct failure;

/* Runs the object of the options. The result is an exit status, of the script (exit(n)) too. */
int run_object(const struct options *options, struct failure *failure);

/* Checks objects without loading them, and says a line of each. The result is the status of the
 * first bad one. */
int check_objects(const struct options *options);

#endif
