/* fentry:bpf[:ID]:FUNCTION: functions of BPF programs that are loaded already. */
#ifndef BPFLOAD_ATTACH_FENTRY_BPF_H
#define BPFLOAD_ATTACH_FENTRY_BPF_H

#include "attach/attach.h"

/* Adds a target for each function that the probe's number (`*`: any) and name or pattern mean. */
enum attach_result find_bpf(struct attachments *attachments, const struct mf_probe *probe,
			    struct failure *failure);

#endif
