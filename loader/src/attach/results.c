/* What finding and attaching fail with. The last failure counts: of many places the last one that
 * was tried, and what has been dealt with before is forgotten. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "attach/attach.h"
#include "attach/expand.h"
#include "host/capabilities.h"

/* ENOTSUPP of the kernel, which libc has no name for: of trampolines (arch_prepare_bpf_trampoline,
 * kernel/bpf/trampoline.c), and of instructions (uprobe_init_insn, arch/x86/kernel/uprobes.c, which
 * takes none with a lock prefix). */
#define NOT_SUPPORTED 524

static void set(struct failure *failure, int status, const char *format, va_list arguments)
{
	char text[sizeof(failure->text)];

	vsnprintf(text, sizeof(text), format, arguments);
	failure_clear(failure);
	fail(failure, status, "%s", text);
}

enum attach_result attach_missing(struct failure *failure, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(failure, STATUS_FAILED, format, arguments);
	va_end(arguments);
	return ATTACH_MISSING;
}

enum attach_result attach_unmatched(struct failure *failure, const struct mf_probe *probe)
{
	if (!attach_has_pattern(probe))
		return attach_missing(failure, "No matches for %s.", probe->name);
	failure_clear(failure);
	return ATTACH_MISSING;
}

enum attach_result attach_lacking(struct failure *failure, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(failure, STATUS_KERNEL, format, arguments);
	va_end(arguments);
	return ATTACH_MISSING;
}

enum attach_result attach_failed(struct failure *failure, int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(failure, status, format, arguments);
	va_end(arguments);
	return ATTACH_FAILED;
}

enum attach_result attach_refused(struct failure *failure, const struct mf_probe *probe, int error)
{
	const char *name = probe->name;
	bool is_trampoline = probe->provider == MF_FENTRY || probe->provider == MF_FEXIT;

	switch (error) {
	case EPERM:
	case EACCES:
		return attach_failed(failure, STATUS_PERMISSION,
				     "No permission to attach %s: %s. %s", name, strerror(error),
				     capabilities_refusal());
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return attach_failed(failure, STATUS_FAILED, "Cannot attach %s: %s.", name,
				     strerror(error));
	/* What libbpf says of a cookie on a kernel without (bpf_program__attach_perf_event_opts).
	 */
	case EOPNOTSUPP:
		return attach_failed(
			failure, STATUS_KERNEL,
			"Cannot attach %s: this kernel's probes carry no number that tells them apart (bpf_cookie), which Linux 5.15 brings.",
			name);
	case NOT_SUPPORTED:
		if (!is_trampoline)
			return attach_missing(
				failure,
				"Cannot attach %s: the kernel does not probe the instruction there.",
				name);
		return attach_failed(
			failure, STATUS_KERNEL,
			"Cannot attach %s: this kernel has no BPF trampolines for its processor; arm64 has them since Linux 6.4. A kprobe may do instead.",
			name);
	/* BPF_TRACE_MAX_PROGS (kernel/trace/bpf_trace.c), BPF_MAX_TRAMP_LINKS
	 * (include/linux/bpf.h); those of others count, too. */
	case E2BIG:
		return attach_missing(
			failure,
			"Cannot attach %s: the kernel runs no more than %u programs there.", name,
			is_trampoline ? 38u : 64u);
	default:
		return attach_missing(failure, "Cannot attach %s: %s.", name, strerror(error));
	}
}
