/* uprobes and uretprobes of one place: where in the file they stand, what the kernel is asked for,
 * and what is said where there is no such place; the kernel is stood in for. */
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "attach/uprobe.h"
#include "attach/user_addresses.h"
#include "attaching_files.h"
#include "stand_in.h"
#include "twin.h"

#define MULTI 48

int bpfload_counter = 4, bpfload_counters = 5;
static __thread int bpfload_of_thread;

__attribute__((noinline, used)) void bpfload_probed(void)
{
	__asm__ volatile("nop\n\tnop");
}

static __attribute__((noinline, used)) void bpfload_twin(void)
{
	__asm__ volatile("nop\n\tnop");
}

enum { LINE = __LINE__ + 4 };

static __attribute__((noinline, used)) int bpfload_statements(int a)
{
	return a * bpfload_counter + bpfload_of_thread;
}

static void test_function(void)
{
	const struct mf_uprobe_target one = {.path = "/proc/self/exe",
					     .function = "bpfload_probed"},
				      inside = {.path = "/proc/self/exe",
						.function = "bpfload_probed",
						.offset = 1};
	const struct uprobe *own;
	unsigned long long at;
	struct tester tester;

	setup(&tester);
	at = place_of(&tester, one.function);
	add(&tester, MF_UPROBE, "uprobe:it", &one);
	add(&tester, MF_URETPROBE, "uretprobe:it", &one);
	add(&tester, MF_UPROBE, "uprobe:inside", &inside);
	tester.of.options.unsafe = true;
	for (uint32_t i = 0; i < 3; i++)
		CHECK(find(&tester, i) == ATTACH_OK);
	CHECK(tester.of.attachments.target_count == 3 && tester.of.attachments.found == 3);
	own = tester.of.attachments.targets[0].own;
	CHECK(own->offset == at && !own->offsets && strcmp(own->path, tester.self) == 0);
	/* `probe` is the lower half, `func` the upper one. */
	CHECK(is_named(&tester, tester.of.attachments.targets[0].cookie, "uprobe:it"));
	CHECK(is_named(&tester, tester.of.attachments.targets[0].cookie >> 32, one.function));
	CHECK(is_named(&tester, tester.of.attachments.targets[1].cookie, "uretprobe:it"));
	/* They stay what they are for whoever may have perf events. */
	CHECK(tester.programs[0].expected == 0);
	for (uint32_t i = 0; i < 3; i++)
		CHECK(attach(&tester, i) == ATTACH_OK);
	asked("uprobe %s+%llx, cookie 100000000, counter 0, process -1, program 11\n"
	      "uretprobe %s+%llx, cookie 100000002, counter 0, process -1, program 12\n"
	      "uprobe %s+%llx, cookie 100000003, counter 0, process -1, program 13\n",
	      tester.self, at, tester.self, at, tester.self, at + 1);
	CHECK(tester.of.attachments.link_count == 3 && tester.of.attachments.links[2].link);
	/* Of one process. */
	tester.of.options.pid = 77;
	CHECK(attach(&tester, 0) == ATTACH_OK);
	asked("uprobe %s+%llx, cookie 100000000, counter 0, process 77, program 11\n", tester.self,
	      at);
	/* A program that does not ask has no cookie, which old kernels do not know. */
	tester.of.manifest.feature_count = 0;
	CHECK(find(&tester, 0) == ATTACH_OK);
	CHECK(tester.of.attachments.targets[3].cookie == 0);
	/* Permission that is there is not what the kernel lacks. */
	refuse(EPERM, ENOSPC);
	CHECK(attach(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_PERMISSION, "No permission to attach uprobe:it: Op"));
	CHECK(!strstr(tester.of.failure.text, "uprobe.multi"));
	CHECK(attach(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Cannot attach uprobe:it: No space"));
	CHECK(tester.of.attachments.link_count == 4);
	teardown(&tester);
}

/* Without CAP_SYS_ADMIN there are links of many places alone, of one place here. */
static void test_little_permission(void)
{
	const struct mf_uprobe_target one = {.path = "/proc/self/exe",
					     .function = "bpfload_probed"};
	static const int refusals[] = {EACCES, EPERM};
	unsigned long long at;
	struct tester tester;

	setup(&tester);
	at = place_of(&tester, one.function);
	stand_in.is_nobody = true;
	add(&tester, MF_UPROBE, "uprobe:it", &one);
	add(&tester, MF_URETPROBE, "uretprobe:it", &one);
	CHECK(find(&tester, 0) == ATTACH_OK && find(&tester, 1) == ATTACH_OK);
	CHECK(tester.programs[0].expected == MULTI && tester.programs[1].expected == MULTI);
	CHECK(attach(&tester, 0) == ATTACH_OK);
	tester.of.options.pid = 9;
	CHECK(attach(&tester, 1) == ATTACH_OK);
	asked("uprobes of %s %llx=100000000, process 0, program 11\n"
	      "uretprobes of %s %llx=100000002, process 9, program 12\n",
	      tester.self, at, tester.self, at);
	CHECK(tester.of.attachments.links[1].descriptor == FIRST_LINK + 1 &&
	      !tester.of.attachments.links[1].link);
	/* A kernel without them says that it is permission, and it is told what would do. */
	for (size_t i = 0; i < 2; i++) {
		tester.programs[0].expected = 0;
		refuse(refusals[i], 0);
		CHECK(attach(&tester, 0) == ATTACH_FAILED);
		CHECK(says(&tester.of.failure, STATUS_PERMISSION,
			   "it needs CAP_SYS_ADMIN on kernels without uprobe.multi, which"));
	}
	refuse(ENOENT, 0);
	CHECK(attach(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "No such file or directory."));
	teardown(&tester);
}

/* Which kernels have links of many places, for all processes or for one. */
static void test_links_of_many_places(void)
{
	static const struct {
		int folder, no_process;
		uint32_t pid, without;
		bool has;
	} cases[] = {
		{EBADF, EINVAL, 0, 0, true},   {EBADF, EINVAL, 9, 0, true},
		{EBADF, ESRCH, 0, 0, true},    {EBADF, ESRCH, 9, 0, false},
		{EINVAL, EINVAL, 0, 0, false}, {EINVAL, EINVAL, 9, 0, false},
		{EPERM, EINVAL, 0, 0, false},  {EBADF, EINVAL, 0, FEATURE_UPROBE_MULTI, false},
		{EBADF, EBADF, 9, 0, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tester tester;

		setup(&tester);
		add(&tester, MF_UPROBE, "uprobe:it", NULL);
		stand_in.folder = cases[i].folder;
		stand_in.no_process = cases[i].no_process;
		tester.of.options.pid = cases[i].pid;
		tester.of.options.without = cases[i].without;
		attach_uprobe_choose_link(&tester.of.attachments, &tester.probes[0]);
		if (!CHECK(tester.programs[0].expected == (cases[i].has ? MULTI : 0)))
			fprintf(stderr, "case %zu\n", i);
		tester.program_of[0] = NULL;
		attach_uprobe_choose_link(&tester.of.attachments, &tester.probes[0]);
		teardown(&tester);
	}
}

static void test_explanations(void)
{
	static const struct {
		enum binary_symbol_result found;
		const char *function;
		uint64_t offset;
		const char *text;
	} cases[] = {
		{BINARY_SYMBOL_NO_FILE, "f", 0, "Cannot attach uprobe:it: Is a directory."},
		{BINARY_SYMBOL_NOT_ELF, "f", 0, "uprobe target 'file' is not a 64-bit ELF file."},
		{BINARY_SYMBOL_NOT_ELF, "", 4, "ELF file. --unsafe takes the number for an offset"},
		{BINARY_SYMBOL_CUT, "f", 0, "uprobe target 'file' is damaged: the file ends"},
		{BINARY_SYMBOL_UNKNOWN, "f", 0, "No matches for uprobe file:f."},
		{BINARY_SYMBOL_INDIRECT, "f", 0, "uprobe file:f is an indirect function: its"},
		{BINARY_SYMBOL_SIZELESS, "f", 0, "uprobe file:f has no size: it may be no"},
		{BINARY_SYMBOL_INSIDE, "f", 7, "uprobe file:f+7 is not the start of an instr"},
		{BINARY_SYMBOL_UNALIGNED, "f", 7, "uprobe file:f+7 is not the start of an instr"},
		{BINARY_SYMBOL_UNALIGNED, "", 18, "uprobe file:0x12 is not the start of an ins"},
		{BINARY_SYMBOL_BEYOND, "", 18, "uprobe file has no code at address 0x12."},
		{BINARY_SYMBOL_BEYOND, "f", 70, "uprobe file:f+70 lies outside the function."},
	};
	struct mf_uprobe_target target = {.path = "file"};
	struct tester tester;

	setup(&tester);
	add(&tester, MF_UPROBE, "uprobe:it", &target);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		target.function = cases[i].function;
		target.offset = cases[i].offset;
		failure_clear(&tester.of.failure);
		errno = EISDIR;
		CHECK(attach_uprobe_explain(&tester.probes[0], "file", cases[i].found,
					    &tester.of.failure) == ATTACH_MISSING);
		CHECK(says(&tester.of.failure, STATUS_FAILED, cases[i].text));
	}
	/* What --unsafe does is said of numbers alone. */
	target.function = "f";
	attach_uprobe_explain(&tester.probes[0], "file", BINARY_SYMBOL_NOT_ELF, &tester.of.failure);
	CHECK(!strstr(tester.of.failure.text, "--unsafe"));
	target.cpp = true;
	attach_uprobe_explain(&tester.probes[0], "file", BINARY_SYMBOL_UNKNOWN, &tester.of.failure);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "No matches for uprobe file:cpp:f."));
	failure_clear(&tester.of.failure);
	CHECK(attach_uprobe_explain(&tester.probes[0], "file", BINARY_SYMBOL_FOUND,
				    &tester.of.failure) == ATTACH_OK);
	CHECK(tester.of.failure.status == STATUS_OK);
	teardown(&tester);
}

/* This program without debug information and symbols: what it exports are those that are left. */
static void make_stripped(const struct tester *tester, char *path)
{
	FILE *file = fopen(tester->self, "rb");
	size_t size = 0, room = 64u << 20;
	char *bytes = malloc(room);
	Elf64_Ehdr *header = (Elf64_Ehdr *)bytes;
	Elf64_Shdr *sections;
	const char *names;

	if (file)
		size = fread(bytes, 1, room, file);
	if (CHECK(file && size > sizeof(*header) && size < room)) {
		sections = (Elf64_Shdr *)(bytes + header->e_shoff);
		names = bytes + sections[header->e_shstrndx].sh_offset;
		for (uint32_t i = 0; i < header->e_shnum; i++) {
			if (sections[i].sh_type == SHT_SYMTAB)
				sections[i].sh_type = SHT_PROGBITS;
			if (strncmp(names + sections[i].sh_name, ".debug_", 7) == 0)
				sections[i].sh_name = 0;
		}
		make_file(path, bytes, size);
		fclose(file);
	}
	free(bytes);
}

static void test_no_such_place(void)
{
	char text[] = "/tmp/bpfload-text-XXXXXX", stripped[] = "/tmp/bpfload-strip-XXXXXX";
	struct mf_uprobe_target wanted = {.path = "/proc/self/exe", .function = "bpfload_porbed"};
	struct tester tester;

	setup(&tester);
	make_file(text, "some text", 9);
	make_stripped(&tester, stripped);
	add(&tester, MF_UPROBE, "uprobe:it", &wanted);
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "No matches for uprobe /proc/self/exe:bpfload_porbed."));
	CHECK(strcmp(tester.of.failure.hint, "Did you mean 'bpfload_probed'?") == 0);
	failure_clear(&tester.of.failure);
	wanted.function = "quite_another_name_than_any";
	CHECK(find(&tester, 0) == ATTACH_MISSING && !*tester.of.failure.hint);
	wanted.path = stripped;
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(strstr(tester.of.failure.hint, "The file is stripped: it tells only"));
	failure_clear(&tester.of.failure);
	wanted.path = text;
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "is not a 64-bit ELF file."));
	wanted.path = "/nowhere/file";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "uprobe target file '/nowhere/file' does not exist or is not executable."));
	wanted.path = "/refused/file";
	for (uint32_t i = 0; i < 2; i++) {
		stand_in.refused_files = i ? EACCES : EPERM;
		CHECK(find(&tester, 0) == ATTACH_FAILED);
		CHECK(says(&tester.of.failure, STATUS_PERMISSION, "No permission to attach"));
	}
	/* A number is an address, and not a name that is not known. */
	wanted = (struct mf_uprobe_target){
		.path = "/proc/self/exe", .function = "", .offset = 1ull << 60};
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "/proc/self/exe has no code at address 0x1000000000000000."));
	CHECK(tester.of.attachments.target_count == 0);
	wanted.path = text;
	wanted.offset = 4;
	tester.of.options.unsafe = true;
	CHECK(find(&tester, 0) == ATTACH_OK && attach(&tester, 0) == ATTACH_OK);
	asked("uprobe %s+4, cookie 100000000, counter 0, process -1, program 11\n", text);
	unlink(text);
	unlink(stripped);
	teardown(&tester);
}

/* Of static functions with one name all are meant, unless a place in one is. */
static void test_statics(void)
{
	const struct mf_uprobe_target both = {.path = "/proc/self/exe", .function = "bpfload_twin"};
	const struct mf_uprobe_target one = {
		.path = "/proc/self/exe", .function = "bpfload_twin", .offset = 1};
	int64_t between = (int64_t)((uintptr_t)other_twin() - (uintptr_t)bpfload_twin);
	const struct uprobe *own;
	struct tester tester;

	setup(&tester);
	add(&tester, MF_UPROBE, "uprobe:it", &both);
	add(&tester, MF_UPROBE, "uprobe:one", &one);
	tester.of.options.unsafe = true;
	CHECK(find(&tester, 0) == ATTACH_OK && find(&tester, 1) == ATTACH_OK);
	CHECK(tester.of.attachments.target_count == 2 && tester.of.attachments.found == 3);
	own = tester.of.attachments.targets[0].own;
	if (CHECK(tester.of.attachments.targets[0].events == 2 && own->offsets)) {
		int64_t apart = (int64_t)(own->offsets[1] - own->offsets[0]);

		CHECK(apart == between || apart == -between);
		CHECK(own->cookies[0] == own->cookies[1]);
		CHECK(is_named(&tester, own->cookies[0] >> 32, "bpfload_twin"));
	}
	CHECK(tester.programs[0].expected == MULTI && tester.programs[1].expected == 0);
	own = tester.of.attachments.targets[1].own;
	CHECK(!own->offsets);
	/* More than are allowed. */
	tester.of.manifest.config.max_probes = 1;
	tester.of.attachments.target_count = tester.of.attachments.found = 0;
	tester.programs[0].expected = 0;
	CHECK(find(&tester, 0) == ATTACH_FAILED && tester.programs[0].expected == 0);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Can't attach to 2 probes or more"));
	CHECK(find(&tester, 1) == ATTACH_FAILED);
	teardown(&tester);
}

/* How far behind the probe's place a variable lies, as memory has it. */
static void test_addresses(void)
{
	struct mf_address items[] = {{"bpfload_counter", 8}, {"bpfload_counters", 24}};
	struct mf_uprobe_target wanted = {
		.path = "/proc/self/exe", .function = "bpfload_probed", .addresses = {items, 2}};
	const struct mf_uprobe_target plain = {.path = "/proc/self/exe",
					       .function = "bpfload_probed"};
	const struct session_table *table;
	struct tester tester;

	setup(&tester);
	add(&tester, MF_UPROBE, "uprobe:it", &wanted);
	add(&tester, MF_UPROBE, "uprobe:plain", &plain);
	CHECK(find(&tester, 1) == ATTACH_OK && !tester.of.session.tables);
	CHECK(find(&tester, 0) == ATTACH_OK);
	table = tester.of.session.tables;
	if (CHECK(table && table->next && !table->next->next)) {
		uintptr_t from = (uintptr_t)bpfload_probed;

		/* The newest first. */
		CHECK(table->offset == 24 && table->size == 8 && table->next->offset == 8);
		CHECK(*(const int64_t *)table->bytes ==
		      (int64_t)((uintptr_t)&bpfload_counters - from));
		CHECK(*(const int64_t *)table->next->bytes ==
		      (int64_t)((uintptr_t)&bpfload_counter - from));
	}
	/* A prefix of a name is none, a file is no variable, and each thread has its own. */
	static const char *const unknown[] = {"bpfload_counte", "test_attach_uprobe.c",
					      "bpfload_of_thread", "stderr_"};
	for (size_t i = 0; i < 4; i++) {
		items[1].symbol = unknown[i];
		CHECK(find(&tester, 0) == ATTACH_MISSING);
		CHECK(says(&tester.of.failure, STATUS_FAILED, "has no symbol '"));
		CHECK(strstr(tester.of.failure.text, unknown[i]));
	}
	/* Several places have several distances. */
	items[1].symbol = "bpfload_counter";
	wanted.function = "bpfload_twin";
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "uprobe:it is attached to several places, so uaddr() does not know"));
	wanted.function = "bpfload_probed";
	tester.probes[1].program = tester.probes[0].program;
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	tester.probes[1].program = "other";
	/* What the filter keeps out needs none. */
	filter(&tester, "nothing");
	wanted.function = "bpfload_t*";
	CHECK(find(&tester, 0) == ATTACH_OK);
	teardown(&tester);
}

static void test_place_beyond(void)
{
	const struct mf_addresses none = {NULL, 0};
	struct uprobe_place place = {.path = "/nowhere/file", .offset = 4};
	struct tester tester;

	setup(&tester);
	add(&tester, MF_UPROBE, "uprobe:it", NULL);
	CHECK(user_addresses_find(&tester.of.attachments, &tester.probes[0], &none, &place,
				  &tester.of.failure) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "No such file or directory."));
	place = (struct uprobe_place){.path = tester.self, .offset = 1ull << 50};
	CHECK(user_addresses_find(&tester.of.attachments, &tester.probes[0], &none, &place,
				  &tester.of.failure) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "uprobe:it stands in no segment of /"));
	teardown(&tester);
}

/* Which function the first place of a target is in. */
static bool is_in(const struct tester *tester, const char *function)
{
	const struct uprobe *own = tester->of.attachments.targets[0].own;
	uint64_t begin = place_of(tester, function);

	return own->offsets && own->offsets[0] >= begin && own->offsets[0] < begin + 128 &&
	       is_named(tester, own->cookies[0] >> 32, function);
}

static void test_lines(void)
{
	static const struct {
		int line;
		const char *behind;
		enum attach_result result;
		const char *text;
	} cases[] = {
		{LINE, "", ATTACH_OK, ""},
		{LINE, ":1", ATTACH_MISSING, ": no statement begins at that column of the line."},
		{1, "", ATTACH_MISSING, ": the line has no code. The nearest line with code: "},
		{LINE - 3, "", ATTACH_MISSING, " The nearest lines with code: "},
		{1000000, "", ATTACH_MISSING, " The nearest line with code: "},
		{1, "x", ATTACH_FAILED, "is no source line: write FILE:LINE or FILE:LINE:COLUMN."},
	};
	char source[64], text[] = "/tmp/bpfload-text-XXXXXX";
	char stripped[] = "/tmp/bpfload-strip-XXXXXX";
	struct mf_uprobe_target wanted = {
		.path = "/proc/self/exe", .function = "", .source = source};
	struct tester tester;

	setup(&tester);
	add(&tester, MF_UPROBE, "uprobe:it", &wanted);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(source, sizeof(source), "test_attach_uprobe.c:%d%s", cases[i].line,
			 cases[i].behind);
		tester.programs[0].expected = 0;
		tester.of.attachments.target_count = 0;
		CHECK(find(&tester, 0) == cases[i].result);
		CHECK(cases[i].result == ATTACH_OK ||
		      says(&tester.of.failure, STATUS_FAILED, cases[i].text));
		CHECK(tester.programs[0].expected == (cases[i].result == ATTACH_OK ? MULTI : 0));
		CHECK(cases[i].result != ATTACH_OK || is_in(&tester, "bpfload_statements"));
		failure_clear(&tester.of.failure);
	}
	/* The name is the script's: it says which line. */
	CHECK(tester.of.session.names.count == 2 && is_named(&tester, 0, "uprobe:it"));
	snprintf(source, sizeof(source), "nowhere.c:%d", LINE);
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "has no source file 'nowhere.c'."));
	make_file(text, "some text", 9);
	wanted.path = text;
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "is not a 64-bit ELF file."));
	wanted.path = "/nowhere/file";
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "does not exist or is not executable."));
	make_stripped(&tester, stripped);
	wanted.path = stripped;
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "No debug information for '/tmp/bpfload-strip-"));
	unlink(stripped);
	unlink(text);
	teardown(&tester);
}

static void test_forms(void)
{
	const struct mf_uprobe_target plain = {.path = "a", .function = "f"},
				      cpp = {.path = "a", .function = "f", .cpp = true},
				      open_ = {.path = "", .function = "f"};
	struct mf_probe probe = {.provider = MF_UPROBE, .name = "uprobe:it", .target = &plain};
	struct bpf_program program = {.type = BPF_PROG_TYPE_KPROBE};
	struct arena arena = {0};

	CHECK(!attach_uprobe.is_open(&probe));
	CHECK(attach_uprobe.fits(NULL, &probe, &program));
	program.type = BPF_PROG_TYPE_TRACING;
	CHECK(!attach_uprobe.fits(NULL, &probe, &program));
	probe.target = &cpp;
	CHECK(attach_uprobe.is_open(&probe));
	probe.target = &open_;
	CHECK(attach_uprobe.is_open(&probe));
	/* The kernel knows the archive, and not what is in it. */
	CHECK(strcmp(attach_uprobe_path(&arena, "/a.apk!/lib/x.so"), "/a.apk") == 0);
	CHECK(strcmp(attach_uprobe_path(&arena, "/a.apk"), "/a.apk") == 0);
	arena_free(&arena);
}

int main(void)
{
	bpfload_of_thread = bpfload_statements(1);
	test_function();
	test_little_permission();
	test_links_of_many_places();
	test_explanations();
	test_no_such_place();
	test_statics();
	test_addresses();
	test_place_beyond();
	test_lines();
	test_forms();
	return check_result("attach_uprobe");
}
