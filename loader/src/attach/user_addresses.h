/* Addresses of variables of traced programs, as uaddr() gives them. */
#ifndef BPFLOAD_USER_ADDRESSES_H
#define BPFLOAD_USER_ADDRESSES_H

#include "attach/uprobe.h"

/*
 * Has the program know how far the symbols that it asks for lie behind the one place that the probe
 * is attached to.
 */
enum attach_result user_addresses_find(struct attachments *attachments,
				       const struct mf_probe *probe,
				       const struct mf_addresses *addresses,
				       const struct uprobe_place *place, struct failure *failure);

/* What is wrong where the probe is attached to several places. */
enum attach_result user_addresses_of_many(const struct mf_probe *probe, struct failure *failure);

#endif
