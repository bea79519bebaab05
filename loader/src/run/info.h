/* What this host and its kernel offer: --info. */
#ifndef BPFLOAD_INFO_H
#define BPFLOAD_INFO_H

/* Prints it; what may not be asked is shown as unknown. The result is an exit status. */
int print_info(void);

#endif
