#include "host/capabilities.h"

#include <ctype.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/failure.h"
#include "host/kallsyms.h"
#include "host/privileges.h"
#include "host/syscall_filter.h"
#include "host/tracefs.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

struct capability {
	const char *name;
	int number;
	/* CAP_SYS_ADMIN holds it too (include/linux/capability.h: bpf_capable, perfmon_capable). */
	bool in_sys_admin;
};

static const struct capability known[] = {
	{"CAP_BPF", CAP_BPF, true},
	{"CAP_PERFMON", CAP_PERFMON, true},
	{"CAP_SYS_ADMIN", CAP_SYS_ADMIN, false},
	{"CAP_SYS_PTRACE", CAP_SYS_PTRACE, false},
	{"CAP_SYS_RESOURCE", CAP_SYS_RESOURCE, false},
	{"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH, false},
	{"CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE, false},
	{"CAP_SYSLOG", CAP_SYSLOG, false},
	{"CAP_KILL", CAP_KILL, false},
};

bool capabilities_are_of_admin(void)
{
	return privileges_effective() >> CAP_SYS_ADMIN & 1;
}

/* The kernel's lockdown mode "confidentiality" forbids reading kernel memory by BPF. */
static bool is_confidential(void)
{
	char text[128] = "";
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	bool confidential;

	if (!file)
		return false;
	confidential = fgets(text, sizeof(text), file) && strstr(text, "[confidentiality]");
	fclose(file);
	return confidential;
}

/* Capabilities of a user namespace other than the initial one count for what belongs to it, which
 * tracing does not (kernel/bpf/syscall.c, bpf_capable; PROC_USER_INIT_INO of
 * include/linux/proc_ns.h). */
static bool is_in_user_namespace(void)
{
	struct stat info;

	return stat("/proc/self/ns/user", &info) == 0 && info.st_ino != 0xEFFFFFFDu;
}

static bool holds(uint64_t effective, const char *name)
{
	for (size_t j = 0; j < sizeof(known) / sizeof(*known); j++)
		if (strcmp(known[j].name, name) == 0)
			return effective >> known[j].number & 1 ||
			       (known[j].in_sys_admin && effective >> CAP_SYS_ADMIN & 1);
	return false;
}

bool capabilities_hold_bpf(void)
{
	uint64_t effective = privileges_effective();

	return holds(effective, "CAP_BPF") && holds(effective, "CAP_PERFMON");
}

const char *capabilities_refusal(void)
{
	if (!capabilities_hold_bpf())
		return "It needs CAP_BPF and CAP_PERFMON.";
	if (syscall_filter_is_there())
		return "The loader has the capabilities for it, and a seccomp filter on it: that has to allow bpf() and perf_event_open(), which those of containers seldom do.";
	return "The loader has the capabilities for it: a security module forbids it, or a lockdown of the kernel.";
}

/* Version A.B of the running kernel, as A * 1000 + B. */
static int release(void)
{
	struct utsname host;
	int major = 0, minor = 0;

	if (uname(&host) == 0)
		(void)sscanf(host.release, "%d.%d", &major, &minor);
	return major * 1000 + minor;
}

/* Whether this host wants the capability for that. */
static bool is_wanted(size_t use, bool of_process)
{
	const char *root;

	switch (use) {
	case MF_USE_TRACEFS:
		root = tracefs_root();
		return root && !tracefs_readable(root);
	case MF_USE_KERNEL_ADDRESSES:
		return !kallsyms_are_shown("/proc/kallsyms");
	case MF_USE_SINGLE_UPROBES:
		/* Distributions bring such links to older kernels: what is only likely is told with
		 * what is sure, and else found out by attaching (uprobe.c). */
		return release() < (of_process ? 6010 : 6006);
	default:
		return true;
	}
}

/* Names of capabilities, each once. */
struct list {
	char text[256];
	size_t length;
};

static void put(struct list *list, const char *name, const char *separator)
{
	const char *found = strstr(list->text, name);
	size_t length = strlen(name);

	if ((found && (found[length] == ',' || !found[length])) ||
	    list->length + length + 3 > sizeof(list->text))
		return;
	list->length +=
		(size_t)snprintf(list->text + list->length, sizeof(list->text) - list->length,
				 "%s%s", list->length ? separator : "", name);
}

/* As setcap wants them. */
static void put_small(struct list *list, const char *name)
{
	char small[64];
	size_t i = 0;

	for (; name[i] && i < sizeof(small) - 1; i++)
		small[i] = (char)tolower((unsigned char)name[i]);
	small[i] = '\0';
	put(list, small, ",");
}

static int tell_missing(const struct list *missing, const struct list *needed,
			const struct list *names, struct failure *failure)
{
	fail(failure, STATUS_PERMISSION, "No permission: %s is missing.", missing->text);
	return fail_hint(
		failure,
		"Run bpfload as root, or give it the capabilities that this object needs: setcap %s+ep bpfload%s%s%s",
		needed->text, names->length ? " (for names of functions also " : "", names->text,
		names->length ? ")" : "");
}

int capabilities_check(const struct capability_uses *uses, bool of_process, struct failure *failure)
{
	uint64_t effective = privileges_effective();
	struct list missing = {0}, needed = {0}, names = {0};
	bool is_sure = false;

	if (is_in_user_namespace()) {
		fail(failure, STATUS_PERMISSION,
		     "No permission: this is a user namespace, whose capabilities do not allow tracing.");
		return fail_hint(failure,
				 "Run bpfload outside of it: -p traces processes in it, too.");
	}
	for (size_t use = 0; use < MF_USE_COUNT; use++) {
		const struct mf_capability_use *row = &mf_capability_uses[use];

		if (!uses->has[use])
			continue;
		if (row->is_of_names) {
			put_small(&names, row->capability);
			continue;
		}
		if (holds(effective, row->capability)) {
			put_small(&needed, row->capability);
		} else if (is_wanted(use, of_process)) {
			put_small(&needed, row->capability);
			put(&missing, row->capability, ", ");
			is_sure = is_sure || use != MF_USE_SINGLE_UPROBES;
		}
	}
	if (is_sure)
		return tell_missing(&missing, &needed, &names, failure);
	if (is_confidential())
		return fail(failure, STATUS_PERMISSION,
			    "The kernel is locked down (confidentiality): it lets nobody trace.");
	return STATUS_OK;
}
