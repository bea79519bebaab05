#include "session/kernel_targets.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/kernel_btf.h"
#include "session/kernel_types.h"
#include "session/session.h"

/* Handlers are the process's, and are given the program alone. */
static struct session *loading;
/* Of the BTF of a module that a program was loaded for; 0: none. */
static int module_fd;

static bool has_target(const struct bpf_program *program)
{
	switch (bpf_program__expected_attach_type(program)) {
	case BPF_TRACE_RAW_TP:
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
	case BPF_TRACE_ITER:
		return true;
	default:
		return false;
	}
}

enum bpf_prog_type kernel_target_type(const struct bpf_program *program)
{
	enum bpf_prog_type type = bpf_program__type(program);

	return type == BPF_PROG_TYPE_RAW_TRACEPOINT && has_target(program) ? BPF_PROG_TYPE_TRACING
									   : type;
}

void kernel_target_set(struct session *session, const struct bpf_program *program, const char *name,
		       uint32_t id)
{
	struct session_target *target = arena_alloc(&session->arena, sizeof(*target));

	*target = (struct session_target){program, name, id, session->targets};
	session->targets = target;
}

/* What the program is for; what its section names where nothing was set. */
static struct session_target target_of(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program), *slash = strchr(section, '/');
	const struct session_target *target = loading->targets;

	while (target && target->program != program)
		target = target->next;
	if (target)
		return *target;
	return (struct session_target){.program = program, .name = slash ? slash + 1 : ""};
}

/* As libbpf names them (btf_get_kernel_prefix_kind, libbpf.c). */
struct named_type {
	char name[256];
	uint32_t kind;
};

static struct named_type type_of(const struct session_target *target)
{
	struct named_type type = {.kind = BTF_KIND_FUNC};
	const char *prefix = "";

	switch (bpf_program__expected_attach_type(target->program)) {
	case BPF_TRACE_RAW_TP:
		prefix = "btf_trace_";
		type.kind = BTF_KIND_TYPEDEF;
		break;
	case BPF_TRACE_ITER:
		prefix = "bpf_iter_";
		break;
	default:
		break;
	}
	snprintf(type.name, sizeof(type.name), "%s%s", prefix, target->name);
	return type;
}

uint32_t kernel_target_find(struct session *session, const struct bpf_program *program,
			    const char *name)
{
	const struct session_target target = {.program = program, .name = name};
	const struct named_type type = type_of(&target);

	return session_kernel_type(session, type.kind, type.name);
}

static uint32_t find_in_modules(const struct named_type *type)
{
	const char **modules;
	int64_t count = kernel_btf_modules(&loading->arena, &modules);

	for (int64_t i = 0; i < count; i++) {
		const struct btf *btf = session_kernel_btf(loading, modules[i]);
		int id = btf ? btf__find_by_name_kind(btf, type->name, type->kind) : -ENOENT;

		if (id <= 0)
			continue;
		if (module_fd)
			close(module_fd);
		module_fd = kernel_btf_module_fd(modules[i]);
		if (module_fd >= 0)
			return (uint32_t)id;
		module_fd = 0;
	}
	return 0;
}

static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
	struct session_target target;
	struct named_type type;

	(void)cookie;
	bpf_program__set_type(program, BPF_PROG_TYPE_TRACING);
	/* A program of BPF, or of a module, was looked up when it was named. */
	if (options->attach_prog_fd || options->attach_btf_id || !loading)
		return 0;
	target = target_of(program);
	type = type_of(&target);
	options->attach_btf_id =
		target.id ? target.id : session_kernel_type(loading, type.kind, type.name);
	if (options->attach_btf_id)
		return 0;
	options->attach_btf_id = find_in_modules(&type);
	if (!options->attach_btf_id)
		return -ESRCH;
	options->attach_btf_obj_fd = (uint32_t)module_fd;
	return 0;
}

void kernel_targets_register(void)
{
	static const struct {
		const char *section;
		enum bpf_attach_type type;
	} sections[] = {
		{"tp_btf+", BPF_TRACE_RAW_TP},
		{"fentry+", BPF_TRACE_FENTRY},
		{"fexit+", BPF_TRACE_FEXIT},
		{"iter+", BPF_TRACE_ITER},
	};
	static bool registered;
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = prepare);

	for (size_t i = 0; !registered && i < sizeof(sections) / sizeof(*sections); i++)
		libbpf_register_prog_handler(sections[i].section, BPF_PROG_TYPE_RAW_TRACEPOINT,
					     sections[i].type, &options);
	registered = true;
}

void kernel_targets_of(struct session *session)
{
	loading = session;
	if (module_fd)
		close(module_fd);
	module_fd = 0;
}
