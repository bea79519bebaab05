#include "session/kernel_signatures.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/type_subset.h"
#include "session/kernel_types.h"
#include "session/session.h"

#define MOST_NAME 256

/* The names of what says how it is called: of an event its typedef, and the functions with the
 * names of its parameters (prototypes.c). */
#define MOST_NAMES 4

struct session_signature {
	/* First of the names. */
	const char *name;
	/* NULL: the kernel has none. */
	struct btf *btf;
	struct session_signature *next;
};

struct wanted {
	char names[MOST_NAMES][MOST_NAME];
	uint32_t kinds[MOST_NAMES], count;
	struct type_subset *subset;
	struct type_source source;
	bool complete;
	/* A static function can be there several times; the first one counts, as for libbpf. */
	bool found[MOST_NAMES];
};

static bool take(uint32_t id, const struct btf_type *type, const char *name, void *context)
{
	struct wanted *wanted = context;

	for (uint32_t i = 0; i < wanted->count; i++) {
		if (wanted->found[i] || btf_kind(type) != wanted->kinds[i] ||
		    strcmp(name, wanted->names[i]) != 0)
			continue;
		wanted->found[i] = true;
		wanted->complete = wanted->complete &&
				   type_subset_add_signature(wanted->subset, wanted->source, id);
	}
	return wanted->complete;
}

static struct btf *collect(const struct type_view *view, struct wanted *wanted)
{
	struct btf *btf = NULL;
	uint32_t size;
	void *bytes;

	wanted->subset = type_subset_new();
	wanted->source = type_view_source(view);
	wanted->complete = true;
	type_view_each(view, take, wanted);
	if (wanted->complete && wanted->found[0]) {
		bytes = type_subset_bytes(wanted->subset, &size);
		btf = btf__new(bytes, size);
		free(bytes);
	}
	type_subset_free(wanted->subset);
	return btf;
}

static const struct btf *types_of(struct session *session, struct wanted *wanted)
{
	const struct type_view *view = session->kernel_btfs ? NULL : session_type_view(session);
	struct session_signature *known = session->signatures;

	while (known && strcmp(known->name, wanted->names[0]) != 0)
		known = known->next;
	if (known || !view)
		return known ? known->btf : NULL;
	known = arena_alloc(&session->arena, sizeof(*known));
	*known = (struct session_signature){
		.name = arena_text(&session->arena, wanted->names[0], strlen(wanted->names[0])),
		.btf = collect(view, wanted),
		.next = session->signatures,
	};
	session->signatures = known;
	return known->btf;
}

static void want(struct wanted *wanted, uint32_t kind, const char *prefix, const char *name)
{
	snprintf(wanted->names[wanted->count], MOST_NAME, "%s%s", prefix, name);
	wanted->kinds[wanted->count++] = kind;
}

const struct btf *kernel_function_types(struct session *session, const char *function)
{
	struct wanted wanted = {0};

	want(&wanted, BTF_KIND_FUNC, "", function);
	return types_of(session, &wanted);
}

const struct btf *kernel_event_types(struct session *session, const char *event)
{
	struct wanted wanted = {0};

	want(&wanted, BTF_KIND_TYPEDEF, "btf_trace_", event);
	want(&wanted, BTF_KIND_FUNC, "__probestub_", event);
	want(&wanted, BTF_KIND_FUNC, "__traceiter_", event);
	want(&wanted, BTF_KIND_FUNC, "__bpf_trace_", event);
	return types_of(session, &wanted);
}

void kernel_signatures_free(struct session *session)
{
	for (struct session_signature *known = session->signatures; known; known = known->next)
		btf__free(known->btf);
	session->signatures = NULL;
}
