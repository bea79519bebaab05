/* /etc/bpfload/policy: which objects a host runs, and what they may do (docs/signing.md). */
#ifndef BPFLOAD_POLICY_H
#define BPFLOAD_POLICY_H

#include <stdbool.h>

#include "base/arena.h"
#include "object/object_file.h"
#include "session/options.h"

#define POLICY_FILE "/etc/bpfload/policy"

struct policy {
	/* There is one; else all below is as if everything were allowed. */
	bool is_there;
	bool wants_signature;
	/* Where keys are; never NULL. */
	const char *keys;
	/* What it allows of what reaches outside, and of what tracing costs: nothing else of this
	 * is looked at. */
	struct options allowed;
	/* `write` names what may be written. */
	bool limits_write;
	bool no_reading, no_names;
	/* Patterns of probes; none: all. */
	const char **probes;
	uint32_t probe_count, probe_room;
	struct arena arena;
};

/* Reads the file. The result is an exit status; free in either case. */
int policy_read(struct policy *policy, const char *path, struct failure *failure);
/* The same of its text; `path` is for messages. */
int policy_of_text(struct policy *policy, const char *text, const char *path,
		   struct failure *failure);
void policy_free(struct policy *policy);

/* Whether the object at `path` may run at all, with these options. */
int policy_check(const struct policy *policy, const struct object_file *object, const char *path,
		 const struct options *options, struct failure *failure);

/* Lowers what tracing may take to what the policy allows; only warning is not enough then. */
void policy_limit(const struct policy *policy, struct options *options);

/* Whether a probe, whose parameters have been put in, may be attached. */
int policy_check_probe(const struct policy *policy, const struct mf_probe *probe,
		       struct failure *failure);

#endif
