/* What attaching keeps of probes, targets and links, and what it says of refusals; the kernel and
 * libbpf are stood in for. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/copy.h"
#include "says.h"
#include "attaching.h"
#include "stand_in.h"

enum { FIRST, SECOND, THIRD, PROBES };

static const struct mf_kprobe_target at_open = {.function = "open"};
static const struct mf_fentry_target at_all = {.function = "v*"};

static struct bpf_program one = {.fd = 11, .type = BPF_PROG_TYPE_KPROBE},
			  other = {.fd = 12, .type = BPF_PROG_TYPE_PERF_EVENT};

struct tester {
	struct attaching of;
	struct mf_probe probes[PROBES];
	struct bpf_program *programs[PROBES];
};

/* The first two share a program. */
static void setup(struct tester *tester)
{
	*tester = (struct tester){0};
	attaching_begin(&tester->of, NULL);
	for (uint32_t i = 0; i < PROBES; i++)
		tester->probes[i] = (struct mf_probe){.index = i,
						      .program = i == THIRD ? "other" : "one",
						      .name = "kprobe:open",
						      .provider = MF_KPROBE,
						      .target = &at_open,
						      .block = MF_NONE};
	tester->programs[FIRST] = tester->programs[SECOND] = &one;
	tester->programs[THIRD] = &other;
	tester->of.manifest.probes = tester->probes;
	tester->of.manifest.probe_count = PROBES;
	tester->of.session.programs = tester->programs;
	tester->of.attachments.session = &tester->of.session;
	stand_in_reset();
}

static void teardown(struct tester *tester)
{
	attaching_end(&tester->of);
}

static void filter(struct tester *tester, const char *pattern)
{
	struct options *options = &tester->of.options;

	options->has_probe_filter =
		CHECK(regcomp(&options->probe_filter, pattern, REG_EXTENDED | REG_NOSUB) == 0);
}

static void add(struct tester *tester, uint32_t probe, int fd)
{
	CHECK(attach_add_descriptor(&tester->of.attachments, fd, &tester->probes[probe],
				    &tester->of.failure) == ATTACH_OK);
}

static void visit(const struct mf_probe *probe, uint32_t id, int program, void *context)
{
	char text[64];

	snprintf(text, sizeof(text), "%u: %u by %d\n", probe->index, id, program);
	strbuf_text(context, text);
}

/* Links of patterns share a program, and old kernels know none of a link. */
static void test_programs_of_links(void)
{
	static const struct stand_in_object objects[] = {
		{.fd = 5001, .program = 71}, {.fd = 5002, .program = 71},
		{.fd = 5003, .program = 72}, {.fd = 11, .id = 71},
		{.fd = 13, .id = 72},	     {.fd = 12, .id = 73},
	};
	struct strbuf text = {0};
	struct tester tester;

	setup(&tester);
	stand_in.objects = objects;
	stand_in.object_count = 6;
	/* Two of one program, one of another; then the same program for another probe. */
	add(&tester, FIRST, 5001);
	add(&tester, FIRST, 5002);
	add(&tester, FIRST, 5003);
	add(&tester, SECOND, 5003);
	/* No link that the kernel knows: the probe's own program. */
	add(&tester, THIRD, 5009);
	CHECK(attach_each_program(&tester.of.attachments, visit, &text) == 0);
	CHECK_TEXT(&text, "0: 71 by 11\n0: 72 by 13\n1: 72 by 13\n2: 73 by 12\n");
	/* Of a program that is not loaded nothing is known, and of the next one all. */
	tester.programs[FIRST] = NULL;
	tester.of.attachments.links[0].descriptor = 5009;
	CHECK(attach_each_program(&tester.of.attachments, visit, &text) == 0);
	CHECK_TEXT(&text, "0: 71 by 11\n0: 72 by 13\n1: 72 by 13\n2: 73 by 12\n");
	/* Whoever may not ask is told so, with what was seen before. */
	stand_in.object_count = 4;
	CHECK(attach_each_program(&tester.of.attachments, visit, &text) == -1 && errno == EPERM);
	CHECK_TEXT(&text, "0: 71 by 11\n");
	strbuf_free(&text);
	tester.of.attachments.link_count = 0;
	teardown(&tester);
}

static void keep_copy(struct tester *tester, uint32_t probe, int program)
{
	struct attachments *attachments = &tester->of.attachments;

	attachments->copies = realloc(attachments->copies,
				      (attachments->copy_count + 1) * sizeof(struct program_copy));
	attachments->copies[attachments->copy_count++] =
		(struct program_copy){&tester->probes[probe], program};
}

static void test_missed(void)
{
	static const struct stand_in_object objects[] = {
		{.fd = 11, .id = 1, .missed = 5},     {.fd = 12, .id = 2, .missed = 70},
		{.fd = 6001, .id = 3, .missed = 200}, {.fd = 6002, .id = 4, .missed = 1000},
		{.fd = 0, .id = 5, .missed = 9},
	};
	struct tester tester;

	setup(&tester);
	stand_in.objects = objects;
	stand_in.object_count = 5;
	CHECK(attach_missed(&tester.of.attachments, &tester.probes[FIRST]) == 5);
	/* It has its program from the first, which counts for both. */
	CHECK(attach_missed(&tester.of.attachments, &tester.probes[SECOND]) == 0);
	CHECK(attach_missed(&tester.of.attachments, &tester.probes[THIRD]) == 70);
	keep_copy(&tester, THIRD, 6001);
	keep_copy(&tester, FIRST, 6002);
	keep_copy(&tester, THIRD, 6002);
	CHECK(attach_missed(&tester.of.attachments, &tester.probes[FIRST]) == 1005);
	CHECK(attach_missed(&tester.of.attachments, &tester.probes[THIRD]) == 1270);
	/* What was not loaded has no descriptor; 0 is one. */
	other.fd = -1;
	CHECK(attach_missed(&tester.of.attachments, &tester.probes[THIRD]) == 1200);
	other.fd = 0;
	CHECK(attach_missed(&tester.of.attachments, &tester.probes[THIRD]) == 1209);
	other.fd = 12;
	tester.programs[THIRD] = NULL;
	CHECK(attach_missed(&tester.of.attachments, &tester.probes[THIRD]) == 1200);
	/* A kernel that says nothing of it counts nothing. */
	stand_in.object_count = 0;
	CHECK(attach_missed(&tester.of.attachments, &tester.probes[FIRST]) == 0);
	teardown(&tester);
}

static void test_links(void)
{
	struct bpf_link *link;
	struct tester tester;

	setup(&tester);
	errno = EMFILE;
	CHECK(attach_add_link(&tester.of.attachments, NULL, &tester.probes[FIRST],
			      &tester.of.failure) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "Cannot attach kprobe:open: Too many open files."));
	errno = ENODEV;
	CHECK(attach_add_descriptor(&tester.of.attachments, -1, &tester.probes[FIRST],
				    &tester.of.failure) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "Cannot attach kprobe:open: No such device."));
	CHECK(tester.of.attachments.link_count == 0);
	link = bpf_program__attach_kprobe_opts(&one, "open", &(struct bpf_kprobe_opts){0});
	strbuf_clear(&stand_in.log);
	CHECK(attach_add_link(&tester.of.attachments, link, &tester.probes[THIRD],
			      &tester.of.failure) == ATTACH_OK);
	/* 0 is a descriptor. */
	add(&tester, FIRST, FIRST_LINK + 7);
	CHECK(attach_add_held(&tester.of.attachments, &tester.probes[SECOND]) == ATTACH_OK);
	CHECK(tester.of.attachments.link_count == 3);
	CHECK(tester.of.attachments.links[0].link == link);
	CHECK(tester.of.attachments.links[0].descriptor == -1);
	CHECK(!tester.of.attachments.links[1].link);
	CHECK(tester.of.attachments.links[1].descriptor == FIRST_LINK + 7);
	CHECK(!tester.of.attachments.links[2].link &&
	      tester.of.attachments.links[2].descriptor == -1);
	/* Those that share the program of a probe go with it; the others stay, in their order. */
	CHECK(attach_detach(&tester.of.attachments, SECOND) == 1);
	CHECK(tester.of.attachments.links[0].link == link);
	CHECK_TEXT(&stand_in.log, "");
	CHECK(attach_detach(&tester.of.attachments, THIRD) == 0);
	CHECK_TEXT(&stand_in.log, "link 0 ends\n");
	teardown(&tester);
}

static void test_perf_events(void)
{
	struct attach_target target;
	struct tester tester;
	int fd;

	setup(&tester);
	target = (struct attach_target){.probe = &tester.probes[FIRST], .cookie = 9};
	fd = open("/dev/null", O_RDONLY);
	CHECK(attach_perf_event(&tester.of.attachments, &target, fd, &tester.of.failure) ==
	      ATTACH_OK);
	CHECK_TEXT(&stand_in.log, "perf event, cookie 9, program 11\n");
	/* The link has the descriptor; without one nobody else would close it. */
	CHECK(fcntl(fd, F_GETFD) == 0);
	stand_in.errors[0] = EACCES;
	stand_in.errors[1] = EACCES;
	stand_in.errors[2] = EPERM;
	stand_in.error_count = 3;
	CHECK(attach_perf_event(&tester.of.attachments, &target, fd, &tester.of.failure) ==
	      ATTACH_FAILED);
	CHECK(fcntl(fd, F_GETFD) == -1);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "Cannot attach kprobe:open: the program reads beyond the event's record."));
	target.shown = "this one";
	attach_perf_event(&tester.of.attachments, &target, -1, &tester.of.failure);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "Cannot attach kprobe:open to this one: the"));
	attach_perf_event(&tester.of.attachments, &target, -1, &tester.of.failure);
	CHECK(says(&tester.of.failure, STATUS_PERMISSION, "No permission to attach kprobe:open"));
	teardown(&tester);
}

static void test_refusals(void)
{
	static const struct {
		int error, status;
		enum attach_result result;
		const char *text;
	} cases[] = {
		{EPERM, STATUS_PERMISSION, ATTACH_FAILED, "No permission to attach kprobe:open"},
		{EACCES, STATUS_PERMISSION, ATTACH_FAILED, "kprobe:open: Permission denied. "},
		{ENOMEM, STATUS_FAILED, ATTACH_FAILED, "Cannot attach kprobe:open: Cannot alloc"},
		{ENFILE, STATUS_FAILED, ATTACH_FAILED, "Too many open files in system."},
		{EOPNOTSUPP, STATUS_KERNEL, ATTACH_FAILED, "which Linux 5.15 brings."},
		{524, STATUS_FAILED, ATTACH_MISSING, "does not probe the instruction there."},
		{E2BIG, STATUS_FAILED, ATTACH_MISSING, "no more than 64 programs there."},
		{ENOENT, STATUS_FAILED, ATTACH_MISSING, "No such file or directory."},
	};
	struct tester tester;

	setup(&tester);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(attach_refused(&tester.of.failure, &tester.probes[FIRST], cases[i].error) ==
		      cases[i].result);
		CHECK(says(&tester.of.failure, cases[i].status, cases[i].text));
	}
	for (uint32_t i = 0; i < 2; i++) {
		tester.probes[FIRST].provider = i ? MF_FEXIT : MF_FENTRY;
		CHECK(attach_refused(&tester.of.failure, &tester.probes[FIRST], 524) ==
		      ATTACH_FAILED);
		CHECK(says(&tester.of.failure, STATUS_KERNEL, "no BPF trampolines"));
		CHECK(attach_refused(&tester.of.failure, &tester.probes[FIRST], E2BIG) ==
		      ATTACH_MISSING);
		CHECK(says(&tester.of.failure, STATUS_FAILED, "no more than 38 programs there."));
	}
	teardown(&tester);
}

static void test_targets(void)
{
	struct attach_target target;
	struct tester tester;
	int own = 7;

	setup(&tester);
	tester.of.manifest.config.max_probes = 4;
	target = (struct attach_target){.probe = &tester.probes[FIRST], .cookie = 3};
	CHECK(attach_add_target(&tester.of.attachments, &target, &own, sizeof(own),
				&tester.of.failure) == ATTACH_OK);
	CHECK(tester.of.attachments.targets[0].provider == &attach_kprobe);
	CHECK(tester.of.attachments.targets[0].cookie == 3);
	CHECK(*(int *)tester.of.attachments.targets[0].own == 7);
	CHECK(tester.of.attachments.found == 1);
	/* As many as are allowed, and one more. */
	target.events = 3;
	CHECK(attach_add_target(&tester.of.attachments, &target, NULL, 0, &tester.of.failure) ==
	      ATTACH_OK);
	CHECK(tester.of.attachments.found == 4 && !tester.of.attachments.targets[1].own);
	target.events = 1;
	CHECK(attach_add_target(&tester.of.attachments, &target, NULL, 0, &tester.of.failure) ==
	      ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "Can't attach to 5 probes or more because it exceeds the current limit of 4"));
	/* A name with parameters is one that the program asks for. */
	tester.of.manifest.config.max_probes = 0;
	probe_names_add(&tester.of.session.names, "before");
	tester.probes[FIRST].parameters = true;
	CHECK(attach_add_target(&tester.of.attachments, &target, NULL, 0, &tester.of.failure) ==
	      ATTACH_OK);
	CHECK(tester.of.attachments.targets[3].cookie == 1);
	CHECK(strcmp(tester.of.session.names.names[1], "kprobe:open") == 0);
	teardown(&tester);
}

static void test_names(void)
{
	struct mf_probe probe = {.name = "kprobe:open", .provider = MF_KPROBE};
	struct tester tester;

	CHECK(!attach_has_alias(&probe));
	probe.name = "kprobed:open";
	CHECK(attach_has_alias(&probe));
	probe.name = "opened";
	CHECK(attach_has_alias(&probe));
	setup(&tester);
	CHECK(attach_is_wanted(&tester.of.attachments, "kprobe:open"));
	CHECK(tester.of.attachments.filtered == 0);
	filter(&tester, "^kprobe:o");
	CHECK(attach_is_wanted(&tester.of.attachments, "kprobe:open"));
	CHECK(!attach_is_wanted(&tester.of.attachments, "kprobe:close"));
	CHECK(!attach_is_wanted(&tester.of.attachments, "kretprobe:open"));
	CHECK(tester.of.attachments.filtered == 2);
	teardown(&tester);
}

/* A line for each target: what its program is loaded for, and the name that its cookie stands for.
 */
static void show_targets(const struct tester *tester, struct strbuf *text)
{
	for (uint32_t i = 0; i < tester->of.attachments.target_count; i++) {
		const struct attach_target *target = &tester->of.attachments.targets[i];
		const struct copy *copy = target->own;
		char line[128];

		snprintf(line, sizeof(line), "%u %s%u %s\n", target->probe->index,
			 copy->module ? copy->module : "", copy->btf_id,
			 tester->of.session.names.names[target->cookie]);
		strbuf_text(text, line);
	}
}

/* The first of the kernel's own is the program itself, and all others are copies of it. */
static void test_copies(void)
{
	static const struct kernel_function functions[] = {{21, "va"}, {22, "vb"}, {23, "vc"}};
	const struct session_target *loaded;
	struct strbuf text = {0};
	struct tester tester;

	setup(&tester);
	for (uint32_t i = 0; i < PROBES; i++) {
		tester.probes[i].provider = MF_FENTRY;
		tester.probes[i].name = i == SECOND ? "alias" : "fentry:v*";
		tester.probes[i].target = &at_all;
	}
	filter(&tester, "vb|vc|alias");
	CHECK(attach_add_copies(&tester.of.attachments, &tester.probes[FIRST], NULL, functions, 3,
				&tester.of.failure) == ATTACH_OK);
	loaded = tester.of.session.targets;
	CHECK(loaded && strcmp(loaded->name, "vb") == 0 && loaded->id == 22 &&
	      loaded->program == &one && !loaded->next);
	/* What is added later for the same probe are copies, too. */
	CHECK(attach_add_copies(&tester.of.attachments, &tester.probes[FIRST], "m", functions + 1,
				1, &tester.of.failure) == ATTACH_OK);
	CHECK_TEXT(&stand_in.log, "");
	CHECK(attach_add_copies(&tester.of.attachments, &tester.probes[SECOND], NULL, functions, 2,
				&tester.of.failure) == ATTACH_OK);
	show_targets(&tester, &text);
	CHECK_TEXT(&text,
		   "0 0 fentry:vb\n0 23 fentry:vc\n0 m22 fentry:m:vb\n1 0 alias\n1 22 alias\n");
	CHECK(tester.of.attachments.filtered == 1);
	/* Of a module libbpf looks for the name everywhere: the right one is a copy. */
	CHECK(attach_add_copies(&tester.of.attachments, &tester.probes[THIRD], "m", functions + 2,
				1, &tester.of.failure) == ATTACH_OK);
	CHECK_TEXT(&stand_in.log, "program 12 for 0 vc\n");
	CHECK(((const struct copy *)tester.of.attachments.targets[5].own)->btf_id == 23);
	CHECK(attach_add_copies(&tester.of.attachments, &tester.probes[THIRD], NULL, functions, 0,
				&tester.of.failure) == ATTACH_MISSING);
	CHECK(tester.of.failure.status == STATUS_OK);
	/* A limit ends it, and so does a name that libbpf refuses. */
	tester.of.manifest.config.max_probes = 7;
	CHECK(attach_add_copies(&tester.of.attachments, &tester.probes[SECOND], NULL, functions, 3,
				&tester.of.failure) == ATTACH_FAILED);
	tester.of.attachments.target_count = 0;
	stand_in.errors[0] = EINVAL;
	stand_in.error_count = 1;
	CHECK(attach_add_copies(&tester.of.attachments, &tester.probes[THIRD], "m", functions + 1,
				1, &tester.of.failure) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Invalid argument"));
	strbuf_free(&text);
	teardown(&tester);
}

int main(void)
{
	test_programs_of_links();
	test_missed();
	test_links();
	test_perf_events();
	test_refusals();
	test_targets();
	test_names();
	test_copies();
	return check_result("attach_links");
}
