/* `bpfload list`: what can be traced on this host. */
#ifndef BPFLOAD_LIST_H
#define BPFLOAD_LIST_H

struct failure;
struct options;

/* The result is an exit status. */
int list(const struct options *options, struct failure *failure);

#endif
