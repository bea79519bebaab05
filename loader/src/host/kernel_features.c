#include "host/kernel_features.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/failure.h"
#include "host/capabilities.h"
#include "host/trial.h"
#include "object/btf_ext.h"

struct feature {
	const char *name;
	/* First kernel that has it. */
	unsigned major, minor;
	/* 0: no helper. */
	enum bpf_func_id helper;
};

/* More that can be said of a feature. */
struct remark {
	const char *name;
	/* Setting that kernels may be built without; NULL: all have it. */
	const char *option;
	/* What to do instead; NULL: nothing. */
	const char *hint;
	/* What people call it; NULL: by its name. */
	const char *called;
};

static const struct remark remarks[] = {
	{"bpf_override_return", "CONFIG_BPF_KPROBE_OVERRIDE", NULL, NULL},
	{"bpf_ktime_get_tai_ns", NULL, "Use nsecs(sw_tai), which needs nothing of the kernel.",
	 NULL},
	{"large_keys", NULL, NULL, "keys of more than 512 bytes"},
	{"atomic_exchange", NULL, NULL, "atomic exchanges"},
};

/* Helpers are asked for as programs of kprobes call them. */
static const struct feature features[] = {
	/* Shown by --info; no script needs to name it. */
	{"1000000 instructions", 5, 2, 0},
#define FEATURE(name, major, minor, helper) {name, major, minor, helper},
	MF_FEATURES(FEATURE)
#undef FEATURE
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

	if (trial_load(BPF_PROG_TYPE_KPROBE, 0, code, sizeof(code) / sizeof(*code), log))
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
	return older_than(host, feature);
}

/* `where` is empty, or where the script needs it. */
static void fail_missing(const struct utsname *host, const struct feature *feature,
			 const char *where, struct failure *failure)
{
	const struct remark *remark = NULL;
	const char *name = feature->name;

	for (size_t i = 0; i < sizeof(remarks) / sizeof(*remarks); i++)
		if (strcmp(remarks[i].name, feature->name) == 0)
			remark = &remarks[i];
	if (remark && remark->called)
		name = remark->called;
	if (remark && remark->option && !older_than(host, feature))
		fail_also(failure, STATUS_KERNEL,
			  "This kernel (%s) lacks %s, which the script needs: it wants %s%s.",
			  host->release, name, remark->option, where);
	else
		fail_also(
			failure, STATUS_KERNEL,
			"This kernel (%s) lacks %s, which the script needs and Linux %u.%u brings%s.",
			host->release, name, feature->major, feature->minor, where);
	if (remark && remark->hint)
		fail_hint(failure, "%s", remark->hint);
}

/* The first one has the failure's place, which shows the line; each other one names its own. */
static void fail_missing_at(const struct utsname *host, const struct feature *feature,
			    const struct feature_place *places, struct failure *failure)
{
	bool is_first = failure->status == STATUS_OK;
	struct btf_ext_place place;
	char where[256] = "";

	if (!places->find(feature->name, (int)feature->helper, places->context, &place)) {
		fail_missing(host, feature, where, failure);
		return;
	}
	if (!is_first)
		snprintf(where, sizeof(where), " (%s:%u)", place.file, place.line);
	fail_missing(host, feature, where, failure);
	if (is_first)
		fail_at_column(failure, place.file, place.line, place.column, place.text);
}

int features_explain(const struct manifest *manifest, bool has_types,
		     const struct feature_place *places, struct failure *failure)
{
	struct utsname host;

	if (uname(&host) != 0)
		return STATUS_OK;
	for (uint32_t i = 0; i < manifest->feature_count; i++)
		for (size_t j = 0; j < sizeof(features) / sizeof(*features); j++)
			if (strcmp(features[j].name, manifest->features[i]) == 0 &&
			    is_missing(&host, &features[j]))
				fail_missing_at(&host, &features[j], places, failure);
	if (failure->status == STATUS_OK && !has_types &&
	    access("/sys/kernel/btf/vmlinux", F_OK) != 0) {
		fail(failure, STATUS_KERNEL,
		     "This kernel (%s) has no BTF, which programs that read kernel types need: it wants CONFIG_DEBUG_INFO_BTF.",
		     host.release);
		fail_hint(
			failure,
			"--btf gives it types from a file, which bpfscript kernel min-btf makes.");
	}
	return failure->status;
}

void features_show(bool helpers, bool may_ask)
{
	struct utsname host;

	if (uname(&host) != 0)
		return;
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++) {
		const struct feature *feature = &features[i];
		bool asks = feature->helper != 0;

		if ((feature->helper != 0) != helpers)
			continue;
		if (asks && !may_ask)
			printf("  %s: unknown (%s)\n", feature->name,
			       capabilities_hold_bpf() ? "bpf() is forbidden"
						       : "needs CAP_BPF and CAP_PERFMON");
		else
			printf("  %s: %s\n", feature->name,
			       is_missing(&host, feature) ? "no" : "yes");
	}
}
