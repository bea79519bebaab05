/* Which feature a kernel lacks, what is said of it, and where the script needs it. */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/failure.h"
#include "check.h"
#include "host/kernel_features.h"
#include "host/privileges.h"
#include "host/trial.h"
#include "object/btf_ext.h"

/* The kernel of these tests: its version, and what it says of a helper; NULL: it has all. */
static const char *release, *says;

int uname(struct utsname *host)
{
	*host = (struct utsname){.sysname = "Linux"};
	snprintf(host->release, sizeof(host->release), "%s", release);
	return 0;
}

static uint64_t held;

uint64_t privileges_effective(void)
{
	return held;
}

bool trial_load(enum bpf_prog_type type, uint32_t attach_type, const struct bpf_insn *code,
		size_t count, char log[TRIAL_LOG])
{
	CHECK(type == BPF_PROG_TYPE_KPROBE && attach_type == 0 && count == 2 && code[0].imm > 0);
	snprintf(log, TRIAL_LOG, "0: (85) call x\n%s\n", says ? says : "");
	return !says;
}

/* Every feature stands in the line that its name begins with. */
static bool find_place(const char *feature, int helper, void *context, struct btf_ext_place *place)
{
	const char *unknown = context;

	(void)helper;
	if (unknown && strcmp(feature, unknown) == 0)
		return false;
	*place = (struct btf_ext_place){.file = "script.bt",
					.line = (uint32_t)strlen(feature),
					.column = 3,
					.text = "line"};
	return true;
}

static struct failure failure;

static int explain(const char *const *features, const char *unknown)
{
	const struct feature_place places = {find_place, (void *)unknown};
	struct manifest manifest = {.features = features};

	while (features[manifest.feature_count])
		manifest.feature_count++;
	failure_clear(&failure);
	return features_explain(&manifest, true, &places, &failure);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_versions(void)
{
	release = "5.2.99-rc1";
	CHECK(explain(NAMES("bounded_loops"), NULL) == STATUS_KERNEL);
	CHECK(strcmp(failure.text,
		     "This kernel (5.2.99-rc1) lacks bounded_loops, which the script needs and "
		     "Linux 5.3 brings.") == 0);
	CHECK(strcmp(failure.file, "script.bt") == 0 && failure.line == strlen("bounded_loops"));
	CHECK(failure.column == 3 && !failure.hint[0]);
	release = "5.3.0";
	CHECK(explain(NAMES("bounded_loops"), NULL) == STATUS_OK && !failure.text[0]);
	release = "4.99.0";
	CHECK(explain(NAMES("bounded_loops"), NULL) == STATUS_KERNEL);
	release = "6.0.0";
	CHECK(explain(NAMES("bounded_loops", "large_keys"), NULL) == STATUS_OK);
	/* A version that nobody understands is no old one. */
	release = "next";
	CHECK(explain(NAMES("bounded_loops"), NULL) == STATUS_OK);
	release = "4.1.0";
	CHECK(explain(NAMES("nothing_that_we_know"), NULL) == STATUS_OK);
	CHECK(explain(NAMES("large_keys"), "large_keys") == STATUS_KERNEL);
	CHECK(strcmp(failure.text, "This kernel (4.1.0) lacks keys of more than 512 bytes, which "
				   "the script needs and Linux 5.11 brings.") == 0);
	CHECK(!failure.file[0]);
}

static void test_several(void)
{
	release = "5.4.0";
	CHECK(explain(NAMES("bounded_loops", "fentry", "large_keys", "atomic_exchange"),
		      "atomic_exchange") == STATUS_KERNEL);
	CHECK(strcmp(failure.text,
		     "This kernel (5.4.0) lacks fentry, which the script needs and Linux 5.5 brings.\n"
		     "This kernel (5.4.0) lacks keys of more than 512 bytes, which the script needs "
		     "and Linux 5.11 brings (script.bt:10).\n"
		     "This kernel (5.4.0) lacks atomic exchanges, which the script needs and Linux "
		     "5.12 brings.") == 0);
	CHECK(failure.line == strlen("fentry"));
}

/* The kernel is asked for helpers, whatever its version. */
static void test_helpers(void)
{
	release = "4.1.0";
	says = NULL;
	CHECK(explain(NAMES("bpf_loop"), NULL) == STATUS_OK);
	says = "R1 type=ctx expected=scalar";
	CHECK(explain(NAMES("bpf_loop"), NULL) == STATUS_OK);
	for (const char *const *text = NAMES("unknown func bpf_loop#181", "invalid func x#181",
					     "program of this type cannot use helper bpf_loop#181");
	     *text; text++) {
		says = *text;
		release = "6.18.0";
		CHECK(explain(NAMES("bpf_loop"), NULL) == STATUS_KERNEL);
		CHECK(strcmp(failure.text, "This kernel (6.18.0) lacks bpf_loop, which the script "
					   "needs and Linux 5.17 brings.") == 0);
	}
	/* What an option of the kernel's build leaves out; but not before it was there. */
	CHECK(explain(NAMES("bpf_override_return"), NULL) == STATUS_KERNEL);
	CHECK(strcmp(failure.text,
		     "This kernel (6.18.0) lacks bpf_override_return, which the script needs: it "
		     "wants CONFIG_BPF_KPROBE_OVERRIDE.") == 0);
	release = "4.15.0";
	CHECK(explain(NAMES("bpf_override_return"), NULL) == STATUS_KERNEL);
	CHECK(strcmp(failure.text, "This kernel (4.15.0) lacks bpf_override_return, which the "
				   "script needs and Linux 4.16 brings.") == 0);
	CHECK(explain(NAMES("bpf_ktime_get_tai_ns"), NULL) == STATUS_KERNEL);
	CHECK(strcmp(failure.hint, "Use nsecs(sw_tai), which needs nothing of the kernel.") == 0);
}

/* What --info prints. */
static void expect_shown(bool helpers, bool may_ask, const char *line, bool is_there)
{
	char *text = NULL;
	size_t size;
	FILE *terminal = stdout;

	stdout = open_memstream(&text, &size);
	features_show(helpers, may_ask);
	fclose(stdout);
	stdout = terminal;
	if (!CHECK((strstr(text, line) != NULL) == is_there))
		fprintf(stderr, "  %s\n%s", line, text);
	free(text);
}

static void test_shown(void)
{
	release = "5.5.0";
	says = "unknown func x";
	expect_shown(false, true, "  1000000 instructions: yes\n", true);
	expect_shown(false, true, "  fentry: yes\n", true);
	expect_shown(false, true, "  large_keys: no\n", true);
	expect_shown(false, false, "  large_keys: no\n", true);
	expect_shown(false, true, "bpf_loop", false);
	expect_shown(true, true, "  bpf_loop: no\n", true);
	expect_shown(true, true, "fentry", false);
	expect_shown(true, false, "  bpf_loop: unknown (needs CAP_BPF and CAP_PERFMON)\n", true);
	held = UINT64_MAX;
	expect_shown(true, false, "  bpf_loop: unknown (bpf() is forbidden)\n", true);
	says = NULL;
	expect_shown(true, true, "  bpf_loop: yes\n", true);
}

int main(void)
{
	test_versions();
	test_several();
	test_helpers();
	test_shown();
	failure_clear(&failure);
	return check_result("features");
}
