/* `bpfload symbolize`: names for what was printed without them. */
#ifndef BPFLOAD_RUN_SYMBOLIZE_H
#define BPFLOAD_RUN_SYMBOLIZE_H

struct failure;
struct options;

/* The result is an exit status. */
int symbolize(const struct options *options, struct failure *failure);

#endif
