#include "session/explain_load.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/kernel_features.h"
#include "session/host_types.h"

/* Where the kernel's linker puts them (include/linux/percpu-defs.h). */
#define PERCPU_SECTION ".data..percpu"

static bool is_trampoline(const struct bpf_program *program)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);

	return bpf_program__type(program) == BPF_PROG_TYPE_TRACING &&
	       (type == BPF_TRACE_FENTRY || type == BPF_TRACE_FEXIT);
}

static bool has_trampolines(const struct session *session)
{
	for (uint32_t i = 0; i < session->manifest->probe_count; i++)
		if (session->programs[i] && is_trampoline(session->programs[i]))
			return true;
	return false;
}

/* What libbpf and the kernel say of variables of the kernel that are not there, or not like that.
 */
static int explain_variable(struct session *session, const struct libbpf_log *log,
			    struct failure *failure)
{
	const struct btf *btf;
	char name[128];

	if (libbpf_log_name(log, "failed to find the address for kernel symbol ", name,
			    sizeof(name)))
		return fail(
			failure, STATUS_KERNEL,
			"This kernel does not tell where its variable %s is: percpu_kaddr() needs CONFIG_KALLSYMS_ALL.",
			name);
	if (!libbpf_log_name(log, "extern (var ksym) ", name, sizeof(name)))
		return STATUS_OK;
	btf = session_kernel_btf(session, NULL);
	if (btf && btf__find_by_name_kind(btf, PERCPU_SECTION, BTF_KIND_DATASEC) < 0)
		return fail(
			failure, STATUS_KERNEL,
			"percpu_kaddr() needs the kernel's per-CPU variables in its BTF, and this kernel's has none: \"%s\" cannot be found.",
			name);
	return fail(
		failure, STATUS_FAILED,
		"Could not resolve variable \"%s\" from BTF: this kernel has no per-CPU variable of that name and type.",
		name);
}

/* A type, member or enumerator that the running kernel does not have: the verifier came to an
 * instruction that libbpf had to leave without its number. */
static int explain_relocation(struct session *session, const struct libbpf_log *log,
			      struct failure *failure)
{
	char what[256], *type, *name, *access, *end;

	if (!libbpf_log_name(log, "failed to resolve CO-RE relocation ", what, sizeof(what)))
		return STATUS_OK;
	/* `<byte_off> [29] struct task_struct.patch_state (0:0 @ offset 5212)` */
	type = strchr(what, '[');
	access = strstr(what, " (");
	if (type && access &&
	    host_types_explain(session, (uint32_t)strtoul(type + 1, NULL, 10), access + 2,
			       strcspn(access + 2, " "), failure) != STATUS_OK)
		return failure->status;
	name = strstr(what, "] ");
	end = name ? strstr(name, " (") : NULL;
	if (!end)
		end = name ? strstr(name, " = ") : NULL;
	if (!end)
		return STATUS_OK;
	*end = '\0';
	fail(failure, STATUS_KERNEL,
	     "This kernel has no %s, which the script uses. It was built for Linux %s.", name + 2,
	     session->manifest->kernel_release);
	if (type && access)
		host_types_place(session, (uint32_t)strtoul(type + 1, NULL, 10), access + 2,
				 strcspn(access + 2, " "), failure);
	return fail_hint(
		failure,
		"Behind a parameter, as in `if ($1) { ... }`, or a question, as in `if (field_exists($p.f)) { ... }`, it is not loaded where that is 0.");
}

void explain_load(struct session *session, const struct libbpf_log *log, int error,
		  struct failure *failure)
{
	bool is_permission = !libbpf_log_has(log, "BEGIN PROG LOAD LOG");

	/* A feature says it all; the log is for -v. */
	if (features_explain(session->manifest, failure) != STATUS_OK ||
	    explain_variable(session, log, failure) != STATUS_OK ||
	    explain_relocation(session, log, failure) != STATUS_OK)
		return;
	/* Capabilities have been looked at before (capabilities.c). */
	if (is_permission && error == EPERM && has_trampolines(session))
		fail(failure, STATUS_PERMISSION,
		     "No permission to load programs: %s. fentry and fexit need CAP_BPF and CAP_PERFMON, and a kernel that is not locked down (lockdown=integrity forbids them). A kprobe or a tracepoint may do instead.",
		     strerror(error));
	else if (is_permission && (error == EPERM || error == EACCES))
		fail(failure, STATUS_PERMISSION,
		     "No permission to load programs: %s. It needs CAP_BPF and CAP_PERFMON.",
		     strerror(error));
	else
		fail(failure, STATUS_FAILED, "The kernel refused the script's programs: %s.",
		     strerror(error));
	libbpf_log_explain(log, failure);
}
