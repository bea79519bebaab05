/* What the loader's own process may do, and giving it up. Results with errno are -1. */
#ifndef BPFLOAD_PRIVILEGES_H
#define BPFLOAD_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct strbuf;

/* Sets of capabilities: bit n is capability n of include/linux/capability.h. */
uint64_t privileges_effective(void);
uint64_t privileges_permitted(void);

/* Appends names: `CAP_BPF, CAP_PERFMON`, `all`, or `no capabilities`. */
void privileges_put(struct strbuf *to, uint64_t capabilities);

/* A user and all of its groups. */
struct user_account {
	uid_t user;
	gid_t group;
	gid_t *groups;
	size_t group_count;
};

/* Looks a user up by name or number in /etc/passwd, and its groups in /etc/group. False: there is
 * none. Free `groups`. */
bool user_account_find(struct user_account *account, const char *name);

/* Becomes the user; what is permitted stays so, and nothing is effective. */
int privileges_become(const struct user_account *account);

/* Leaves only these effective; what is permitted stays. */
int privileges_use(uint64_t capabilities);

/*
 * Becomes the user (NULL: stays who it is), and keeps of the capabilities only these, effective
 * and permitted: none is inheritable, ambient or, where the process may say so, in the bounding
 * set, and no program that is executed gets more.
 */
int privileges_drop(uint64_t capabilities, const struct user_account *account);

#endif
