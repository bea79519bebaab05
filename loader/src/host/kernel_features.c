#include "host/kernel_features.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/failure.h"
#include "host/trial.h"

struct feature {
	const char *name;
	/* First kernel that has it. */
	unsigned major, minor;
	/* 0: no helper. */
	enum bpf_func_id helper;
	/* A program type that may call the helper; for program features the type itself. */
	enum bpf_prog_type type;
};

/* More that can be said of a feature. */
struct remark {
	const char *name;
	/* Setting that kernels may be built without; NULL: all have it. */
	const char *option;
	/* What to do instead; NULL: nothing. */
	const char *hint;
};

static const struct remark remarks[] = {
	{"bpf_override_return", "CONFIG_BPF_KPROBE_OVERRIDE", NULL},
	{"bpf_ktime_get_tai_ns", NULL, "Use nsecs(sw_tai), which needs nothing of the kernel."},
};

/* Names as in compiler/lowering/features.ts; versions from the commits that brought them. */
static const struct feature features[] = {
	{"bpf_override_return", 4, 16, BPF_FUNC_override_return, BPF_PROG_TYPE_KPROBE},
	/* Shown by --info; no script needs to name it. */
	{"1000000 instructions", 5, 2, 0, 0},
	{"bpf_get_stack", 4, 18, BPF_FUNC_get_stack, BPF_PROG_TYPE_KPROBE},
	{"bpf_get_current_cgroup_id", 4, 18, BPF_FUNC_get_current_cgroup_id, BPF_PROG_TYPE_KPROBE},
	{"bounded_loops", 5, 3, 0, 0},
	{"bpf_send_signal", 5, 3, BPF_FUNC_send_signal, BPF_PROG_TYPE_KPROBE},
	{"bpf_probe_read_kernel", 5, 5, BPF_FUNC_probe_read_kernel, BPF_PROG_TYPE_KPROBE},
	{"bpf_probe_read_user", 5, 5, BPF_FUNC_probe_read_user, BPF_PROG_TYPE_KPROBE},
	{"bpf_probe_read_kernel_str", 5, 5, BPF_FUNC_probe_read_kernel_str, BPF_PROG_TYPE_KPROBE},
	{"bpf_probe_read_user_str", 5, 5, BPF_FUNC_probe_read_user_str, BPF_PROG_TYPE_KPROBE},
	/* By version: libbpf_probe_bpf_prog_type() denies tracing programs on 6.18, which has them.
	 */
	{"tp_btf", 5, 5, 0, 0},
	{"fentry", 5, 5, 0, 0},
	{"fexit", 5, 5, 0, 0},
	/* Helpers of tracing programs are known by version too. */
	{"bpf_skb_output", 5, 5, 0, 0},
	{"bpf_jiffies64", 5, 6, BPF_FUNC_jiffies64, BPF_PROG_TYPE_KPROBE},
	{"bpf_send_signal_thread", 5, 6, BPF_FUNC_send_signal_thread, BPF_PROG_TYPE_KPROBE},
	{"bpf_get_ns_current_pid_tgid", 5, 7, BPF_FUNC_get_ns_current_pid_tgid,
	 BPF_PROG_TYPE_KPROBE},
	{"ringbuf", 5, 8, BPF_FUNC_ringbuf_reserve, BPF_PROG_TYPE_KPROBE},
	{"bpf_ktime_get_boot_ns", 5, 8, BPF_FUNC_ktime_get_boot_ns, BPF_PROG_TYPE_KPROBE},
	{"bpf_d_path", 5, 10, 0, 0},
	{"bpf_per_cpu_ptr", 5, 10, BPF_FUNC_per_cpu_ptr, BPF_PROG_TYPE_KPROBE},
	{"bpf_this_cpu_ptr", 5, 10, BPF_FUNC_this_cpu_ptr, BPF_PROG_TYPE_KPROBE},
	{"large_keys", 5, 11, 0, 0},
	{"bpf_get_current_task_btf", 5, 11, BPF_FUNC_get_current_task_btf, BPF_PROG_TYPE_KPROBE},
	{"atomic_exchange", 5, 12, 0, 0},
	{"bpf_get_socket_cookie", 5, 12, 0, 0},
	{"bpf_for_each_map_elem", 5, 13, BPF_FUNC_for_each_map_elem, BPF_PROG_TYPE_KPROBE},
	{"bpf_get_func_ip", 5, 15, BPF_FUNC_get_func_ip, BPF_PROG_TYPE_KPROBE},
	{"bpf_get_attach_cookie", 5, 15, BPF_FUNC_get_attach_cookie, BPF_PROG_TYPE_KPROBE},
	{"bpf_loop", 5, 17, BPF_FUNC_loop, BPF_PROG_TYPE_KPROBE},
	{"bpf_strncmp", 5, 17, BPF_FUNC_strncmp, BPF_PROG_TYPE_KPROBE},
	{"bpf_map_lookup_percpu_elem", 5, 19, BPF_FUNC_map_lookup_percpu_elem,
	 BPF_PROG_TYPE_KPROBE},
	{"bpf_ktime_get_tai_ns", 6, 1, BPF_FUNC_ktime_get_tai_ns, BPF_PROG_TYPE_KPROBE},
};

static bool older_than(const struct utsname *host, const struct feature *feature)
{
	unsigned major = 0, minor = 0;

	if (sscanf(host->release, "%u.%u", &major, &minor) != 2)
		return false;
	return major < feature->major || (major == feature->major && minor < feature->minor);
}

/* libbpf_probe_bpf_helper() of libbpf 1.1 does not know what kernels since 6.12 say. */
static bool is_helper_missing(const struct feature *feature)
{
	static const char *const texts[] = {"unknown func ", "invalid func ", "cannot use helper "};
	const struct bpf_insn code[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = (int)feature->helper},
		{.code = BPF_JMP | BPF_EXIT},
	};
	char log[TRIAL_LOG];

	if (trial_load(feature->type, 0, code, sizeof(code) / sizeof(*code), log))
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strstr(log, texts[i]))
			return true;
	return false;
}

static bool is_missing(const struct utsname *host, const struct feature *feature)
{
	/* Distributions bring features to older kernels: ask the kernel where it can be asked. */
	if (feature->helper)
		return is_helper_missing(feature);
	if (feature->type)
		return libbpf_probe_bpf_prog_type(feature->type, NULL) == 0;
	return older_than(host, feature);
}

static void fail_missing(const struct utsname *host, const struct feature *feature,
			 struct failure *failure)
{
	const struct remark *remark = NULL;

	for (size_t i = 0; i < sizeof(remarks) / sizeof(*remarks); i++)
		if (strcmp(remarks[i].name, feature->name) == 0)
			remark = &remarks[i];
	if (remark && remark->option && !older_than(host, feature))
		fail_also(failure, STATUS_KERNEL,
			  "This kernel (%s) lacks %s, which the script needs: it wants %s.",
			  host->release, feature->name, remark->option);
	else
		fail_also(
			failure, STATUS_KERNEL,
			"This kernel (%s) lacks %s, which the script needs and Linux %u.%u brings.",
			host->release, feature->name, feature->major, feature->minor);
	if (remark && remark->hint)
		fail_hint(failure, "%s", remark->hint);
}

int features_explain(const struct manifest *manifest, struct failure *failure)
{
	struct utsname host;

	if (uname(&host) != 0)
		return STATUS_OK;
	for (uint32_t i = 0; i < manifest->feature_count; i++) {
		for (size_t j = 0; j < sizeof(features) / sizeof(*features); j++) {
			if (strcmp(features[j].name, manifest->features[i]) != 0 ||
			    !is_missing(&host, &features[j]))
				continue;
			fail_missing(&host, &features[j], failure);
		}
	}
	if (failure->status == STATUS_OK && access("/sys/kernel/btf/vmlinux", F_OK) != 0)
		fail(failure, STATUS_KERNEL,
		     "This kernel (%s) has no BTF, which programs that read kernel types need: it wants CONFIG_DEBUG_INFO_BTF.",
		     host.release);
	return failure->status;
}

void features_show(bool helpers, bool may_ask)
{
	struct utsname host;

	if (uname(&host) != 0)
		return;
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++) {
		const struct feature *feature = &features[i];
		bool asks = feature->helper || feature->type;

		if ((feature->helper != 0) != helpers)
			continue;
		if (asks && !may_ask)
			printf("  %s: unknown (needs CAP_BPF and CAP_PERFMON)\n", feature->name);
		else
			printf("  %s: %s\n", feature->name,
			       is_missing(&host, feature) ? "no" : "yes");
	}
}
