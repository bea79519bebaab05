#include "session/kernel_signatures.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/prototypes.h"
#include "host/type_subset.h"
#include "host/type_view.h"
#include "session/kernel_types.h"
#include "session/session.h"

#define MOST_NAME 256

/* The names of what says how it is called: of an event its typedef, and the functions with the
 * names of its parameters (prototypes.c). */
#define MOST_NAMES (1 + EVENT_FUNCTIONS)

struct session_signature {
	/* First of the names, its kind, and its type in the kernel's BTF. */
	const char *name;
	uint32_t kind, id;
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
	/* 0: not found yet. A static function can be there several times; the first one counts, as
	 * for libbpf. */
	uint32_t ids[MOST_NAMES];
};

static bool take(uint32_t id, const struct btf_type *type, const char *name, void *context)
{
	struct wanted *wanted = context;

	for (uint32_t i = 0; i < wanted->count; i++) {
		if (wanted->ids[i] || btf_kind(type) != wanted->kinds[i] ||
		    strcmp(name, wanted->names[i]) != 0)
			continue;
		wanted->ids[i] = id;
		wanted->complete = wanted->complete &&
				   type_subset_add_signature(wanted->subset, wanted->source, id);
	}
	return wanted->complete;
}

static struct btf *collect(const struct type_view *view, struct wanted *wanted)
{
	struct btf *btf = NULL;
	uint32_t kinds = 0, size;
	void *bytes;

	wanted->subset = type_subset_new();
	wanted->source = type_view_source(view);
	wanted->complete = true;
	for (uint32_t i = 0; i < wanted->count; i++)
		kinds |= TYPE_KIND(wanted->kinds[i]);
	type_view_each(view, kinds, take, wanted);
	if (wanted->complete && wanted->ids[0]) {
		bytes = type_subset_bytes(wanted->subset, &size);
		btf = btf__new(bytes, size);
		free(bytes);
	}
	type_subset_free(wanted->subset);
	return btf;
}

static const struct session_signature *signature_of(struct session *session, struct wanted *wanted)
{
	const struct type_view *view = session->kernel_btfs ? NULL : session_type_view(session);
	struct session_signature *known = session->signatures;

	while (known &&
	       (known->kind != wanted->kinds[0] || strcmp(known->name, wanted->names[0]) != 0))
		known = known->next;
	if (known || !view)
		return known;
	known = arena_alloc(&session->arena, sizeof(*known));
	*known = (struct session_signature){
		.name = arena_text(&session->arena, wanted->names[0], strlen(wanted->names[0])),
		.kind = wanted->kinds[0],
		.btf = collect(view, wanted),
		.next = session->signatures,
	};
	known->id = wanted->ids[0];
	session->signatures = known;
	return known;
}

static void want(struct wanted *wanted, uint32_t kind, const char *prefix, const char *name)
{
	snprintf(wanted->names[wanted->count], MOST_NAME, "%s%s", prefix, name);
	wanted->kinds[wanted->count++] = kind;
}

const struct btf *kernel_function_types(struct session *session, const char *function, uint32_t *id)
{
	const struct session_signature *known;
	struct wanted wanted = {0};

	want(&wanted, BTF_KIND_FUNC, "", function);
	known = signature_of(session, &wanted);
	*id = known ? known->id : 0;
	return known ? known->btf : NULL;
}

const struct btf *kernel_event_types(struct session *session, const char *event)
{
	const struct session_signature *known;
	struct wanted wanted = {0};

	want(&wanted, BTF_KIND_TYPEDEF, "btf_trace_", event);
	for (size_t i = 0; i < EVENT_FUNCTIONS; i++)
		want(&wanted, BTF_KIND_FUNC, event_functions[i], event);
	known = signature_of(session, &wanted);
	return known ? known->btf : NULL;
}

void kernel_signatures_free(struct session *session)
{
	for (struct session_signature *known = session->signatures; known; known = known->next)
		btf__free(known->btf);
	session->signatures = NULL;
}
