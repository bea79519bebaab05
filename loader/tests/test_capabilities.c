/* What is said to who lacks capabilities: what is missing on this host, and what the object needs.
 */
#include "host/capabilities.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/failure.h"
#include "check.h"
#include "host/kallsyms.h"
#include "host/privileges.h"
#include "host/syscall_filter.h"
#include "host/tracefs.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* This host, and what the process holds there. */
static uint64_t held;
static const char *root, *release, *lockdown;
static bool can_read, shows_addresses, in_user_namespace, is_filtered;

uint64_t privileges_effective(void)
{
	return held;
}

const char *tracefs_root(void)
{
	return root;
}

bool tracefs_readable(const char *path)
{
	CHECK(path == root);
	return can_read;
}

bool kallsyms_are_shown(const char *path)
{
	CHECK(strcmp(path, "/proc/kallsyms") == 0);
	return shows_addresses;
}

int uname(struct utsname *host)
{
	*host = (struct utsname){.sysname = "Linux"};
	snprintf(host->release, sizeof(host->release), "%s", release);
	return 0;
}

int stat(const char *path, struct stat *info)
{
	CHECK(strcmp(path, "/proc/self/ns/user") == 0);
	*info = (struct stat){.st_ino = in_user_namespace ? 4026532000u : 0xEFFFFFFDu};
	return 0;
}

bool syscall_filter_is_there(void)
{
	return is_filtered;
}

FILE *fopen(const char *path, const char *mode)
{
	CHECK(strcmp(path, "/sys/kernel/security/lockdown") == 0 && mode[0] == 'r');
	return lockdown ? fmemopen((void *)lockdown, strlen(lockdown), "r") : NULL;
}

static struct failure failure;

static int check_uses(uint64_t effective, bool of_process, size_t count, const enum mf_use *list)
{
	struct capability_uses uses = {0};

	for (size_t i = 0; i < count; i++)
		uses.has[list[i]] = true;
	held = effective;
	failure_clear(&failure);
	return capabilities_check(&uses, of_process, &failure);
}

#define USES(...)                                                                               \
	sizeof((const enum mf_use[]){__VA_ARGS__}) / sizeof(enum mf_use), (const enum mf_use[]) \
	{                                                                                       \
		__VA_ARGS__                                                                     \
	}

static void as_it_is(void)
{
	root = "/sys/kernel/tracing";
	release = "6.12.0";
	lockdown = NULL;
	can_read = shows_addresses = true;
	in_user_namespace = is_filtered = false;
}

static void refused(int status, const char *text, const char *needed)
{
	if (!CHECK(status == STATUS_PERMISSION && strcmp(failure.text, text) == 0))
		fprintf(stderr, "  %s\n", failure.text);
	if (!CHECK(!needed || strstr(failure.hint, needed)))
		fprintf(stderr, "  %s\n", failure.hint);
}

static void what_is_missing(void)
{
	int status;

	as_it_is();
	CHECK(check_uses(BIT(CAP_BPF) | BIT(CAP_PERFMON), false, USES(MF_USE_LOAD, MF_USE_TRACE)) ==
	      STATUS_OK);
	/* Who may do everything may do that. */
	CHECK(check_uses(BIT(CAP_SYS_ADMIN), false,
			 USES(MF_USE_LOAD, MF_USE_TRACE, MF_USE_WRITING_MEMORY)) == STATUS_OK);
	CHECK(capabilities_are_of_admin());
	status = check_uses(BIT(CAP_BPF), false, USES(MF_USE_LOAD, MF_USE_TRACE));
	CHECK(!capabilities_are_of_admin());
	/* The hint has what is there, too: it stands in for what the file had. */
	refused(status, "No permission: CAP_PERFMON is missing.",
		": setcap cap_bpf,cap_perfmon+ep bpfload");
	CHECK(!strstr(failure.hint, "for names"));
	status = check_uses(0, false, USES(MF_USE_LOAD, MF_USE_TRACE));
	refused(status, "No permission: CAP_BPF, CAP_PERFMON is missing.",
		"cap_bpf,cap_perfmon+ep");
	/* One that three uses want is named once. */
	status = check_uses(0, false, USES(MF_USE_FUNCTIONS_OF_PROGRAMS, MF_USE_WRITING_MEMORY));
	refused(status, "No permission: CAP_SYS_ADMIN is missing.", "setcap cap_sys_admin+ep");
	/* What names take is told beside it, and is not missed. */
	status = check_uses(0, false, USES(MF_USE_LOAD, MF_USE_KERNEL_NAMES, MF_USE_USER_NAMES));
	refused(status, "No permission: CAP_BPF is missing.",
		"setcap cap_bpf+ep bpfload (for names of functions also cap_syslog,cap_sys_ptrace)");
	CHECK(check_uses(BIT(CAP_BPF), false, USES(MF_USE_LOAD, MF_USE_KERNEL_NAMES)) == STATUS_OK);
	/* What administrators hold is not what others need. */
	status = check_uses(BIT(CAP_SYS_ADMIN), false, USES(MF_USE_KERNEL_ADDRESSES));
	CHECK(status == STATUS_OK);
}

static void what_this_host_wants(void)
{
	const uint64_t tracer = BIT(CAP_BPF) | BIT(CAP_PERFMON);
	int status;

	as_it_is();
	CHECK(check_uses(tracer, false, USES(MF_USE_TRACEFS, MF_USE_KERNEL_ADDRESSES)) ==
	      STATUS_OK);
	can_read = false;
	status = check_uses(tracer, false, USES(MF_USE_TRACEFS));
	refused(status, "No permission: CAP_DAC_READ_SEARCH is missing.", "cap_dac_read_search+ep");
	CHECK(check_uses(BIT(CAP_DAC_READ_SEARCH), false, USES(MF_USE_TRACEFS)) == STATUS_OK);
	/* Where it is not mounted something else is wrong. */
	root = NULL;
	CHECK(check_uses(tracer, false, USES(MF_USE_TRACEFS)) == STATUS_OK);
	as_it_is();
	shows_addresses = false;
	status = check_uses(tracer, false, USES(MF_USE_KERNEL_ADDRESSES));
	refused(status, "No permission: CAP_SYSLOG is missing.", "cap_syslog+ep");
	/* Administrators do not hold it. */
	status = check_uses(BIT(CAP_SYS_ADMIN), false, USES(MF_USE_KERNEL_ADDRESSES));
	refused(status, "No permission: CAP_SYSLOG is missing.", NULL);
}

/* Where one uprobe takes an administrator is told with what is sure, and else found out. */
static void uprobes_on_older_kernels(void)
{
	static const struct {
		const char *release;
		bool of_process, wants;
	} cases[] = {
		{"6.5.9", false, true},	 {"6.6.0", false, false}, {"6.6.0", true, true},
		{"6.9.0", true, true},	 {"6.10.0", true, false}, {"7.0.0", true, false},
		{"5.99.0", false, true}, {"next", false, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int status;

		as_it_is();
		release = cases[i].release;
		status = check_uses(BIT(CAP_PERFMON), cases[i].of_process,
				    USES(MF_USE_LOAD, MF_USE_TRACE, MF_USE_SINGLE_UPROBES));
		refused(status,
			cases[i].wants ? "No permission: CAP_BPF, CAP_SYS_ADMIN is missing."
				       : "No permission: CAP_BPF is missing.",
			NULL);
		CHECK(check_uses(BIT(CAP_PERFMON) | BIT(CAP_BPF), cases[i].of_process,
				 USES(MF_USE_LOAD, MF_USE_SINGLE_UPROBES)) == STATUS_OK);
	}
}

static void hosts_that_let_nobody_trace(void)
{
	int status;

	as_it_is();
	lockdown = "none integrity [confidentiality]\n";
	status = check_uses(UINT64_MAX, false, USES(MF_USE_LOAD));
	refused(status, "The kernel is locked down (confidentiality): it lets nobody trace.", NULL);
	lockdown = "none [integrity] confidentiality\n";
	CHECK(check_uses(UINT64_MAX, false, USES(MF_USE_LOAD)) == STATUS_OK);
	as_it_is();
	in_user_namespace = true;
	status = check_uses(UINT64_MAX, false, USES(MF_USE_LOAD));
	refused(status,
		"No permission: this is a user namespace, whose capabilities do not allow tracing.",
		"-p traces processes in it, too");
}

/* Who has what it takes is not told to get it. */
static void what_refuses_who_may(void)
{
	static const struct {
		uint64_t held;
		bool is_filtered;
		const char *said;
	} cases[] = {
		{0, false, "It needs CAP_BPF and CAP_PERFMON."},
		{BIT(CAP_BPF), true, "It needs CAP_BPF and CAP_PERFMON."},
		{BIT(CAP_PERFMON), true, "It needs CAP_BPF and CAP_PERFMON."},
		{BIT(CAP_BPF) | BIT(CAP_PERFMON), true, "a seccomp filter on it"},
		{BIT(CAP_SYS_ADMIN), true, "a seccomp filter on it"},
		{BIT(CAP_SYS_ADMIN), false, "a security module forbids it, or a lockdown"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		held = cases[i].held;
		is_filtered = cases[i].is_filtered;
		CHECK(capabilities_hold_bpf() == (cases[i].said[0] != 'I'));
		CHECK(strstr(capabilities_refusal(), cases[i].said) != NULL);
	}
}

int main(void)
{
	what_is_missing();
	what_this_host_wants();
	uprobes_on_older_kernels();
	hosts_that_let_nobody_trace();
	what_refuses_who_may();
	failure_clear(&failure);
	return check_result("capabilities");
}
