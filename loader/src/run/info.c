#include "run/info.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/kprobe.h"
#include "base/failure.h"
#include "base/strbuf.h"
#include "host/capabilities.h"
#include "host/host.h"
#include "host/kernel_btf.h"
#include "host/kernel_features.h"
#include "host/privileges.h"
#include "host/syscall_filter.h"
#include "host/tracefs.h"
#include "attach/uprobe_multi.h"

#define PERF_UNITS "/sys/bus/event_source/devices/"

static void show(const char *name, const char *value)
{
	printf("  %s: %s\n", name, value);
}

/* An answer of libbpf_probe_*: 1, 0 or a negative error. */
static void show_answer(const char *name, int answer)
{
	if (answer < 0)
		show(name, answer != -EPERM && answer != -EACCES ? "unknown"
			   : capabilities_hold_bpf()		 ? "unknown (bpf() is forbidden)"
								 : "unknown (needs CAP_BPF)");
	else
		show(name, answer ? "yes" : "no");
}

static int exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* BTF of modules stands beside that of the kernel. */
static int has_module_btf(void)
{
	DIR *folder = opendir(KERNEL_BTF_FOLDER);
	const struct dirent *entry;
	int found = 0;

	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	while (!found && (entry = readdir(folder)))
		found = *entry->d_name != '.' && strcmp(entry->d_name, "vmlinux") != 0;
	closedir(folder);
	return found;
}

static const char *lockdown(char *line, size_t size)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char *end, *mode = NULL;

	if (!file)
		return errno == ENOENT ? "none, or securityfs is not mounted" : "unknown";
	if (fgets(line, (int)size, file))
		mode = strchr(line, '[');
	fclose(file);
	end = mode ? strchr(mode, ']') : NULL;
	if (!end)
		return "unknown";
	*end = '\0';
	return mode + 1;
}

static void print_system(const struct utsname *host)
{
	const char *root = tracefs_root();
	char line[128];
	int cpus = libbpf_num_possible_cpus();

	puts("System");
	printf("  OS: %s %s %s\n", host->sysname, host->release, host->version);
	show("Arch", host->machine);
	if (cpus > 0)
		printf("  CPUs: %d\n", cpus);
	else
		show("CPUs", host_has_sysfs() ? strerror(-cpus) : "not known: /sys is not mounted");
	show("lockdown", lockdown(line, sizeof(line)));
	if (!root)
		show("tracefs", "not mounted");
	else
		printf("  tracefs: %s%s\n", root, tracefs_readable(root) ? "" : " (not readable)");
}

static void print_build(void)
{
	puts("\nBuild");
	show("bpfload", BPFLOAD_VERSION);
	show("libbpf", libbpf_version_string());
	show("linked", "statically");
}

/* 1, 0, or -EPERM: without permission the attempts fail for another reason. */
static int permitted(int may_load, int answer)
{
	return may_load ? answer : -EPERM;
}

static void print_features(int may_load)
{
	puts("\nKernel features");
	show_answer("btf", exists(KERNEL_BTF_FOLDER "/vmlinux"));
	show_answer("module btf", has_module_btf());
	show_answer("ring buffer",
		    permitted(may_load, libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL)));
	show_answer("task storage", permitted(may_load, libbpf_probe_bpf_map_type(
								BPF_MAP_TYPE_TASK_STORAGE, NULL)));
	features_show(false, may_load);
}

static void print_probe_types(int may_load)
{
	puts("\nProbe types");
	show_answer("tracepoint", permitted(may_load, libbpf_probe_bpf_prog_type(
							      BPF_PROG_TYPE_TRACEPOINT, NULL)));
	show_answer("perf_event", permitted(may_load, libbpf_probe_bpf_prog_type(
							      BPF_PROG_TYPE_PERF_EVENT, NULL)));
	show_answer("kprobe", exists(PERF_UNITS "kprobe"));
	show_answer("kprobe_multi", permitted(may_load, kernel_has_kprobe_multi()));
	show_answer("uprobe", exists(PERF_UNITS "uprobe"));
	show_answer("uprobe_multi", permitted(may_load, uprobe_multi_is_supported(false)));
	show_answer("uprobe_multi of one process",
		    permitted(may_load, uprobe_multi_is_supported(true)));
	show_answer("hardware", exists(PERF_UNITS "cpu"));
}

/* Of this process, as a run begins with it. */
static void print_privileges(void)
{
	struct strbuf text = {0};

	puts("\nPrivileges");
	privileges_put(&text, privileges_effective());
	show("held", strbuf_c_text(&text));
	strbuf_clear(&text);
	privileges_put(&text, privileges_permitted() & ~privileges_effective());
	show("permitted besides", strbuf_c_text(&text));
	strbuf_free(&text);
	show("filter of system calls", syscall_filter_is_there() ? "yes" : "no");
}

int print_info(struct failure *failure)
{
	struct utsname host;
	int may_load;

	if (uname(&host) != 0)
		return fail(failure, STATUS_FAILED, "Cannot find which kernel this is: %s.",
			    strerror(errno));
	libbpf_set_print(NULL);
	/* The simplest of programs: whether any may be loaded. */
	may_load = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SOCKET_FILTER, NULL) == 1 &&
		   libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_TRACEPOINT, NULL) == 1;
	print_system(&host);
	print_build();
	puts("\nKernel helpers");
	features_show(true, may_load);
	print_features(may_load);
	print_probe_types(may_load);
	print_privileges();
	return STATUS_OK;
}
