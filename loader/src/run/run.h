/* A run from the object to the exit status: loading, attaching, tracing, the end. */
#ifndef BPFLOAD_RUN_H
#define BPFLOAD_RUN_H

#include "session/options.h"

/* Runs the object of the options. Everything has been told when it returns an exit status. */
int run_object(const struct options *options);

/* Checks objects without loading them; one line for each. The result is the status of the first bad
 * one. */
int check_objects(const struct options *options);

#endif
