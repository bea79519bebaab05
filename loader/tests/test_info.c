/* `bpfload --info`: each answer of a host, also where it does not say. The host is the test's. */
#include "run/info.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/kprobe.h"
#include "attach/uprobe_multi.h"
#include "captured.h"
#include "check.h"
#include "folder.h"
#include "host/capabilities.h"
#include "host/host.h"
#include "host/kernel_features.h"
#include "host/privileges.h"
#include "host/syscall_filter.h"
#include "host/tracefs.h"
#include "says.h"

static struct {
	/* Types of programs and maps that can be loaded, as bits; errno of all that is asked. */
	uint64_t programs, maps;
	int refused, no_uname, cpus;
	bool has_kprobe_multi, has_uprobe_multi, has_pid_uprobe_multi, may_bpf, has_sysfs;
	bool is_readable, is_filtered;
	const char *tracefs;
	/* Paths that are there, each between spaces. */
	const char *there;
	/* Of the folder of modules' types, and of the file of lockdown; 0: they are there. */
	int no_folder, no_lockdown;
	uint64_t effective, permitted;
} host;

int libbpf_probe_bpf_prog_type(enum bpf_prog_type type, const void *options)
{
	(void)options;
	return host.refused ? -host.refused : (int)(host.programs >> type & 1);
}

int libbpf_probe_bpf_map_type(enum bpf_map_type type, const void *options)
{
	(void)options;
	return host.refused ? -host.refused : (int)(host.maps >> type & 1);
}

int libbpf_num_possible_cpus(void)
{
	return host.cpus;
}

const char *libbpf_version_string(void)
{
	return "v9.9";
}

int uname(struct utsname *system)
{
	*system = (struct utsname){.sysname = "Linux",
				   .release = "6.1.0",
				   .version = "#1 SMP",
				   .machine = "x86_64",
				   .nodename = "secret"};
	errno = host.no_uname;
	return host.no_uname ? -1 : 0;
}

void features_show(bool helpers, bool may_ask)
{
	printf("  %s: %s\n", helpers ? "helpers" : "others", may_ask ? "asked" : "not asked");
}

bool kernel_has_kprobe_multi(void)
{
	return host.has_kprobe_multi;
}

bool uprobe_multi_is_supported(bool of_process)
{
	return of_process ? host.has_pid_uprobe_multi : host.has_uprobe_multi;
}

bool capabilities_hold_bpf(void)
{
	return host.may_bpf;
}

bool host_has_sysfs(void)
{
	return host.has_sysfs;
}

const char *tracefs_root(void)
{
	return host.tracefs;
}

bool tracefs_readable(const char *root)
{
	CHECK(root == host.tracefs);
	return host.is_readable;
}

uint64_t privileges_effective(void)
{
	return host.effective;
}

uint64_t privileges_permitted(void)
{
	return host.permitted;
}

void privileges_put(struct strbuf *to, uint64_t capabilities)
{
	char text[32];

	snprintf(text, sizeof(text), "<%llx>", (unsigned long long)capabilities);
	strbuf_text(to, text);
}

bool syscall_filter_is_there(void)
{
	return host.is_filtered;
}

int access(const char *path, int mode)
{
	char word[128];

	CHECK(mode == F_OK);
	snprintf(word, sizeof(word), " %s ", path);
	return strstr(host.there, word) ? 0 : -1;
}

DIR *opendir(const char *path)
{
	DIR *(*real)(const char *);

	*(void **)&real = dlsym(RTLD_NEXT, "opendir");
	CHECK(strcmp(path, "/sys/kernel/btf") == 0);
	errno = host.no_folder;
	return host.no_folder ? NULL : real(at("btf"));
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *);

	*(void **)&real = dlsym(RTLD_NEXT, "fopen");
	if (strcmp(path, "/sys/kernel/security/lockdown") != 0)
		return real(path, mode);
	errno = host.no_lockdown;
	return host.no_lockdown ? NULL : real(at("lockdown"), mode);
}

/* One that says nothing. */
static void begin(void)
{
	memset(&host, 0, sizeof(host));
	host.cpus = 4;
	host.there = "";
	host.no_folder = host.no_lockdown = ENOENT;
	host.has_sysfs = true;
	host.may_bpf = true;
	host.permitted = host.effective = 3;
}

static void show(struct strbuf *text)
{
	struct captured captured;
	struct failure failure = {0};

	capture_begin(&captured, STDOUT_FILENO);
	CHECK(print_info(&failure) == STATUS_OK);
	capture_end(&captured, text);
}

static void expect(const char *line)
{
	struct strbuf text = {0};

	show(&text);
	if (!CHECK(strstr(strbuf_c_text(&text), line)))
		fprintf(stderr, "  no \"%s\" in\n%s\n", line, strbuf_c_text(&text));
	strbuf_free(&text);
}

static void whole(void)
{
	struct strbuf text = {0};

	begin();
	host.programs = UINT64_MAX & ~(UINT64_C(1) << BPF_PROG_TYPE_PERF_EVENT);
	host.maps = UINT64_C(1) << BPF_MAP_TYPE_RINGBUF;
	host.has_kprobe_multi = host.has_pid_uprobe_multi = true;
	host.tracefs = "/sys/kernel/tracing";
	host.is_readable = true;
	host.there = " /sys/kernel/btf/vmlinux /sys/bus/event_source/devices/uprobe ";
	host.no_folder = host.no_lockdown = 0;
	host.permitted = 7;
	host.is_filtered = true;
	put_file("lockdown", "none [integrity] confidentiality\n");
	put_file("btf/vmlinux", "");
	show(&text);
	CHECK_TEXT(&text, "System\n  OS: Linux 6.1.0 #1 SMP\n  Arch: x86_64\n  CPUs: 4\n"
			  "  lockdown: integrity\n  tracefs: /sys/kernel/tracing\n"
			  "\nBuild\n  bpfload: " BPFLOAD_VERSION "\n  libbpf: v9.9\n"
			  "  linked: statically\n\nKernel helpers\n  helpers: asked\n"
			  "\nKernel features\n  btf: yes\n  module btf: no\n  ring buffer: yes\n"
			  "  task storage: no\n  others: asked\n\nProbe types\n  tracepoint: yes\n"
			  "  perf_event: no\n  kprobe: no\n  kprobe_multi: yes\n  uprobe: yes\n"
			  "  uprobe_multi: no\n  uprobe_multi of one process: yes\n  hardware: no\n"
			  "\nPrivileges\n  held: <3>\n  permitted besides: <4>\n"
			  "  filter of system calls: yes\n");
	strbuf_free(&text);
	/* The other way round. */
	host.programs = ~host.programs | UINT64_C(1) << BPF_PROG_TYPE_SOCKET_FILTER |
			UINT64_C(1) << BPF_PROG_TYPE_TRACEPOINT;
	host.maps = UINT64_C(1) << BPF_MAP_TYPE_TASK_STORAGE;
	host.has_kprobe_multi = host.has_pid_uprobe_multi = false;
	host.has_uprobe_multi = true;
	host.there = " /sys/bus/event_source/devices/kprobe /sys/bus/event_source/devices/cpu ";
	host.is_readable = host.is_filtered = false;
	put_file("btf/module", "");
	show(&text);
	CHECK_TEXT(&text,
		   "System\n  OS: Linux 6.1.0 #1 SMP\n  Arch: x86_64\n  CPUs: 4\n"
		   "  lockdown: integrity\n  tracefs: /sys/kernel/tracing (not readable)\n"
		   "\nBuild\n  bpfload: " BPFLOAD_VERSION "\n  libbpf: v9.9\n"
		   "  linked: statically\n\nKernel helpers\n  helpers: asked\n"
		   "\nKernel features\n  btf: no\n  module btf: yes\n  ring buffer: no\n"
		   "  task storage: yes\n  others: asked\n\nProbe types\n  tracepoint: yes\n"
		   "  perf_event: yes\n  kprobe: yes\n  kprobe_multi: no\n  uprobe: no\n"
		   "  uprobe_multi: yes\n  uprobe_multi of one process: no\n  hardware: yes\n"
		   "\nPrivileges\n  held: <3>\n  permitted besides: <4>\n"
		   "  filter of system calls: no\n");
	unlink(at("btf/module"));
	unlink(at("btf/vmlinux"));
	strbuf_free(&text);
}

static void odd_hosts(void)
{
	begin();
	expect("lockdown: none, or securityfs is not mounted\n");
	expect("tracefs: not mounted\n");
	expect("module btf: no\n");
	host.no_lockdown = EACCES;
	expect("lockdown: unknown\n");
	host.no_lockdown = 0;
	put_file("lockdown", "");
	expect("lockdown: unknown\n");
	put_file("lockdown", "none integrity]\n");
	expect("lockdown: unknown\n");
	put_file("lockdown", "[none integrity\n");
	expect("lockdown: unknown\n");
	put_file("lockdown", "[none] integrity\n");
	expect("lockdown: none\n");
	unlink(at("lockdown"));
	host.no_folder = EACCES;
	host.may_bpf = false;
	expect("module btf: unknown (needs CAP_BPF)\n");
	host.no_folder = EIO;
	expect("module btf: unknown\n");
	host.cpus = -EIO;
	expect("CPUs: Input/output error\n");
	host.cpus = 0;
	host.has_sysfs = false;
	expect("CPUs: not known: /sys is not mounted\n");
	host.cpus = 1;
	expect("CPUs: 1\n");
}

/* Without permission what was tried says nothing: neither yes nor no. */
static void without_permission(void)
{
	static const char *const asked[] = {"ring buffer",
					    "task storage",
					    "tracepoint",
					    "perf_event",
					    "kprobe_multi",
					    "uprobe_multi",
					    "uprobe_multi of one process"};
	char line[128];

	for (int may = 0; may < 2; may++) {
		begin();
		host.refused = EPERM;
		host.may_bpf = may;
		host.has_kprobe_multi = true;
		for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
			snprintf(line, sizeof(line), "  %s: unknown (%s)\n", asked[i],
				 may ? "bpf() is forbidden" : "needs CAP_BPF");
			expect(line);
		}
		expect("helpers: not asked\n");
		expect("others: not asked\n");
		expect("  kprobe: no\n");
	}
	/* Whether any program may be loaded, and whether tracing may: both count. */
	for (int one = 0; one < 2; one++) {
		begin();
		host.programs = UINT64_C(1)
				<< (one ? BPF_PROG_TYPE_SOCKET_FILTER : BPF_PROG_TYPE_TRACEPOINT);
		expect("helpers: not asked\n");
	}
	begin();
	host.programs = UINT64_C(1) << BPF_PROG_TYPE_SOCKET_FILTER |
			UINT64_C(1) << BPF_PROG_TYPE_TRACEPOINT;
	expect("helpers: asked\n");
}

static void no_system(void)
{
	struct failure failure = {0};

	begin();
	host.no_uname = EFAULT;
	CHECK(print_info(&failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, "Cannot find which kernel this is: Bad address."));
	failure_clear(&failure);
}

int main(void)
{
	CHECK(mkdtemp(folder) && mkdir(at("btf"), 0700) == 0);
	whole();
	odd_hosts();
	without_permission();
	no_system();
	CHECK(rmdir(at("btf")) == 0 && rmdir(folder) == 0);
	return check_result("info");
}
