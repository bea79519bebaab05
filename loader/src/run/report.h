/* `bpfload report`: shows a recording. */
#ifndef BPFLOAD_REPORT_H
#define BPFLOAD_REPORT_H

struct failure;
struct options;

/* The result is an exit status. */
int report(const struct options *options, struct failure *failure);

#endif
