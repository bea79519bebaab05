/*
 * Least privilege: once everything is attached, the loader gives up what the rest of the run does
 * not take, because it goes on reading files of processes that nobody vouches for.
 */
#ifndef BPFLOAD_CONFINE_H
#define BPFLOAD_CONFINE_H

#include "attach/attach.h"
#include "host/privileges.h"
#include "object/object_file.h"

/* Who --user makes of us. Before anything is loaded; the result is an exit status. */
int confine_find_user(struct user_account *account, const struct options *options,
		      struct failure *failure);

/*
 * Gives up rights, system calls and descriptors. `account`: of confine_find_user. With
 * --keep-privileges it does nothing. An object that runs commands keeps what these are to have.
 */
int confine(struct session *session, const struct user_account *account, struct failure *failure);

#endif
