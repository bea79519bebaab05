/* uprobes at many places: what patterns of functions and files mean, which of them are one link,
 * and what becomes of places that the kernel refuses; the kernel is stood in for. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sys/resource.h>
#include "attach/uprobe.h"
#include "attaching_files.h"
#include "base/say.h"
#include "stand_in.h"

#define MULTI 48

void bpfload_many_a(void);
void bpfload_many_b(void);
void bpfload_many_c(void);
/* Readable names of C++: two of one function, as they differ in what they are called with. */
void many_of_int(void) __asm__("_ZN12bpfload_many3oneEi");
void many_of_long(void) __asm__("_ZN12bpfload_many3oneEl");

#define BODY __asm__ volatile("nop")

__attribute__((noinline, used)) void bpfload_many_a(void)
{
	BODY;
}

__attribute__((noinline, used)) void bpfload_many_b(void)
{
	BODY;
}

__attribute__((noinline, used)) void bpfload_many_c(void)
{
	BODY;
}

__attribute__((noinline, used)) void many_of_int(void)
{
	BODY;
}

__attribute__((noinline, used)) void many_of_long(void)
{
	BODY;
}

static const struct mf_uprobe_target all = {.path = "/proc/self/exe", .function = "bpfload_many_*"};

static unsigned long long a, b, c;
static char said[512];

static void keep(void *context, const char *text, size_t length)
{
	(void)context;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%.*s", (int)length, text);
}

/* What was said since the last time. */
static bool was_said(const char *text)
{
	bool same = text ? strstr(said, text) != NULL : !*said;

	if (!same)
		fprintf(stderr, "%s", said);
	*said = '\0';
	return same;
}

static void setup_places(struct tester *tester)
{
	setup(tester);
	tester->of.options.no_warnings = false;
	a = place_of(tester, "bpfload_many_a");
	b = place_of(tester, "bpfload_many_b");
	c = place_of(tester, "bpfload_many_c");
	*said = '\0';
}

static void test_pattern(void)
{
	const struct uprobe *own;
	struct tester tester;

	setup_places(&tester);
	add(&tester, MF_UPROBE, "uprobe:*", &all);
	add(&tester, MF_URETPROBE, "alias", &all);
	CHECK(find(&tester, 0) == ATTACH_OK && find(&tester, 1) == ATTACH_OK);
	CHECK(tester.programs[0].expected == MULTI && tester.programs[1].expected == MULTI);
	CHECK(tester.of.attachments.target_count == 2 && tester.of.attachments.found == 6);
	own = tester.of.attachments.targets[0].own;
	CHECK(strcmp(own->path, tester.self) == 0 && own->offsets[2] == c);
	CHECK(is_named(&tester, own->cookies[1], "uprobe:/proc/self/exe:bpfload_many_b"));
	CHECK(is_named(&tester, own->cookies[1] >> 32, "bpfload_many_b"));
	own = tester.of.attachments.targets[1].own;
	CHECK(is_named(&tester, own->cookies[2], "alias"));
	CHECK(is_named(&tester, own->cookies[2] >> 32, "bpfload_many_c"));
	tester.of.options.pid = 5;
	CHECK(attach(&tester, 0) == ATTACH_OK && attach(&tester, 1) == ATTACH_OK);
	asked("uprobes of %s %llx=100000000 %llx=300000002 %llx=500000004, process 5, program 11\n"
	      "uretprobes of %s %llx=100000006 %llx=300000006 %llx=500000006, process 5, "
	      "program 12\n",
	      tester.self, a, b, c, tester.self, a, b, c);
	CHECK(was_said(NULL));
	/* Programs that do not ask have none. */
	tester.of.manifest.feature_count = 0;
	CHECK(find(&tester, 0) == ATTACH_OK);
	own = tester.of.attachments.targets[2].own;
	CHECK(own->cookies[0] == 0 && own->cookies[2] == 0);
	teardown(&tester);
}

static void test_each_by_a_link(void)
{
	struct tester tester;

	setup_places(&tester);
	tester.of.options.without = FEATURE_UPROBE_MULTI;
	add(&tester, MF_URETPROBE, "uretprobe:*", &all);
	CHECK(find(&tester, 0) == ATTACH_OK && tester.programs[0].expected == 0);
	/* One that the kernel cannot probe is left out, and not counted. */
	stand_in.errors[1] = EIO;
	stand_in.error_count = 2;
	CHECK(attach(&tester, 0) == ATTACH_OK && tester.of.attachments.attached == UINT32_MAX);
	asked("uretprobe %s+%llx, cookie 100000000, counter 0, process -1, program 11\n"
	      "uretprobe %s+%llx, cookie 300000002, counter 0, process -1, program 11: EIO\n"
	      "uretprobe %s+%llx, cookie 500000004, counter 0, process -1, program 11\n",
	      tester.self, a, tester.self, b, tester.self, c);
	CHECK(was_said("the kernel cannot probe 1 of 3 functions of /"));
	CHECK(tester.of.attachments.link_count == 2);
	teardown(&tester);
}

/* Fewer descriptors than there may be; and whether there are as many as may be since. */
static void allow_few_files(void)
{
	struct rlimit limit;

	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = limit.rlim_max - 1;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static bool are_files_allowed(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == limit.rlim_max;
}

/* What a kernel refuses for one place is tried in halves. */
static void test_refused_places(void)
{
	static const struct {
		int errors[6];
		uint32_t count;
		enum attach_result result;
		uint32_t links;
		const char *warning;
	} cases[] = {
		/* a; b and c, of which b alone fails */
		{{EINVAL, 0, EINVAL, EINVAL, 0}, 5, ATTACH_OK, 2, "cannot probe 1 of 3 functions"},
		{{EOPNOTSUPP, 0, 0}, 3, ATTACH_FAILED, 0, NULL},
		{{524, 0, 524, 524, 0}, 5, ATTACH_OK, 2, "cannot probe 1 of 3 functions"},
		{{EIO, EIO, EIO, EIO, EIO}, 5, ATTACH_MISSING, 0, NULL},
		/* None is about places. */
		{{EPERM}, 1, ATTACH_FAILED, 0, NULL},
		{{ENOENT}, 1, ATTACH_MISSING, 0, NULL},
		{{EINVAL, 0, ENOMEM}, 3, ATTACH_FAILED, 1, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tester tester;

		setup_places(&tester);
		add(&tester, MF_UPROBE, "uprobe:*", &all);
		CHECK(find(&tester, 0) == ATTACH_OK);
		memcpy(stand_in.errors, cases[i].errors, sizeof(cases[i].errors));
		stand_in.error_count = cases[i].count;
		if (!CHECK(attach(&tester, 0) == cases[i].result) ||
		    !CHECK(tester.of.attachments.link_count == cases[i].links))
			fprintf(stderr, "case %zu: %s", i, strbuf_c_text(&stand_in.log));
		CHECK(was_said(cases[i].warning));
		if (i == 0)
			asked("uprobes of %s %llx=100000000 %llx=300000002 %llx=500000004, process "
			      "0, program 11: EINVAL\n"
			      "uprobes of %s %llx=100000000, process 0, program 11\n"
			      "uprobes of %s %llx=300000002 %llx=500000004, process 0, program 11: "
			      "EINVAL\n"
			      "uprobes of %s %llx=300000002, process 0, program 11: EINVAL\n"
			      "uprobes of %s %llx=500000004, process 0, program 11\n",
			      tester.self, a, b, c, tester.self, a, tester.self, b, c, tester.self,
			      b, tester.self, c);
		teardown(&tester);
	}
	/* What is not wanted is not said. */
	struct tester tester;
	setup_places(&tester);
	tester.of.options.no_warnings = true;
	add(&tester, MF_UPROBE, "uprobe:*", &all);
	CHECK(find(&tester, 0) == ATTACH_OK);
	memcpy(stand_in.errors, cases[0].errors, sizeof(cases[0].errors));
	stand_in.error_count = 5;
	CHECK(attach(&tester, 0) == ATTACH_OK && was_said(NULL));
	CHECK(tester.of.attachments.attached == UINT32_MAX);
	teardown(&tester);
}

/* A folder with this program (`one`), a copy of it (`two`), and a text (`other`). */
static void make_folder(const struct tester *tester, char *folder)
{
	char path[64], command[512];

	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/one", folder);
	CHECK(symlink(tester->self, path) == 0);
	snprintf(command, sizeof(command), "cp '%s' %s/two && echo text > %s/other", tester->self,
		 folder, folder);
	CHECK(system(command) == 0);
}

static void remove_folder(const char *folder)
{
	static const char *const names[] = {"one", "two", "other"};
	char path[64];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

/* What a name means that is no name of one function: in the file that the pattern `*e` matches. */
static void test_names(const char *folder)
{
	static const struct {
		const char *function;
		bool cpp, is_plain;
		enum mf_provider provider;
		const char *names[2], *functions[2];
	} cases[] = {
		{"bpfload_many::one",
		 true,
		 false,
		 MF_UPROBE,
		 {"cpp:bpfload_many::one(int)", "cpp:bpfload_many::one(long)"},
		 {"bpfload_many::one(int)", "bpfload_many::one(long)"}},
		{"bpfload_many::one",
		 true,
		 true,
		 MF_UPROBE,
		 {"_ZN12bpfload_many3oneEi", "_ZN12bpfload_many3oneEl"},
		 {"_ZN12bpfload_many3oneEi", "_ZN12bpfload_many3oneEl"}},
		{"bpfload_many_b", false, false, MF_UPROBE, {"bpfload_many_b"}, {"bpfload_many_b"}},
		{"_ZN12bpfload_many3oneEl",
		 false,
		 false,
		 MF_UPROBE,
		 {"_ZN12bpfload_many3oneEl"},
		 {"bpfload_many::one(long)"}},
		{"_star*", false, false, MF_UPROBE, {"_start"}, {"_start"}},
		/* Nothing called it: there is no return address. */
		{"_star*", false, false, MF_URETPROBE, {NULL}, {NULL}},
	};
	char path[64];

	snprintf(path, sizeof(path), "%s/*e", folder);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mf_uprobe_target wanted = {
			.path = path, .function = cases[i].function, .cpp = cases[i].cpp};
		const struct uprobe *own;
		struct tester tester;

		setup_places(&tester);
		tester.of.manifest.config.cpp_demangle = !cases[i].is_plain;
		add(&tester, cases[i].provider,
		    cases[i].provider == MF_UPROBE ? "uprobe:it" : "uretprobe:it", &wanted);
		CHECK(find(&tester, 0) == (cases[i].names[0] ? ATTACH_OK : ATTACH_MISSING));
		own = cases[i].names[0] ? tester.of.attachments.targets[0].own : NULL;
		CHECK(!own ||
		      tester.of.attachments.targets[0].events == (cases[i].names[1] ? 2 : 1));
		for (size_t j = 0; own && j < 2 && cases[i].names[j]; j++) {
			char name[128];

			snprintf(name, sizeof(name), "uprobe:%s/one:%s", folder, cases[i].names[j]);
			CHECK(is_named(&tester, own->cookies[j], name));
			CHECK(is_named(&tester, own->cookies[j] >> 32, cases[i].functions[j]));
		}
		CHECK(was_said(NULL));
		teardown(&tester);
	}
}

static void test_files(const char *folder)
{
	char every[64], text[64], none[64];
	struct mf_uprobe_target wanted = {.path = every, .function = "bpfload_many_b"};
	const struct uprobe *own;
	struct tester tester;

	snprintf(every, sizeof(every), "%s/*", folder);
	snprintf(text, sizeof(text), "%s/oth*", folder);
	snprintf(none, sizeof(none), "%s/none*", folder);
	setup_places(&tester);
	add(&tester, MF_UPROBE, "uprobe:it", &wanted);
	/* Of many files those that are no programs do not count. */
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 2);
	CHECK(was_said("attaching to 2 binaries that match /tmp/"));
	CHECK(attach(&tester, 0) == ATTACH_OK && attach(&tester, 1) == ATTACH_OK);
	asked("uprobes of %s %llx=100000000, process 0, program 11\n"
	      "uprobes of %s/two %llx=100000002, process 0, program 11\n",
	      tester.self, b, folder, b);
	wanted.offset = 1;
	tester.of.options.unsafe = tester.of.options.no_warnings = true;
	CHECK(find(&tester, 0) == ATTACH_OK && was_said(NULL));
	own = tester.of.attachments.targets[3].own;
	snprintf(said, sizeof(said), "uprobe:%s/two:bpfload_many_b+1", folder);
	CHECK(own->offsets[0] == b + 1 && is_named(&tester, own->cookies[0], said));
	/* Where the only file is none, it is told. */
	tester.of.attachments.target_count = 0;
	tester.programs[0].expected = 0;
	wanted.path = text;
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "/other' is not a 64-bit ELF file."));
	failure_clear(&tester.of.failure);
	wanted.path = none;
	CHECK(find(&tester, 0) == ATTACH_MISSING && tester.of.failure.status == STATUS_OK);
	wanted.path = every;
	wanted.function = "quite_another*";
	CHECK(find(&tester, 0) == ATTACH_MISSING && tester.programs[0].expected == 0);
	wanted.function = "quite_another";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	wanted.path = "/nowhere/file";
	wanted.function = "quite_another*";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "'/nowhere/file' does not exist"));
	/* A limit ends it. */
	tester.of.manifest.config.max_probes = 4;
	tester.of.attachments.found = 0;
	wanted = (struct mf_uprobe_target){.path = every, .function = "bpfload_many_*"};
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Can't attach to 6 probes or more"));
	teardown(&tester);
}

/* All files of a process, by their code. */
static void test_process(void)
{
	struct mf_uprobe_target wanted = {.path = "", .function = "bpfload_many_b"};
	const struct uprobe *own;
	struct tester tester;

	setup_places(&tester);
	add(&tester, MF_UPROBE, "uprobe:it", &wanted);
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "uprobe:it has no file: name one, or a process with -p."));
	for (uint32_t i = 0; i < 2; i++) {
		wanted.path = i ? "*" : "";
		tester.of.attachments.target_count = 0;
		tester.of.session.process.in_proc = (uint32_t)getpid();
		CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 1);
		own = tester.of.attachments.targets[0].own;
		CHECK(strcmp(own->path, tester.self) == 0 && own->offsets[0] == b);
		CHECK(was_said(NULL));
		tester.of.session.process.in_proc = 1u << 30;
		CHECK(find(&tester, 0) == ATTACH_MISSING);
		CHECK(says(&tester.of.failure, STATUS_FAILED, "No such file or directory."));
	}
	teardown(&tester);
}

static void test_filter(void)
{
	struct tester tester;
	const struct uprobe *own;

	setup_places(&tester);
	add(&tester, MF_UPROBE, "uprobe:*", &all);
	filter(&tester, "many_[bc]$");
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.filtered == 1);
	own = tester.of.attachments.targets[0].own;
	CHECK(tester.of.attachments.targets[0].events == 2 && own->offsets[0] == b);
	CHECK(is_named(&tester, own->cookies[1] >> 32, "bpfload_many_c"));
	regfree(&tester.of.options.probe_filter);
	filter(&tester, "nothing");
	tester.programs[0].expected = 0;
	/* No fault of the pattern. */
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 1);
	CHECK(tester.programs[0].expected == 0);
	teardown(&tester);
}

/* Probes that share a program are one link for each file, while the kernel takes it. */
static void test_shared(const char *folder)
{
	char copy[64];
	const struct mf_uprobe_target at_a = {.path = "/proc/self/exe",
					      .function = "bpfload_many_a"},
				      at_b = {.path = "/proc/self/exe",
					      .function = "bpfload_many_b"},
				      of_copy = {.path = copy, .function = "bpfload_many_c"};
	const struct mf_uprobe_target *const targets[] = {&at_a, &of_copy, &at_b};
	struct tester tester;

	snprintf(copy, sizeof(copy), "%s/two", folder);
	for (uint32_t round = 0; round < 3; round++) {
		setup_places(&tester);
		for (uint32_t i = 0; i < 3; i++) {
			add(&tester, MF_UPROBE, i == 1 ? "uprobe:copy" : "uprobe:it", targets[i]);
			tester.probes[i].program = "shared";
			tester.program_of[i] = &tester.programs[0];
		}
		add(&tester, MF_UPROBE, "uprobe:alone", &at_b);
		for (uint32_t i = 0; i < PROBES; i++)
			CHECK(find(&tester, i) == ATTACH_OK);
		CHECK(tester.programs[0].expected == MULTI && tester.programs[3].expected == 0);
		tester.of.options.pid = 6;
		if (round == 1)
			refuse(EINVAL, 0);
		if (round == 2)
			refuse(EINVAL, EPERM);
		allow_few_files();
		for (uint32_t i = 0; i < PROBES; i++)
			CHECK(attach(&tester, i) ==
			      (round == 2 && i == 0 ? ATTACH_FAILED : ATTACH_OK));
		/* A link for each place takes as many descriptors. */
		CHECK(are_files_allowed() == (round > 0));
		if (round == 0) {
			asked("uprobes of %s %llx=100000000 %llx=400000000, process 6, program 11\n"
			      "uprobes of %s %llx=300000002, process 6, program 11\n"
			      "uprobe %s+%llx, cookie 400000005, counter 0, process 6, program "
			      "14\n",
			      tester.self, a, b, copy, c, tester.self, b);
			/* The third is held by the link of the first. */
			CHECK(tester.of.attachments.link_count == 4);
			CHECK(tester.of.attachments.links[2].descriptor == -1 &&
			      !tester.of.attachments.links[2].link);
		} else {
			asked("uprobes of %s %llx=100000000 %llx=400000000, process 6, program 11: "
			      "EINVAL\n"
			      "uprobes of %s %llx=100000000, process 6, program 11%s\n"
			      "uprobes of %s %llx=300000002, process 6, program 11\n"
			      "uprobes of %s %llx=400000000, process 6, program 11\n"
			      "uprobe %s+%llx, cookie 400000005, counter 0, process 6, program "
			      "14\n",
			      tester.self, a, b, tester.self, a, round == 2 ? ": EPERM" : "", copy,
			      c, tester.self, b, tester.self, b);
		}
		teardown(&tester);
	}
}

int main(void)
{
	char folder[] = "/tmp/bpfload-many-XXXXXX";
	struct tester tester;

	say_divert(keep, NULL);
	setup(&tester);
	make_folder(&tester, folder);
	teardown(&tester);
	test_pattern();
	test_each_by_a_link();
	test_refused_places();
	test_names(folder);
	test_files(folder);
	test_process();
	test_filter();
	test_shared(folder);
	remove_folder(folder);
	return check_result("attach_uprobe_many");
}
