#include "attach/expand.h"

#include <string.h>

#include "host/tracefs.h"
#include "object/targets.h"
#include "session/params.h"

const struct mf_probe *attach_expand(struct session *session, const struct mf_probe *probe)
{
	const struct mf_member *member = mf_first_member(probe->provider);
	struct arena *arena = &session->arena;
	struct mf_probe *expanded;
	char *target;

	if (!probe->parameters || !member)
		return probe;
	expanded = arena_alloc(arena, sizeof(*expanded));
	target = arena_alloc(arena, member->size);
	*expanded = *probe;
	memcpy(target, probe->target, member->size);
	expanded->target = target;
	expanded->name = params_expand(session->options, arena, probe->name);
	for (; member; member = mf_next_member(member)) {
		const char **text = (const char **)(target + member->at);

		if (member->kind == MF_MEMBER_TEXT && member->may_expand)
			*text = params_expand(session->options, arena, *text);
	}
	return expanded;
}

bool attach_has_pattern(const struct mf_probe *probe)
{
	for (const struct mf_member *member = mf_first_member(probe->provider); member;
	     member = mf_next_member(member)) {
		const char *const *text =
			(const char *const *)((const char *)probe->target + member->at);

		if (member->kind == MF_MEMBER_TEXT && member->may_match && *text &&
		    is_pattern(*text))
			return true;
	}
	return false;
}
