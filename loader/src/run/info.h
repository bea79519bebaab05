/* What this host and its kernel offer: --info. */
#ifndef BPFLOAD_INFO_H
#define BPFLOAD_INFO_H

struct failure;

/* Prints it; what may not be asked is shown as unknown. */
int print_info(struct failure *failure);

#endif
