#include "session/kernel_types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "host/kernel_btf.h"
#include "host/type_view.h"
#include "session/session.h"

const struct btf *session_kernel_btf(struct session *session, const char *module)
{
	struct session_btf *known;
	const struct btf *base = NULL;

	for (known = session->kernel_btfs; known; known = known->next)
		if (strcmp(known->module, module ? module : "") == 0)
			return known->btf;
	if (module && !(base = session_kernel_btf(session, NULL)))
		return NULL;
	known = arena_alloc(&session->arena, sizeof(*known));
	known->module = module ? module : "";
	known->btf = module ? btf__load_module_btf(module, (struct btf *)base) : kernel_btf_load();
	if (!known->btf)
		return NULL;
	/* Newest first, so that a module's goes before what it is based on. */
	known->next = session->kernel_btfs;
	session->kernel_btfs = known;
	return known->btf;
}

const struct type_view *session_type_view(struct session *session)
{
	if (!session->type_view_asked)
		session->type_view = type_view_open();
	session->type_view_asked = true;
	return session->type_view;
}

uint32_t session_kernel_type(struct session *session, uint32_t kind, const char *name)
{
	const struct type_view *view = session_type_view(session);
	const struct btf *btf;
	int id;

	if (view)
		return type_view_find(view, kind, name);
	btf = session_kernel_btf(session, NULL);
	id = btf ? btf__find_by_name_kind(btf, name, kind) : -ENOENT;
	return id > 0 ? (uint32_t)id : 0;
}

int64_t session_kernel_events(struct session *session, const char *module, const char *pattern,
			      struct kernel_function **events)
{
	const struct type_view *view = module ? NULL : session_type_view(session);
	const struct btf *btf;

	if (view)
		return type_view_match_events(&session->arena, view, pattern, events);
	btf = session_kernel_btf(session, module);
	return btf ? kernel_btf_match_events(&session->arena, btf, pattern, events) : -1;
}

bool session_look_in_btf(struct session *session,
			 bool (*look)(const struct btf *btf, void *context), void *context)
{
	const struct btf *btf = session_kernel_btf(session, NULL);
	const char **modules;
	int64_t count;

	if (!btf)
		return false;
	if (look(btf, context))
		return true;
	count = kernel_btf_modules(&session->arena, &modules);
	for (int64_t i = 0; i < count; i++) {
		btf = session_kernel_btf(session, modules[i]);
		if (btf && look(btf, context))
			return true;
	}
	return false;
}

void kernel_types_free(struct session *session)
{
	for (struct session_btf *btf = session->kernel_btfs; btf; btf = btf->next)
		btf__free(btf->btf);
	type_view_free(session->type_view);
}
