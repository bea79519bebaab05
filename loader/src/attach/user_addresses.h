/* Addresses of variables of traced programs, as uaddr() gives them. */
#ifndef BPFLOAD_USER_ADDRESSES_H
#define BPFLOAD_USER_ADDRESSES_H

#include "attach/attach.h"

/*
 * Has the program know how far the symbols that it asks for lie behind the place that the probe is
 * attached to: one place, the targets from `first` on.
 */
enum attach_result user_addresses_find(struct attachments *attachments,
				       const struct mf_probe *probe, uint32_t first,
				       struct attach_failure *failure);

#endif
