/* /etc/bpfload/policy: how it is read, and what each line of it forbids. */
#include <stdlib.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/memory.h"
#include "check.h"
#include "object/targets.h"
#include "session/permissions.h"
#include "session/policy.h"
#include "session/trust.h"

static struct policy policy;
static struct failure failure;

static void read_text(const char *text)
{
	failure_clear(&failure);
	if (!CHECK(policy_of_text(&policy, text, "policy", &failure) == STATUS_OK))
		fprintf(stderr, "  %s: %s\n", text, failure.text);
}

static void refuses(const char *text, uint32_t line, const char *why)
{
	failure_clear(&failure);
	if (!CHECK(policy_of_text(&policy, text, "policy", &failure) != STATUS_OK) ||
	    !CHECK(strcmp(failure.text, why) == 0 && failure.line == line &&
		   strcmp(failure.file, "policy") == 0))
		fprintf(stderr, "  %s: %s (%u)\n", text, failure.text, failure.line);
	policy_free(&policy);
}

static void test_what_it_says(void)
{
	read_text("");
	CHECK(policy.is_there && !policy.wants_signature && policy.probe_count == 0);
	CHECK(strcmp(policy.keys, "/etc/bpfload/keys") == 0);
	CHECK(policy.allowed.unsafe && policy.allowed.allow_run && !policy.limits_write);
	CHECK(!policy.no_reading && !policy.no_names);
	policy_free(&policy);
	read_text("# a comment\n\n \t signature \t required \t\r\nkeys /k\nprobes a b\nprobes c\n"
		  "unsafe no\nrun no\nwrite /a\nwrite no\nwrite /b\nread no\nnames-of-others no\n"
		  "max-overhead 2.5\nmax-memory 64M");
	CHECK(policy.wants_signature && strcmp(policy.keys, "/k") == 0);
	CHECK(policy.probe_count == 2 && strcmp(policy.probes[0], "a b") == 0 &&
	      strcmp(policy.probes[1], "c") == 0);
	CHECK(!policy.allowed.unsafe && !policy.allowed.allow_run && policy.limits_write);
	CHECK(policy.allowed.write_count == 2 && strcmp(policy.allowed.write[1], "/b") == 0);
	CHECK(policy.no_reading && policy.no_names);
	CHECK(policy.allowed.max_overhead == 2.5 && policy.allowed.max_memory == 64 << 20);
	policy_free(&policy);
	read_text("signature optional\nunsafe yes\nrun yes\nread yes\nnames-of-others yes");
	CHECK(!policy.wants_signature && policy.allowed.unsafe && policy.allowed.allow_run);
	CHECK(!policy.no_reading && !policy.no_names && !policy.limits_write);
	policy_free(&policy);
}

static void test_what_it_does_not_say(void)
{
	refuses("signature", 1, "'signature' has no value");
	refuses("\n#\nsignature maybe", 3, "it takes required or optional, not 'maybe'");
	refuses("unsafe 1", 1, "it takes yes or no, not '1'");
	refuses("read never\nunsafe 1", 1, "it takes yes or no, not 'never'");
	refuses("keys k", 1, "'k' is no absolute path");
	refuses("write k", 1, "it takes no, or an absolute path, not 'k'");
	refuses("run no\nrun no", 2, "'run' is there twice");
	refuses("max-memory 1K\nprobes a\nmax-memory 1K", 3, "'max-memory' is there twice");
	refuses("signatures required", 1, "there is no 'signatures'");
	refuses("Signature required", 1, "there is no 'Signature'");
}

/* Of an object that does one thing, or nothing: what is said, or nothing. */
static const char *said_of(const struct effect *effect, bool unsafe, struct options options)
{
	struct effect items[1] = {0};
	struct manifest manifest = {.unsafe = unsafe};
	struct object_file object = {.manifest = &manifest, .effects = {.items = items}};

	if (effect) {
		items[0] = *effect;
		object.effects.count = 1;
	}
	failure_clear(&failure);
	CHECK(policy_check(&policy, &object, "a.o", &options, &failure) == failure.status);
	return failure.text;
}

static void expect(const char *text, const struct effect *effect, bool unsafe, const char *said)
{
	const char *is;

	read_text(text);
	is = said_of(effect, unsafe, (struct options){0});
	if (!CHECK(strcmp(is, said) == 0))
		fprintf(stderr, "  %s: %s\n", text, is);
	policy_free(&policy);
}

static void test_effects(void)
{
	static const struct effect signal = {MF_EFFECT_SIGNAL, "send_signal", NULL},
				   command = {MF_EFFECT_COMMAND, "ls", NULL},
				   file = {MF_EFFECT_FILE, "/tmp/x", NULL},
				   reading = {MF_EFFECT_READ, "/etc/passwd", NULL};
	static const char *const all[] = {"", "unsafe yes", "run yes", "read yes", NULL};

	for (const char *const *text = all; *text; text++) {
		expect(*text, &signal, true, "");
		expect(*text, &command, true, "");
		expect(*text, &file, true, "");
		expect(*text, &reading, false, "");
		expect(*text, NULL, true, "");
	}
	expect("unsafe no", &signal, true,
	       "the script sends signals (send_signal), which /etc/bpfload/policy does not allow");
	expect("unsafe no", &command, true, "");
	expect("unsafe no", &file, true, "");
	expect("run no", &signal, true, "");
	expect("run no", &command, true,
	       "the script runs commands (ls), which /etc/bpfload/policy does not allow");
	expect("write no", &file, true,
	       "the script writes files (/tmp/x), which /etc/bpfload/policy does not allow");
	expect("write no", &command, true, "");
	expect("write /tmp", &file, true, "");
	expect("write /tmp/x", &file, true, "");
	expect("write /var\nwrite /tmp", &file, true, "");
	expect("write /var", &file, true,
	       "the script writes files (/tmp/x), which /etc/bpfload/policy does not allow");
	/* What is named is meant, also where everything else is allowed. */
	expect("unsafe yes\nwrite /var", &file, true,
	       "the script writes files (/tmp/x), which /etc/bpfload/policy does not allow");
	expect("read no", &reading, false,
	       "the script reads files (/etc/passwd), which /etc/bpfload/policy does not allow");
	expect("read no", &file, true, "");
	/* What the manifest says of code that nobody knows. */
	expect("unsafe no\nrun no", NULL, true,
	       "the script changes the system, as it says itself, which /etc/bpfload/policy does not allow");
	expect("unsafe no\nrun no", NULL, false, "");
	expect("unsafe no", NULL, true, "");
	expect("run no", NULL, true, "");
}

static void test_names(void)
{
	read_text("names-of-others no");
	CHECK(strcmp(said_of(NULL, false, (struct options){0}), "") == 0);
	CHECK(strcmp(said_of(NULL, false, (struct options){.keep_privileges = true}),
		     "--keep-privileges shows names of other users' processes, which "
		     "/etc/bpfload/policy does not allow") == 0);
	policy_free(&policy);
	read_text("names-of-others yes");
	CHECK(strcmp(said_of(NULL, false, (struct options){.keep_privileges = true}), "") == 0);
	policy_free(&policy);
	/* None: everything is allowed. */
	memset(&policy, 0, sizeof(policy));
	policy.no_names = policy.no_reading = true;
	CHECK(strcmp(said_of(NULL, true, (struct options){.keep_privileges = true}), "") == 0);
}

static struct options limited(const char *text, struct options options)
{
	read_text(text);
	policy_limit(&policy, &options);
	if (options.max_memory_text)
		options.max_memory_text = strcmp(options.max_memory_text, "2K") == 0 ? "2K" : "?";
	policy_free(&policy);
	return options;
}

static void test_limits(void)
{
	static const char both[] = "max-overhead 5\nmax-memory 2K";
	struct options options;

	options = limited("", (struct options){.on_overhead = ON_OVERHEAD_WARN});
	CHECK(options.max_overhead == 0 && options.max_memory == 0);
	CHECK(options.on_overhead == ON_OVERHEAD_WARN);
	options = limited(both, (struct options){.on_overhead = ON_OVERHEAD_END});
	CHECK(options.max_overhead == 5 && options.max_memory == 2048);
	CHECK(strcmp(options.max_memory_text, "2K") == 0);
	CHECK(options.on_overhead == ON_OVERHEAD_END);
	options = limited(both, (struct options){.max_overhead = 5.5,
						 .max_memory = 2049,
						 .max_memory_text = "2049",
						 .on_overhead = ON_OVERHEAD_WARN});
	CHECK(options.max_overhead == 5 && options.max_memory == 2048);
	CHECK(strcmp(options.max_memory_text, "2K") == 0);
	CHECK(options.on_overhead == ON_OVERHEAD_DETACH);
	options = limited(both, (struct options){.max_overhead = 4.5,
						 .max_memory = 2047,
						 .max_memory_text = "2047"});
	CHECK(options.max_overhead == 4.5 && options.max_memory == 2047);
	CHECK(strcmp(options.max_memory_text, "?") == 0);
	options = limited("max-overhead 5", (struct options){.on_overhead = ON_OVERHEAD_WARN});
	CHECK(options.max_memory == 0 && options.on_overhead == ON_OVERHEAD_DETACH);
	options = limited("max-memory 2K", (struct options){.on_overhead = ON_OVERHEAD_WARN});
	CHECK(options.max_overhead == 0 && options.on_overhead == ON_OVERHEAD_DETACH);
}

static void expect_probe(const char *text, const struct mf_probe *probe, const char *said)
{
	read_text(text);
	CHECK(policy_check_probe(&policy, probe, &failure) == failure.status);
	if (!CHECK(strcmp(failure.text, said) == 0))
		fprintf(stderr, "  %s: %s\n", text, failure.text);
	policy_free(&policy);
}

static void test_probes(void)
{
	static const struct mf_tracepoint_target event = {.category = "sched",
							  .event = "sched_switch"};
	static const struct mf_kprobe_target function = {.function = "vfs_read"};
	/* What it is called is the object's business. */
	static const struct mf_probe tracepoint = {.provider = MF_TRACEPOINT,
						   .target = &event,
						   .name = "begin"},
				     kprobe = {.provider = MF_KPROBE, .target = &function},
				     begin = {.provider = MF_BEGIN}, end = {.provider = MF_END};

	expect_probe("", &tracepoint, "");
	expect_probe("probes tracepoint:sched:*", &tracepoint, "");
	expect_probe("probes kprobe:*\nprobes tracepoint:sched:sched_switch", &tracepoint, "");
	expect_probe("probes tracepoint:sched", &tracepoint,
		     "tracepoint:sched:sched_switch is no probe that /etc/bpfload/policy allows");
	expect_probe("probes begin\nprobes kprobe:vfs_read", &tracepoint,
		     "tracepoint:sched:sched_switch is no probe that /etc/bpfload/policy allows");
	expect_probe("probes kprobe:vfs_*", &kprobe, "");
	expect_probe("probes kprobe:tcp_*", &kprobe,
		     "kprobe:vfs_read is no probe that /etc/bpfload/policy allows");
	expect_probe("probes kprobe:tcp_*", &begin, "");
	expect_probe("probes kprobe:tcp_*", &end, "");
}

/* --allow-write, which `write` of the policy shares. */
static void test_writing(void)
{
	char folder[] = "/tmp/bpfload-test-XXXXXX", path[64];
	const char *write[2];
	struct options options = {.write = write, .write_count = 1};

	if (!CHECK(mkdtemp(folder)))
		return;
	snprintf(path, sizeof(path), "%s/x", folder);
	write[0] = folder;
	CHECK(permission_to_write(&options, path));
	CHECK(!permission_to_write(&options, folder));
	CHECK(!permission_to_write(&options, "/tmp/x"));
	CHECK(!permission_to_write(&(struct options){0}, path));
	CHECK(permission_to_write(&(struct options){.unsafe = true}, path));
	CHECK(!permission_to_run(&options) &&
	      !permission_to_write(&(struct options){.allow_run = true}, path));
	CHECK(permission_to_run(&(struct options){.allow_run = true}));
	CHECK(permission_to_run(&(struct options){.unsafe = true}));
	/* The file itself, and nothing beside it; not below a folder that only begins alike. */
	write[0] = path;
	CHECK(permission_to_write(&options, path));
	write[0] = "/tmp/bpfload-test-other";
	write[1] = path;
	options.write_count = 2;
	CHECK(permission_to_write(&options, path));
	snprintf(path, sizeof(path), "%s-more/x", folder);
	write[0] = write[1] = folder;
	CHECK(!permission_to_write(&options, path));
	/* Of folders that are not there: as it is written. */
	write[0] = "/tmp/none/there";
	options.write_count = 1;
	CHECK(permission_to_write(&options, "/tmp/none/there/x"));
	CHECK(permission_to_write(&options, "/tmp/none/there"));
	CHECK(!permission_to_write(&options, "/tmp/none/therex"));
	write[0] = "/";
	CHECK(permission_to_write(&options, "/tmp/x") && permission_to_write(&options, "/x"));
	rmdir(folder);
}

static void expect_trust(const char *path, const char *said)
{
	struct object_file object = {0};

	failure_clear(&failure);
	CHECK(trust_check(&object, path, "/none/there", false, &failure) == STATUS_OBJECT);
	if (!CHECK(strcmp(failure.text, said) == 0))
		fprintf(stderr, "  %s\n", failure.text);
}

/* A signature that stands beside the object; whose it is, tests with keys know. */
static void test_signatures(void)
{
	char folder[] = "/tmp/bpfload-test-XXXXXX", path[64], beside[64];
	FILE *file;

	if (!CHECK(mkdtemp(folder)))
		return;
	snprintf(path, sizeof(path), "%s/a.o", folder);
	snprintf(beside, sizeof(beside), "%s/a.o.sig", folder);
	expect_trust(path, "it is not signed, and only signed objects run here");
	file = fopen(beside, "we");
	fputs("no signature", file);
	fclose(file);
	expect_trust(path, "its signature is damaged");
	unlink(beside);
	rmdir(folder);
}

int main(void)
{
	test_what_it_says();
	test_what_it_does_not_say();
	test_effects();
	test_names();
	test_limits();
	test_probes();
	test_writing();
	test_signatures();
	return check_result("policy");
}
