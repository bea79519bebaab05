#include "session/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "host/tracefs.h"
#include "object/targets.h"
#include "session/option_values.h"
#include "session/permissions.h"
#include "session/trust.h"

#define KEYS "/etc/bpfload/keys"

static int allow_answer(bool *to, bool yes, const char *value, struct failure *failure)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return fail(failure, STATUS_OBJECT, "it takes yes or no, not '%s'", value);
	*to = (strcmp(value, "yes") == 0) == yes;
	return STATUS_OK;
}

static int allow_signature(struct policy *policy, const char *value, struct failure *failure)
{
	if (strcmp(value, "required") != 0 && strcmp(value, "optional") != 0)
		return fail(failure, STATUS_OBJECT, "it takes required or optional, not '%s'",
			    value);
	policy->wants_signature = strcmp(value, "required") == 0;
	return STATUS_OK;
}

static int allow_keys(struct policy *policy, const char *value, struct failure *failure)
{
	if (*value != '/')
		return fail(failure, STATUS_OBJECT, "'%s' is no absolute path", value);
	policy->keys = value;
	return STATUS_OK;
}

static int allow_probes(struct policy *policy, const char *value, struct failure *failure)
{
	(void)failure;
	memory_grow(policy->probes, policy->probe_count, policy->probe_room);
	policy->probes[policy->probe_count++] = value;
	return STATUS_OK;
}

static int allow_write(struct policy *policy, const char *value, struct failure *failure)
{
	struct options *allowed = &policy->allowed;

	policy->limits_write = true;
	if (strcmp(value, "no") == 0)
		return STATUS_OK;
	if (*value != '/')
		return fail(failure, STATUS_OBJECT, "it takes no, or an absolute path, not '%s'",
			    value);
	memory_grow(allowed->write, allowed->write_count, allowed->write_room);
	allowed->write[allowed->write_count++] = value;
	return STATUS_OK;
}

static int allow_unsafe(struct policy *policy, const char *value, struct failure *failure)
{
	return allow_answer(&policy->allowed.unsafe, true, value, failure);
}

static int allow_run(struct policy *policy, const char *value, struct failure *failure)
{
	return allow_answer(&policy->allowed.allow_run, true, value, failure);
}

static int allow_read(struct policy *policy, const char *value, struct failure *failure)
{
	return allow_answer(&policy->no_reading, false, value, failure);
}

static int allow_names(struct policy *policy, const char *value, struct failure *failure)
{
	return allow_answer(&policy->no_names, false, value, failure);
}

static int allow_overhead(struct policy *policy, const char *value, struct failure *failure)
{
	return take_max_overhead(&policy->allowed, value, failure);
}

static int allow_memory(struct policy *policy, const char *value, struct failure *failure)
{
	return take_max_memory(&policy->allowed, value, failure);
}

static const struct {
	const char *name;
	int (*take)(struct policy *policy, const char *value, struct failure *failure);
	/* It may stand there again. */
	bool repeats;
} keys[] = {
	{"signature", allow_signature, false},
	{"keys", allow_keys, false},
	{"probes", allow_probes, true},
	{"unsafe", allow_unsafe, false},
	{"run", allow_run, false},
	{"write", allow_write, true},
	{"read", allow_read, false},
	{"names-of-others", allow_names, false},
	{"max-overhead", allow_overhead, false},
	{"max-memory", allow_memory, false},
};

#define KEY_COUNT (sizeof(keys) / sizeof(*keys))

/* `key value`, blanks around them. `seen`: bits of keys. */
static int read_line(struct policy *policy, char *line, uint32_t *seen, struct failure *failure)
{
	char *value, *end = line + strlen(line);

	while (end > line && strchr(" \t\r", end[-1]))
		*--end = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return STATUS_OK;
	value = line + strcspn(line, " \t");
	if (!*value)
		return fail(failure, STATUS_OBJECT, "'%s' has no value", line);
	*value++ = '\0';
	value += strspn(value, " \t");
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(keys[i].name, line) != 0)
			continue;
		if (*seen >> i & 1 && !keys[i].repeats)
			return fail(failure, STATUS_OBJECT, "'%s' is there twice", line);
		*seen |= 1u << i;
		return keys[i].take(policy, value, failure);
	}
	return fail(failure, STATUS_OBJECT, "there is no '%s'", line);
}

int policy_of_text(struct policy *policy, const char *text, const char *path,
		   struct failure *failure)
{
	uint32_t number = 1, seen = 0;
	char *line;

	memset(policy, 0, sizeof(*policy));
	policy->keys = KEYS;
	policy->allowed.unsafe = policy->allowed.allow_run = true;
	policy->is_there = true;
	for (line = arena_text(&policy->arena, text, strlen(text)); line && !failure->status;
	     number++) {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = '\0';
		if (read_line(policy, line, &seen, failure) != STATUS_OK)
			fail_at(failure, path, number);
		line = next;
	}
	return failure->status;
}

int policy_read(struct policy *policy, const char *path, struct failure *failure)
{
	char *text = trust_read_file(path, failure);

	if (!text) {
		memset(policy, 0, sizeof(*policy));
		return failure->status;
	}
	policy_of_text(policy, text, path, failure);
	free(text);
	return failure->status;
}

void policy_free(struct policy *policy)
{
	free(policy->probes);
	free(policy->allowed.write);
	arena_free(&policy->arena);
	memset(policy, 0, sizeof(*policy));
}

static bool may_write(const struct policy *policy, const char *path)
{
	/* What is named is allowed, and not all that `unsafe yes` allows. */
	const struct options named = {.write = policy->allowed.write,
				      .write_count = policy->allowed.write_count};

	return !policy->limits_write || permission_to_write(&named, path);
}

static bool is_forbidden(const struct policy *policy, const struct effect *effect)
{
	switch (effect_needs(effect)) {
	case MF_NEEDS_NOTHING:
		return policy->no_reading;
	case MF_NEEDS_RUN:
		return !policy->allowed.allow_run;
	case MF_NEEDS_WRITE:
		return !may_write(policy, effect->what);
	case MF_NEEDS_UNSAFE:
		break;
	}
	return !policy->allowed.unsafe;
}

static int check_effects(const struct policy *policy, const struct object_file *object,
			 struct failure *failure)
{
	for (uint32_t i = 0; i < object->effects.count; i++) {
		const struct effect *effect = &object->effects.items[i];

		if (is_forbidden(policy, effect))
			return fail(failure, STATUS_OBJECT,
				    "the script %s (%s), which " POLICY_FILE " does not allow",
				    mf_effects[effect->kind].does, effect->what);
	}
	if (object->manifest->unsafe && !policy->allowed.unsafe && !policy->allowed.allow_run)
		return fail(failure, STATUS_OBJECT,
			    "the script changes the system, as it says itself, which " POLICY_FILE
			    " does not allow");
	return STATUS_OK;
}

int policy_check(const struct policy *policy, const struct object_file *object, const char *path,
		 const struct options *options, struct failure *failure)
{
	if (!policy->is_there)
		return STATUS_OK;
	if (policy->wants_signature &&
	    trust_check(object, path, policy->keys, true, failure) != STATUS_OK)
		return failure->status;
	if (policy->no_names && options->keep_privileges)
		return fail(
			failure, STATUS_OBJECT,
			"--keep-privileges shows names of other users' processes, which " POLICY_FILE
			" does not allow");
	return check_effects(policy, object, failure);
}

void policy_limit(const struct policy *policy, struct options *options)
{
	const struct options *most = &policy->allowed;

	if (most->max_overhead > 0 &&
	    !(options->max_overhead > 0 && options->max_overhead < most->max_overhead))
		options->max_overhead = most->max_overhead;
	if (most->max_memory && !(options->max_memory && options->max_memory < most->max_memory)) {
		options->max_memory = most->max_memory;
		options->max_memory_text = most->max_memory_text;
	}
	if ((most->max_overhead > 0 || most->max_memory) &&
	    options->on_overhead == ON_OVERHEAD_WARN)
		options->on_overhead = ON_OVERHEAD_DETACH;
}

/* `kprobe:vfs_read`: what the probe stands on, whatever the object calls it. */
static void put_target(struct strbuf *to, const struct mf_probe *probe)
{
	const struct mf_member *member = mf_first_member(probe->provider);

	strbuf_text(to, mf_provider_name(probe->provider));
	for (; member; member = mf_next_member(member)) {
		const char *const *text =
			(const char *const *)((const char *)probe->target + member->at);

		if ((member->kind != MF_MEMBER_TEXT && member->kind != MF_MEMBER_NONEMPTY) ||
		    !*text)
			continue;
		strbuf_char(to, ':');
		strbuf_text(to, *text);
	}
}

int policy_check_probe(const struct policy *policy, const struct mf_probe *probe,
		       struct failure *failure)
{
	struct strbuf target = {0};
	bool is_allowed =
		!policy->probe_count || probe->provider == MF_BEGIN || probe->provider == MF_END;

	put_target(&target, probe);
	/* A pattern that is matched as a text means less than what matches it. */
	for (uint32_t i = 0; i < policy->probe_count && !is_allowed; i++)
		is_allowed = pattern_match(policy->probes[i], strbuf_c_text(&target));
	if (!is_allowed)
		fail(failure, STATUS_OBJECT, "%s is no probe that " POLICY_FILE " allows",
		     strbuf_c_text(&target));
	strbuf_free(&target);
	return failure->status;
}
