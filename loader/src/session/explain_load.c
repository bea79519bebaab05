#include "session/explain_load.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/kernel_features.h"
#include "base/failure.h"
#include "base/say.h"

static bool has_trampolines(const struct session *session)
{
	const struct manifest *manifest = session->manifest;

	for (uint32_t i = 0; i < manifest->probe_count; i++)
		if (session->programs[i] && (manifest->probes[i].provider == MF_FENTRY ||
					     manifest->probes[i].provider == MF_FEXIT))
			return true;
	return false;
}

/* What libbpf and the kernel say of variables of the kernel that are not there, or not like that.
 */
static int explain_variable(const struct libbpf_log *log)
{
	char name[128];

	if (libbpf_log_name(log, "failed to find the address for kernel symbol ", name,
			    sizeof(name))) {
		say_error("This kernel does not tell where its variable %s is: percpu_kaddr() "
			  "needs CONFIG_KALLSYMS_ALL.",
			  name);
		return STATUS_KERNEL;
	}
	if (libbpf_log_name(log, "extern (var ksym) ", name, sizeof(name))) {
		say_error("Could not resolve variable \"%s\" from BTF: this kernel has no per-CPU "
			  "variable of that name and type.",
			  name);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

/* A type, member or enumerator that the running kernel does not have: the verifier came to an
 * instruction that libbpf had to leave without its number. */
static int explain_relocation(const struct session *session, const struct libbpf_log *log)
{
	char what[256], *name, *end;

	if (!libbpf_log_name(log, "failed to resolve CO-RE relocation ", what, sizeof(what)))
		return STATUS_OK;
	/* `<byte_off> [29] struct task_struct.patch_state (0:0 @ offset 5212)` */
	name = strstr(what, "] ");
	end = name ? strstr(name, " (") : NULL;
	if (!end)
		end = name ? strstr(name, " = ") : NULL;
	if (!end)
		return STATUS_OK;
	*end = '\0';
	say_error("This kernel has no %s, which the script uses. It was built for Linux %s.",
		  name + 2, session->manifest->kernel_release);
	say("HINT: Behind a parameter, as in `if ($1) { ... }`, it is not loaded where that is 0.");
	return STATUS_KERNEL;
}

int explain_load(const struct session *session, const struct libbpf_log *log, int error)
{
	struct failure failure = {0};
	int status = features_explain(session->manifest, &failure);

	failure_tell(&failure);

	if (status != STATUS_OK) {
		/* The feature says it all; the log is for -v. */
		return status;
	}
	status = explain_variable(log);
	if (status == STATUS_OK)
		status = explain_relocation(session, log);
	if (status != STATUS_OK)
		return status;
	/* Capabilities have been looked at before (capabilities.c). */
	if (error == EPERM && has_trampolines(session) &&
	    !libbpf_log_has(log, "BEGIN PROG LOAD LOG")) {
		say_error("No permission to load programs: %s. fentry and fexit need CAP_BPF and "
			  "CAP_PERFMON, and a kernel that is not locked down (lockdown=integrity "
			  "forbids them). A kprobe or a tracepoint may do instead.",
			  strerror(error));
		libbpf_log_explain(log);
		return STATUS_PERMISSION;
	}
	if ((error == EPERM || error == EACCES) && !libbpf_log_has(log, "BEGIN PROG LOAD LOG")) {
		say_error("No permission to load programs: %s. It needs CAP_BPF and CAP_PERFMON.",
			  strerror(error));
		libbpf_log_explain(log);
		return STATUS_PERMISSION;
	}
	say_error("The kernel refused the script's programs: %s.", strerror(error));
	libbpf_log_explain(log);
	return STATUS_FAILED;
}
