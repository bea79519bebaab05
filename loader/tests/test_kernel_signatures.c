/* How functions and events of the kernel are called, of its types alone that say it; the kernel's
 * types are stood in for. */
#include "session/kernel_signatures.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "check.h"
#include "session/kernel_types.h"
#include "session/session.h"
#include "stand_in.h"

/* Functions `f`, twice, and `g`; an event and the function that has the names of its parameters. */
enum { INT = 1, SHORT, SHORT_PROTOTYPE, PROTOTYPE, F, F_AGAIN, G, EVENT_PROTOTYPE, POINTER, EVENT };

static void make_types(const char *sys)
{
	struct btf *btf = btf__new_empty();
	char path[128], command[64];
	uint32_t size;
	const void *bytes = NULL;
	FILE *file;

	CHECK(btf__add_int(btf, "long", 8, BTF_INT_SIGNED) == INT);
	CHECK(btf__add_int(btf, "short", 2, BTF_INT_SIGNED) == SHORT);
	CHECK(btf__add_func_proto(btf, SHORT) == SHORT_PROTOTYPE);
	CHECK(btf__add_func_proto(btf, INT) == PROTOTYPE);
	btf__add_func_param(btf, "a", INT);
	btf__add_func_param(btf, "b", SHORT);
	CHECK(btf__add_func(btf, "f", BTF_FUNC_STATIC, PROTOTYPE) == F);
	CHECK(btf__add_func(btf, "f", BTF_FUNC_STATIC, SHORT_PROTOTYPE) == F_AGAIN);
	CHECK(btf__add_func(btf, "g", BTF_FUNC_STATIC, SHORT_PROTOTYPE) == G);
	CHECK(btf__add_func_proto(btf, 0) == EVENT_PROTOTYPE);
	btf__add_func_param(btf, "__data", INT);
	CHECK(btf__add_ptr(btf, EVENT_PROTOTYPE) == POINTER);
	CHECK(btf__add_typedef(btf, "btf_trace_it", POINTER) == EVENT);
	CHECK(btf__add_func(btf, "__bpf_trace_it", BTF_FUNC_STATIC, PROTOTYPE) > 0);
	CHECK(btf__add_func(btf, "btf_trace_g", BTF_FUNC_STATIC, PROTOTYPE) > 0);
	snprintf(command, sizeof(command), "mkdir -p %s/kernel/btf", sys);
	CHECK(system(command) == 0);
	snprintf(path, sizeof(path), "%s/kernel/btf/vmlinux", sys);
	bytes = btf__raw_data(btf, &size);
	file = fopen(path, "w");
	CHECK(file && fwrite(bytes, 1, size, file) == size);
	fclose(file);
	btf__free(btf);
}

static uint32_t parameters(const struct btf *btf, const char *function)
{
	int id = btf ? btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) : -1;
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	return type ? btf_vlen(btf__type_by_id(btf, type->type)) : UINT32_MAX;
}

static void functions(struct session *session)
{
	const struct btf *f, *g, *again;
	uint32_t id = 99;

	/* The first of a name counts, as for libbpf. */
	f = kernel_function_types(session, "f", &id);
	CHECK(f && id == F && parameters(f, "f") == 2);
	CHECK(parameters(f, "g") == UINT32_MAX);
	g = kernel_function_types(session, "g", &id);
	CHECK(g && g != f && id == G && parameters(g, "g") == 0);
	/* It is read once. */
	again = kernel_function_types(session, "f", &id);
	CHECK(again == f && id == F);
	CHECK(!kernel_function_types(session, "none", &id) && id == 0);
	CHECK(!kernel_function_types(session, "none", &id) && id == 0);
	/* An event's typedef is no function. */
	CHECK(!kernel_function_types(session, "btf_trace_it", &id) && id == 0);
}

static void events(struct session *session)
{
	const struct btf *it = kernel_event_types(session, "it");

	CHECK(it && btf__find_by_name_kind(it, "btf_trace_it", BTF_KIND_TYPEDEF) > 0);
	CHECK(kernel_event_types(session, "it") == it);
	/* Nor is a function an event. */
	CHECK(!kernel_event_types(session, "g") && !kernel_event_types(session, "none"));
}

/* Where all types of the kernel are read already, they are not picked once more. */
static void types_that_are_read(struct session *session)
{
	uint32_t id = 99;

	CHECK(session_kernel_btf(session, NULL));
	CHECK(!kernel_function_types(session, "btf_trace_g", &id) && id == 0);
	CHECK(kernel_function_types(session, "f", &id) && id == F);
}

int main(void)
{
	char sys[] = "/tmp/bpfload-sys-XXXXXX", command[64];
	struct session session = {0};
	uint32_t id = 99;

	CHECK(mkdtemp(sys));
	make_types(sys);
	stand_in.sys = sys;
	functions(&session);
	events(&session);
	types_that_are_read(&session);
	kernel_signatures_free(&session);
	CHECK(!session.signatures);
	kernel_types_free(&session);
	arena_free(&session.arena);
	/* A kernel without types has none. */
	session = (struct session){.type_view_asked = true};
	CHECK(!kernel_function_types(&session, "f", &id) && id == 0);
	CHECK(!kernel_event_types(&session, "it"));
	arena_free(&session.arena);
	stand_in_reset();
	snprintf(command, sizeof(command), "rm -r %s", sys);
	CHECK(system(command) == 0);
	return check_result("kernel_signatures");
}
