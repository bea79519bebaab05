#include "host/capabilities.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/failure.h"

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

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data) != 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

bool capabilities_are_of_admin(void)
{
	return effective_capabilities() >> CAP_SYS_ADMIN & 1;
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

int capabilities_check(const struct manifest *manifest, struct failure *failure)
{
	uint64_t effective = effective_capabilities();
	char missing[256] = "";
	size_t length = 0;

	for (uint32_t i = 0; i < manifest->capability_count; i++) {
		for (size_t j = 0; j < sizeof(known) / sizeof(*known); j++) {
			if (strcmp(known[j].name, manifest->capabilities[i]) != 0)
				continue;
			if (effective >> known[j].number & 1 ||
			    (known[j].in_sys_admin && effective >> CAP_SYS_ADMIN & 1))
				continue;
			if (length < sizeof(missing))
				length +=
					(size_t)snprintf(missing + length, sizeof(missing) - length,
							 "%s%s", length ? ", " : "", known[j].name);
		}
	}
	if (is_in_user_namespace()) {
		fail(failure, STATUS_PERMISSION,
		     "No permission: this is a user namespace, whose capabilities do not allow tracing.");
		return fail_hint(failure,
				 "Run bpfload outside of it: -p traces processes in it, too.");
	}
	if (length > 0) {
		fail(failure, STATUS_PERMISSION, "No permission: %s is missing.", missing);
		return fail_hint(
			failure,
			"Run bpfload as root, or give it its capabilities: setcap cap_bpf,cap_perfmon,cap_dac_read_search+ep bpfload");
	}
	if (is_confidential())
		return fail(failure, STATUS_PERMISSION,
			    "The kernel is locked down (confidentiality): it lets nobody trace.");
	return STATUS_OK;
}
