#include "attach/attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/expand.h"
#include "base/memory.h"
#include "session/policy.h"

static const struct attach_provider *const providers[] = {
	[MF_BEGIN] = &attach_own,
	[MF_END] = &attach_own,
	[MF_SELF] = &attach_own,
	[MF_TEST] = &attach_own,
	[MF_BENCH] = &attach_own,
	[MF_TRACEPOINT] = &attach_tracepoint,
	[MF_RAWTRACEPOINT] = &attach_rawtracepoint,
	[MF_KPROBE] = &attach_kprobe,
	[MF_KRETPROBE] = &attach_kretprobe,
	[MF_FENTRY] = &attach_fentry,
	[MF_FEXIT] = &attach_fentry,
	[MF_UPROBE] = &attach_uprobe,
	[MF_URETPROBE] = &attach_uprobe,
	[MF_USDT] = &attach_usdt,
	[MF_INTERVAL] = &attach_timer,
	[MF_PROFILE] = &attach_timer,
	[MF_SOFTWARE] = &attach_counter,
	[MF_HARDWARE] = &attach_counter,
	[MF_WATCHPOINT] = &attach_watchpoint,
	[MF_ITER] = &attach_iter,
};

#define PROVIDERS (sizeof(providers) / sizeof(*providers))

const struct attach_provider *attach_provider_of(const struct mf_probe *probe)
{
	return providers[probe->provider];
}

int attach_check(const struct session *session, struct failure *failure)
{
	for (uint32_t i = 0; i < session->manifest->probe_count; i++) {
		const struct mf_probe *probe = &session->manifest->probes[i];

		if (!attach_provider_of(probe)->fits(session, probe, session->programs[i]))
			return fail(
				failure, STATUS_OBJECT,
				"the object's manifest is not valid: program %s is another than it says",
				probe->program);
	}
	return STATUS_OK;
}

uint32_t attach_count_own(const struct session *session)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < session->manifest->probe_count; i++)
		count += !attach_provider_of(&session->manifest->probes[i])->find &&
			 session->programs[i];
	return count;
}

static void mark_probe(const struct session *session, const struct mf_probe *probe,
		       struct failure *failure)
{
	const char *file = probe->file ? probe->file : session->manifest->script;
	const struct mf_place *place = probe->place;

	if (place)
		fail_at_columns(failure, file, place->line, place->column, place->end_column,
				place->text);
	else
		fail_at(failure, file, probe->line);
}

#define IF_EXPECTED "If this is expected, set the 'missing_probes' config variable to 'warn'."

static int add_hint(struct attachments *attachments, const struct mf_probe *probe,
		    struct failure *failure)
{
	const struct attach_provider *provider = attach_provider_of(probe);
	const char *near = NULL;

	if (*failure->hint)
		return failure->status;
	if (provider->near && !attach_has_pattern(probe))
		near = provider->near(attachments, probe);
	return near ? fail_hint(failure, "Did you mean '%s'? " IF_EXPECTED, near)
		    : fail_hint(failure, IF_EXPECTED);
}

static void keep_reason(struct attachments *attachments, const struct mf_probe *probe,
			const struct failure *failure)
{
	uint32_t at = attachments->left_out_count++;
	size_t size = strlen(failure->text) + 1;
	char *reason;

	if (at >= MAX_LEFT_OUT)
		return;
	reason = arena_alloc(&attachments->session->arena, size);
	memcpy(reason, failure->text, size);
	attachments->left_out[at] = (struct left_out){.probe = probe, .reason = reason};
}

/* What becomes of a failure is what missing_probes wants. STATUS_OK: go on without the probe. */
static int settle_failure(struct attachments *attachments, const struct mf_probe *probe,
			  enum attach_result result, struct failure *failure)
{
	const struct session *session = attachments->session;
	enum mf_missing_probes policy = session->manifest->config.missing_probes;
	size_t length = strlen(failure->text);

	mark_probe(session, probe, failure);
	if (result == ATTACH_FAILED)
		return failure->status;
	if (policy == MF_MISSING_PROBES_ERROR)
		return add_hint(attachments, probe, failure);
	keep_reason(attachments, probe, failure);
	if (policy == MF_MISSING_PROBES_WARN && !session->options->no_warnings) {
		snprintf(failure->text + length, sizeof(failure->text) - length, "%s Skipping.",
			 length && failure->text[length - 1] == '.' ? "" : ".");
		failure_warn(failure);
	}
	failure_clear(failure);
	return STATUS_OK;
}

/* Whether another probe of the same block found something to attach to. */
static bool block_has_target(const struct attachments *attachments, const struct mf_probe *probe)
{
	for (uint32_t i = 0; i < attachments->target_count; i++)
		if (probe->block != MF_NONE && attachments->targets[i].probe->block == probe->block)
			return true;
	return false;
}

/* Whether the probe's name is that of all it attaches to: no pattern, and no part is left open. */
static bool has_whole_name(const struct mf_probe *probe)
{
	const struct attach_provider *provider = attach_provider_of(probe);

	return !attach_has_pattern(probe) && !(provider->is_open && provider->is_open(probe));
}

/* A pattern that matches nothing. */
struct unmatched {
	bool is_pattern;
	/* What was found in the way of it, such as a file that is not there, as an exit status and
	 * in words; NULL: nothing. */
	int status;
	const char *reason;
};

/* Takes what was said. */
static struct unmatched take_unmatched(struct attachments *attachments, struct failure *failure)
{
	struct unmatched unmatched = {.is_pattern = true};

	if (failure->status != STATUS_OK) {
		unmatched.status = failure->status;
		unmatched.reason = arena_format(&attachments->session->arena, "%s", failure->text);
	}
	failure_clear(failure);
	return unmatched;
}

static int find_probe(struct attachments *attachments, const struct mf_probe *written,
		      struct unmatched *unmatched, struct failure *failure)
{
	struct session *session = attachments->session;
	const struct mf_probe *probe = attach_expand(session, written);
	uint32_t first = attachments->target_count, found = attachments->found;
	enum attach_result result = ATTACH_OK;

	if (session->policy && policy_check_probe(session->policy, probe, failure) != STATUS_OK)
		return failure->status;
	if (!has_whole_name(probe) || attach_is_wanted(attachments, probe->name))
		result = attach_provider_of(probe)->find(attachments, probe, failure);
	if (result != ATTACH_OK) {
		attachments->target_count = first;
		attachments->found = found;
	}
	if (attachments->target_count == first)
		session->programs[probe->index] = NULL;
	if (result == ATTACH_OK) {
		/* Of one of many files, perhaps. */
		failure_clear(failure);
		return STATUS_OK;
	}
	/* A pattern without matches counts only if its whole block has none. */
	if (result == ATTACH_MISSING && attach_has_pattern(probe)) {
		*unmatched = take_unmatched(attachments, failure);
		return STATUS_OK;
	}
	return settle_failure(attachments, probe, result, failure);
}

/* A block all of whose attach points are patterns without matches. */
static int check_block(struct attachments *attachments, const struct mf_probe *probe,
		       const struct unmatched *unmatched, struct failure *failure)
{
	/* What the filter has left of the block may be nothing: that is no fault of the pattern. */
	if (block_has_target(attachments, probe) || attachments->filtered)
		return STATUS_OK;
	if (unmatched->reason)
		fail(failure, unmatched->status, "%s", unmatched->reason);
	else
		fail(failure, STATUS_FAILED,
		     "Probe has no valid attach points: nothing matches %s.", probe->name);
	return settle_failure(attachments, probe, ATTACH_MISSING, failure);
}

static int find_all(struct attachments *attachments, struct failure *failure)
{
	struct session *session = attachments->session;
	const struct manifest *manifest = session->manifest;
	struct unmatched *unmatched = memory_array(manifest->probe_count, sizeof(*unmatched));
	int status = STATUS_OK;

	for (uint32_t i = 0; i < manifest->probe_count && status == STATUS_OK; i++)
		if (attach_provider_of(&manifest->probes[i])->find && session->programs[i])
			status = find_probe(attachments, &manifest->probes[i], &unmatched[i],
					    failure);
	for (uint32_t i = 0; i < manifest->probe_count && status == STATUS_OK; i++)
		if (unmatched[i].is_pattern)
			status = check_block(attachments, &manifest->probes[i], &unmatched[i],
					     failure);
	free(unmatched);
	return status;
}

int attach_find(struct attachments *attachments, struct session *session, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	int status;

	attachments->session = session;
	/* Programs name their own probe by its number, those of patterns by what comes behind. */
	for (uint32_t i = 0; i < manifest->probe_count; i++)
		probe_names_add(&session->names, manifest->probes[i].name);
	status = find_all(attachments, failure);
	for (size_t i = 0; i < PROVIDERS && status == STATUS_OK; i++)
		if (providers[i]->settle)
			status = providers[i]->settle(attachments, failure);
	if (status == STATUS_OK && attachments->target_count == 0 && attachments->filtered)
		status = fail(failure, STATUS_FAILED,
			      "No probes to attach: --probe-filter matches none of %u.",
			      attachments->filtered);
	return status;
}

static int attach_target(struct attachments *attachments, const struct attach_target *target,
			 struct failure *failure)
{
	enum attach_result result = target->provider->attach(attachments, target, failure);

	switch (result) {
	case ATTACH_OK:
		attachments->attached += target->events ? target->events : 1;
		/* fallthrough */
	case ATTACH_LEFT_OUT:
		failure_clear(failure);
		return STATUS_OK;
	case ATTACH_MISSING:
	case ATTACH_FAILED:
		break;
	}
	return settle_failure(attachments, target->probe, result, failure);
}

static bool is_newest_first(const struct attach_target *target)
{
	return target->provider->is_newest_first && target->provider->is_newest_first(target);
}

int attach_all(struct attachments *attachments, struct failure *failure)
{
	int status = STATUS_OK;

	for (uint32_t i = 0; i < attachments->target_count && status == STATUS_OK; i++)
		if (!is_newest_first(&attachments->targets[i]))
			status = attach_target(attachments, &attachments->targets[i], failure);
	for (uint32_t i = attachments->target_count; i > 0 && status == STATUS_OK; i--)
		if (is_newest_first(&attachments->targets[i - 1]))
			status = attach_target(attachments, &attachments->targets[i - 1], failure);
	if (status == STATUS_OK && attachments->target_count > 0 && attachments->attached == 0)
		status = fail(failure, STATUS_FAILED, "Attachment failed for all probes.");
	return status;
}
