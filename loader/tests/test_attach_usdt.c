/* USDT points: which of a file's notes a probe means, where their arguments are told to be, and
 * what is said where none is meant; the kernel is stood in for. */
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "attach/uprobe.h"
#include "attaching_files.h"
#include "base/say.h"
#include "binary/usdt_operand.h"
#include "object/targets.h"
#include "stand_in.h"
#include "usdt_point.h"

#define SITES "usdt_sites"

/* In the file, as a section of sys/sdt.h has it. */
uint16_t bpfload_semaphore = 1;

__attribute__((noinline, used)) void bpfload_points(void)
{
	POINT("app", "plain", "0", "");
	POINT("app", "two", "0", "-4@%edi 8@$7");
	POINT("app", "two", "0", "8@%rdi 4@$9");
	POINT("app", "odd", "0", "8@%rax 3@x 44@y");
	POINT("other", "counted", "bpfload_semaphore", "1@%al");
}

static struct bpf_map sites = {
	.name = SITES,
	.fd = 31,
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = 4,
	.value_size = MF_USDT_ARGUMENTS * sizeof(struct usdt_operand),
};

/* The first of its members that are seen here. */
struct point {
	const char *path;
	uint64_t offset, semaphore;
};

static char said[256];

static void keep(void *context, const char *text, size_t length)
{
	(void)context;
	snprintf(said, sizeof(said), "%.*s", (int)length, text);
}

static void setup_points(struct tester *tester)
{
	setup(tester);
	stand_in.maps = &sites;
	stand_in.map_count = 1;
	/* It is asked for where it is, and is none of libbpf's. */
	tester->of.session.object = (struct bpf_object *)&sites;
	*said = '\0';
}

static const struct point *point(const struct tester *tester, uint32_t target)
{
	return tester->of.attachments.targets[target].own;
}

static const struct usdt_operand *written(uint32_t argument)
{
	return (const struct usdt_operand *)stand_in.value + argument;
}

/* The names of what was found, with a line for each. */
static void check_found(struct tester *tester, const char *names)
{
	struct strbuf text = {0};

	for (uint32_t i = 0; i < tester->of.attachments.target_count; i++) {
		uint64_t cookie = tester->of.attachments.targets[i].cookie;

		strbuf_text(&text, tester->of.session.names.names[cookie]);
		strbuf_text(&text, "\n");
	}
	CHECK_TEXT(&text, names);
	strbuf_free(&text);
	tester->of.attachments.target_count = 0;
}

#define SELF "usdt:/proc/self/exe:"

static void test_names(void)
{
	static const struct {
		const char *namespace, *name, *found;
	} cases[] = {
		{"", "plain", SELF "app:plain\n"},
		{"app", "t*", SELF "app:two\n" SELF "app:two\n"},
		{"*", "*d", SELF "app:odd\n" SELF "other:counted\n"},
		{"ap*", "odd", SELF "app:odd\n"},
		{"", "t*", SELF "app:two\n" SELF "app:two\n"},
		/* A whole name is the probe's, which programs know without a cookie. */
		{"app", "plain", "usdt:it\n"},
	};
	struct mf_usdt_target wanted = {.path = "/proc/self/exe"};
	struct tester tester;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		setup_points(&tester);
		wanted.namespace = cases[i].namespace;
		wanted.name = cases[i].name;
		add(&tester, MF_USDT, "usdt:it", &wanted);
		probe_names_add(&tester.of.session.names, "usdt:it");
		CHECK(find(&tester, 0) == ATTACH_OK && !*said);
		check_found(&tester, cases[i].found);
		/* An alias is the probe's name, too; but for parameters, each name is its own. */
		tester.probes[0].name = "alias";
		CHECK(find(&tester, 0) == ATTACH_OK);
		CHECK(tester.of.attachments.targets[0].cookie == 0);
		tester.of.attachments.target_count = 0;
		tester.probes[0].name = "usdt:it";
		tester.probes[0].parameters = true;
		wanted.namespace = "app";
		wanted.name = "plain";
		CHECK(find(&tester, 0) == ATTACH_OK);
		check_found(&tester, SELF "app:plain\n");
		teardown(&tester);
	}
}

static void test_arguments(void)
{
	const struct mf_usdt_target two = {.path = "/proc/self/exe",
					   .namespace = "app",
					   .name = "two",
					   .arguments = 2},
				    counted = {.path = "/proc/self/exe",
					       .namespace = "other",
					       .name = "counted",
					       .arguments = 1},
				    plain = {.path = "/proc/self/exe",
					     .namespace = "app",
					     .name = "plain"};
	struct tester tester;
	unsigned long long at;

	setup_points(&tester);
	add(&tester, MF_USDT, "usdt:two", &two);
	add(&tester, MF_USDT, "usdt:plain", &plain);
	add(&tester, MF_USDT, "usdt:counted", &counted);
	for (uint32_t i = 0; i < 3; i++)
		CHECK(find(&tester, i) == ATTACH_OK);
	CHECK(tester.of.attachments.target_count == 4 && sites.most == 3);
	asked("map " SITES " of 1\nmap " SITES " of 2\nmap " SITES " of 3\n");
	/* In the order of the code. */
	at = place_of(&tester, "bpfload_points");
	CHECK(point(&tester, 2)->offset >= at && point(&tester, 2)->offset < at + 64);
	CHECK(point(&tester, 0)->offset > point(&tester, 2)->offset &&
	      point(&tester, 1)->offset > point(&tester, 0)->offset);
	CHECK(point(&tester, 0)->semaphore == 0 && point(&tester, 3)->semaphore > 0);
	CHECK(attach(&tester, 0) == ATTACH_OK);
	CHECK(written(0)->kind == USDT_REGISTER && written(0)->last == 3 && written(0)->is_signed);
	CHECK(written(1)->kind == USDT_CONSTANT && written(1)->value == 7);
	CHECK(attach(&tester, 1) == ATTACH_OK);
	CHECK(written(0)->last == 7 && !written(0)->is_signed && written(1)->value == 9);
	tester.of.options.pid = 4;
	CHECK(attach(&tester, 2) == ATTACH_OK && attach(&tester, 3) == ATTACH_OK);
	CHECK(written(0)->last == 0 && written(1)->kind == 0);
	/* The site is the upper half of the cookie. */
	asked("map 31 gets 0, flags 0\n"
	      "uprobe %s+%llx, cookie 0, counter 0, process -1, program 11\n"
	      "map 31 gets 1, flags 0\n"
	      "uprobe %s+%llx, cookie 100000000, counter 0, process -1, program 11\n"
	      "uprobe %s+%llx, cookie 0, counter 0, process 4, program 12\n"
	      "map 31 gets 2, flags 0\n"
	      "uprobe %s+%llx, cookie 200000000, counter %llx, process 4, program 13\n",
	      tester.self, (unsigned long long)point(&tester, 0)->offset, tester.self,
	      (unsigned long long)point(&tester, 1)->offset, tester.self,
	      (unsigned long long)point(&tester, 2)->offset, tester.self,
	      (unsigned long long)point(&tester, 3)->offset,
	      (unsigned long long)point(&tester, 3)->semaphore);
	refuse(ENOMEM, 0);
	CHECK(attach(&tester, 0) == ATTACH_FAILED && tester.of.attachments.link_count == 4);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "Cannot describe the arguments of usdt:two: Cannot allocate memory."));
	refuse(E2BIG, 0);
	CHECK(find(&tester, 2) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Cannot size the map " SITES ": Argument"));
	teardown(&tester);
}

static void test_unread_arguments(void)
{
	struct mf_usdt_target wanted = {.path = "/proc/self/exe",
					.namespace = "app",
					.name = "odd",
					.arguments = 3,
					.unread = 6};
	static struct bpf_map other;
	struct tester tester;

	setup_points(&tester);
	add(&tester, MF_USDT, "usdt:it", &wanted);
	CHECK(find(&tester, 0) == ATTACH_OK);
	wanted.unread = 4;
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "Cannot read arg1 of usdt /proc/self/exe:app:odd: '3@x' is not supported."));
	wanted.unread = 2;
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Cannot read arg2 of usdt /proc/self/exe:"));
	wanted.arguments = 4;
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "usdt /proc/self/exe:app:odd has 3 arguments, but the script reads arg3."));
	wanted = (struct mf_usdt_target){
		.path = "/proc/self/exe", .namespace = "other", .name = "counted", .arguments = 2};
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "has 1 argument, but the script reads arg1"));
	/* An object whose map is none for them. */
	wanted.arguments = 1;
	CHECK(find(&tester, 0) == ATTACH_OK);
	for (uint32_t i = 0; i < 4; i++) {
		other = sites;
		other.name = i == 0 ? "sites" : SITES;
		other.type = i == 1 ? BPF_MAP_TYPE_HASH : BPF_MAP_TYPE_ARRAY;
		other.key_size = i == 2 ? 8 : 4;
		other.value_size += i == 3;
		stand_in.maps = &other;
		CHECK(find(&tester, 0) == ATTACH_FAILED);
		CHECK(says(&tester.of.failure, STATUS_OBJECT, "it has no map '" SITES "' for the"));
		failure_clear(&tester.of.failure);
	}
	teardown(&tester);
}

static void test_missing(void)
{
	static const struct {
		const char *namespace, *name, *text, *hint;
	} cases[] = {
		{"app", "plian", "No matches for usdt /proc/self/exe:app:plian.",
		 "Did you mean 'app:plain'?"},
		{"", "plian", "No matches for usdt /proc/self/exe:plian.", "Did you mean 'plain'?"},
		{"", "counted*x", "No matches for usdt /proc/self/exe:counted*x.", ""},
		{"othe*x", "counted", "No matches for usdt", ""},
		{"", "quite_another", "No matches for usdt", ""},
	};
	char text[] = "/tmp/bpfload-text-XXXXXX", damaged[] = "/tmp/bpfload-elf-XXXXXX";
	struct mf_usdt_target wanted = {.path = "/proc/self/exe"};
	Elf64_Ehdr header = {.e_machine = EM_X86_64, .e_type = ET_EXEC};
	struct tester tester;

	setup_points(&tester);
	add(&tester, MF_USDT, "usdt:it", &wanted);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		wanted.namespace = cases[i].namespace;
		wanted.name = cases[i].name;
		CHECK(find(&tester, 0) == ATTACH_MISSING);
		CHECK(says(&tester.of.failure, STATUS_FAILED, cases[i].text));
		CHECK(strcmp(tester.of.failure.hint, cases[i].hint) == 0);
		CHECK(!strstr(tester.of.failure.text, "file"));
	}
	make_file(text, "some text", 9);
	wanted.path = text;
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "' is not a 64-bit ELF file."));
	CHECK(chmod(text, 0) == 0);
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	make_file(damaged, &header, sizeof(header));
	wanted.path = damaged;
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, " The file has no USDT probes."));
	unlink(damaged);
	header.e_shoff = 1 << 20;
	header.e_shnum = 3;
	header.e_shentsize = sizeof(Elf64_Shdr);
	strcpy(damaged, "/tmp/bpfload-elf-XXXXXX");
	make_file(damaged, &header, sizeof(header));
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, " The file is damaged: it ends before its"));
	wanted.path = "/nowhere/file";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "usdt target file '/nowhere/file' does not"));
	wanted.path = "";
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "usdt:it has no file: name one, or a"));
	CHECK(tester.of.attachments.target_count == 0);
	unlink(text);
	unlink(damaged);
	teardown(&tester);
}

/* Of many files those without such points do not count, but a fault of one that has them does. */
static void test_many_files(void)
{
	char folder[] = "/tmp/bpfload-usdt-XXXXXX", path[64], first[64], second[64], command[512];
	struct mf_usdt_target wanted = {.path = path, .namespace = "app", .name = "plain"};
	struct tester tester;

	setup_points(&tester);
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/*", folder);
	snprintf(first, sizeof(first), "%s/b_one", folder);
	snprintf(second, sizeof(second), "%s/c_two", folder);
	snprintf(command, sizeof(command),
		 "cd %s && echo text > a_text && cp '%s' b_one && cp b_one c_two && echo > d_text",
		 folder, tester.self);
	CHECK(system(command) == 0);
	tester.of.options.no_warnings = false;
	add(&tester, MF_USDT, "usdt:it", &wanted);
	CHECK(find(&tester, 0) == ATTACH_OK);
	CHECK(tester.of.attachments.target_count == 2);
	CHECK(strcmp(point(&tester, 0)->path, first) == 0 &&
	      strcmp(point(&tester, 1)->path, second) == 0);
	CHECK(strstr(said, "attaching to 2 binaries that match"));
	/* What was said of the others is forgotten. */
	CHECK(attach_find(&tester.of.attachments, &tester.of.session, &tester.of.failure) ==
	      STATUS_OK);
	CHECK(tester.of.failure.status == STATUS_OK && !*tester.of.failure.text);
	/* What comes behind those that are good is good, too; what is wrong in one ends it. */
	wanted.arguments = 1;
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "has 0 arguments, but the script reads arg0."));
	wanted.arguments = 0;
	wanted.name = "none";
	CHECK(find(&tester, 0) == ATTACH_MISSING && tester.of.failure.status == STATUS_OK);
	/* Of a process this file alone has the point. */
	tester.of.session.process.in_proc = (uint32_t)getpid();
	tester.of.attachments.target_count = 0;
	wanted.name = "plain";
	wanted.path = "";
	*said = '\0';
	CHECK(find(&tester, 0) == ATTACH_OK && !*said);
	CHECK(tester.of.attachments.target_count == 1);
	CHECK(strcmp(point(&tester, 0)->path, tester.self) == 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(system(command) == 0);
	teardown(&tester);
}

static void test_addresses(void)
{
	struct mf_address item = {"bpfload_semaphore", 16};
	struct mf_usdt_target wanted = {.path = "/proc/self/exe",
					.namespace = "app",
					.name = "plain",
					.addresses = {&item, 1}};
	const struct session_table *table;
	struct tester tester;

	setup_points(&tester);
	add(&tester, MF_USDT, "usdt:it", &wanted);
	CHECK(find(&tester, 0) == ATTACH_OK);
	table = tester.of.session.tables;
	if (CHECK(table && !table->next && table->offset == 16)) {
		uint64_t into = point(&tester, 0)->offset - place_of(&tester, "bpfload_points");

		CHECK(*(const int64_t *)table->bytes ==
		      (int64_t)((uintptr_t)&bpfload_semaphore - (uintptr_t)bpfload_points - into));
	}
	item.symbol = "nowhere";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "has no symbol 'nowhere', which uaddr()"));
	item.symbol = "bpfload_semaphore";
	wanted.name = "two";
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "usdt:it is attached to several places"));
	filter(&tester, "nothing");
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.filtered == 2);
	teardown(&tester);
}

/* Without CAP_SYS_ADMIN the semaphore is told to a link of many places. */
static void test_little_permission(void)
{
	const struct mf_usdt_target counted = {.path = "/proc/self/exe",
					       .namespace = "other",
					       .name = "counted"},
				    open_ = {.path = "", .namespace = "a", .name = "b"},
				    any = {.path = "p", .namespace = "", .name = "b"};
	struct tester tester;

	setup_points(&tester);
	stand_in.is_nobody = true;
	add(&tester, MF_USDT, "usdt:it", &counted);
	CHECK(find(&tester, 0) == ATTACH_OK && tester.programs[0].expected == 48);
	CHECK(attach(&tester, 0) == ATTACH_OK);
	asked("uprobes of %s %llx=0, process 0, program 11, counter %llx\n", tester.self,
	      (unsigned long long)point(&tester, 0)->offset,
	      (unsigned long long)point(&tester, 0)->semaphore);
	CHECK(attach_usdt.fits(&tester.of.session, &tester.probes[0], &tester.programs[0]));
	CHECK(!attach_usdt.is_open(&tester.probes[0]));
	tester.probes[0].target = &open_;
	CHECK(attach_usdt.is_open(&tester.probes[0]));
	tester.probes[0].target = &any;
	CHECK(attach_usdt.is_open(&tester.probes[0]));
	teardown(&tester);
}

int main(void)
{
	say_divert(keep, NULL);
	test_names();
	test_arguments();
	test_unread_arguments();
	test_missing();
	test_many_files();
	test_addresses();
	test_little_permission();
	return check_result("attach_usdt");
}
