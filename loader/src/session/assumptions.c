#include "session/assumptions.h"

#include <bpf/btf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/failure.h"
#include "host/type_path.h"
#include "session/host_enums.h"
#include "session/kernel_types.h"
#include "session/session.h"

/* Structs of one name in a kernel. */
#define MOST_CANDIDATES 16

struct search {
	const struct mf_assumption *assumption;
	/* What the kernel has. */
	uint64_t value;
};

static bool holds(const struct mf_assumption *assumption, uint64_t value)
{
	return assumption->is_most ? value <= assumption->value : value == assumption->value;
}

/* Of several structs of a name one that is as wanted counts. */
static bool look_for_layout(const struct btf *btf, void *context)
{
	struct search *search = context;
	const struct mf_assumption *assumption = search->assumption;
	uint32_t ids[MOST_CANDIDATES];
	uint32_t count =
		type_named(btf, assumption->type, strlen(assumption->type), ids, MOST_CANDIDATES);
	bool found = false;

	for (uint32_t i = 0; i < count; i++) {
		const char *path = assumption->path ? assumption->path : "";
		struct type_leaf leaf;
		uint64_t value;

		if (!type_along(btf, ids[i], path, &leaf))
			continue;
		value = assumption->path && !assumption->is_size
				? leaf.bit_offset / 8
				: (uint64_t)btf__resolve_size(btf, leaf.type);
		if (!found || holds(assumption, value))
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
	else if (assumption->path && assumption->is_size)
		snprintf(what, sizeof(what), "sizeof(%s.%s)", assumption->type, assumption->path);
	else if (assumption->path)
		snprintf(what, sizeof(what), "offsetof(%s, %s)", assumption->type,
			 assumption->path);
	else
		snprintf(what, sizeof(what), "sizeof(%s)", assumption->type);
	if (found && negative)
		snprintf(here, sizeof(here), "%" PRId64, (int64_t)search->value);
	else if (found)
		snprintf(here, sizeof(here), "%" PRIu64, search->value);
	if (assumption->is_most)
		fail(failure, STATUS_KERNEL,
		     "%s%s%s has %s bytes on this kernel, and the script, which copies it whole, has room for %s, as on Linux %s.",
		     assumption->type, assumption->path ? "." : "",
		     assumption->path ? assumption->path : "", here, assumption->text,
		     session->manifest->kernel_release);
	else if (assumption->embedded)
		fail(failure, STATUS_KERNEL,
		     "%s is %s on this kernel, and the script's %s was laid out with %s, that of Linux %s.",
		     what, here, assumption->embedded, assumption->text,
		     session->manifest->kernel_release);
	else
		fail(failure, STATUS_KERNEL,
		     "%s is %s on this kernel, and the script was compiled with %s, that of Linux %s: it stands where a literal is needed.",
		     what, here, assumption->text, session->manifest->kernel_release);
	fail_at(failure, assumption->file ? assumption->file : session->manifest->script,
		assumption->line);
	if (assumption->is_most)
		return fail_hint(
			failure,
			"Read the members that are needed, one by one, or build the script with --kernel, against a description of this kernel.");
	if (assumption->embedded)
		return fail_hint(
			failure,
			"Build the script with --kernel, against a description of this kernel.");
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

		if (!found && search.assumption->is_most)
			continue;
		if (!found || !holds(search.assumption, search.value))
			refuse(session, &search, found, failure);
	}
	return failure->status;
}
