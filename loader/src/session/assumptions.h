/* Numbers of the kernel that a script was compiled with: this kernel has to have the same. */
#ifndef BPFLOAD_ASSUMPTIONS_H
#define BPFLOAD_ASSUMPTIONS_H

struct failure;
struct session;

/* The result is an exit status. */
int assumptions_check(struct session *session, struct failure *failure);

#endif
