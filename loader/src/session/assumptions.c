#include "session/assumptions.h"

#include <bpf/btf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/failure.h"
#include "host/type_match.h"
#include "session/host_enums.h"
#include "session/session.h"

/* Structs of one name in a kernel. */
#define MOST_CANDIDATES 16

struct search {
	const struct mf_assumption *assumption;
	/* What the kernel has. */
	uint64_t value;
};

/* Where the member stands that a path of names leads to, in bytes. False where there is none. */
static bool place_of(const struct btf *btf, uint32_t type, const char *path, uint64_t *place)
{
	uint64_t bits = 0;

	while (*path) {
		size_t length = strcspn(path, ".");
		struct type_leaf leaf;
		char name[256];
		int next;

		if (length >= sizeof(name))
			return false;
		memcpy(name, path, length);
		name[length] = '\0';
		if (!type_member(btf, type, name, &leaf) || leaf.bit_size)
			return false;
		bits += leaf.bit_offset;
		next = btf__resolve_type(btf, leaf.type);
		if (next < 0)
			return false;
		type = (uint32_t)next;
		path += length + (path[length] == '.');
	}
	*place = bits / 8;
	return true;
}

/* Of several structs of a name one that is as wanted counts. */
static bool look_for_layout(const struct btf *btf, void *context)
{
	struct search *search = context;
	const struct mf_assumption *assumption = search->assumption;
	uint32_t ids[MOST_CANDIDATES];
	uint32_t count = type_named(btf, assumption->type, ids, MOST_CANDIDATES);
	bool found = false;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t value = btf__type_by_id(btf, ids[i])->size;

		if (assumption->path && !place_of(btf, ids[i], assumption->path, &value))
			continue;
		if (!found || value == assumption->value)
			search->value = value;
		found = true;
	}
	return found;
}

static bool find(struct session *session, struct search *search)
{
	const struct mf_assumption *assumption = search->assumption;

	if (assumption->enumerator)
		return host_enumerator(session, assumption->enumeration, assumption->enumerator,
				       &search->value);
	return session_look_in_btf(session, look_for_layout, search);
}

static int refuse(const struct session *session, const struct search *search, bool found,
		  struct failure *failure)
{
	const struct mf_assumption *assumption = search->assumption;
	bool negative = assumption->text[0] == '-';
	char what[512], here[64] = "not there";

	if (assumption->enumerator)
		snprintf(what, sizeof(what), "%s", assumption->enumerator);
	else if (assumption->path)
		snprintf(what, sizeof(what), "offsetof(%s, %s)", assumption->type,
			 assumption->path);
	else
		snprintf(what, sizeof(what), "sizeof(%s)", assumption->type);
	if (found && negative)
		snprintf(here, sizeof(here), "%" PRId64, (int64_t)search->value);
	else if (found)
		snprintf(here, sizeof(here), "%" PRIu64, search->value);
	fail(failure, STATUS_KERNEL,
	     "%s is %s on this kernel, and the script was compiled with %s, that of Linux %s: it stands where a literal is needed.",
	     what, here, assumption->text, session->manifest->kernel_release);
	fail_at(failure, assumption->file ? assumption->file : session->manifest->script,
		assumption->line);
	return fail_hint(
		failure,
		"Write a number, or build the script with --kernel, against a description of this kernel.");
}

int assumptions_check(struct session *session, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;

	for (uint32_t i = 0; i < manifest->assumption_count && failure->status == STATUS_OK; i++) {
		struct search search = {.assumption = &manifest->assumptions[i]};
		bool found = find(session, &search);

		if (!found || search.value != search.assumption->value)
			refuse(session, &search, found, failure);
	}
	return failure->status;
}
