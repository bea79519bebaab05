/* Whether the kernel's members are what an object takes them for: what is refused, with its place,
 * what is hidden, and which types libbpf is given; object and kernel are made here. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attaching_files.h"
#include "folder.h"
#include "object_parts.h"
#include "session/host_types.h"
#include "session/kernel_types.h"
#include "stand_in.h"

/* enum bpf_core_relo_kind */
enum { OFFSET = 0, SIZE = 1, EXISTS = 2, SIGNED = 3, TARGET = 7 };

struct scene {
	struct tester of;
	struct object_parts object;
	struct btf *kernel;
	struct session_btf known;
	struct bpf_program program;
};

/* `struct task { T a; long b; }` with `a` of a kind: its id. */
static int add_task(struct btf *btf, const char *kind, const char *first)
{
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED), type = number, task;
	int wide = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);

	if (strcmp(kind, "pointer") == 0)
		type = btf__add_ptr(btf, number);
	else if (strcmp(kind, "long") == 0)
		type = wide;
	else if (strcmp(kind, "unsigned") == 0)
		type = btf__add_int(btf, "unsigned int", 4, 0);
	else if (strcmp(kind, "short") == 0)
		type = btf__add_int(btf, "short", 2, BTF_INT_SIGNED);
	else if (strcmp(kind, "unsigned short") == 0)
		type = btf__add_int(btf, "unsigned short", 2, 0);
	task = btf__add_struct(btf, "task", 16);
	btf__add_field(btf, first, type, 0, 0);
	btf__add_field(btf, "b", wide, 64, 0);
	return task;
}

/* What the object was built for, and what the kernel has. */
static int setup_scene(struct scene *scene, const char *was, const char *kind)
{
	int local;

	*scene = (struct scene){.program = {.name = "probe", .is_loaded = true}};
	setup(&scene->of);
	scene->object.btf = btf__new_empty();
	local = add_task(scene->object.btf, was, "a");
	/* A name that no member has. */
	btf__add_func(scene->object.btf, "probe", BTF_FUNC_GLOBAL,
		      btf__add_func_proto(scene->object.btf, 0));
	scene->kernel = btf__new_empty();
	add_task(scene->kernel, kind, "a");
	scene->known = (struct session_btf){.module = "", .btf = scene->kernel};
	scene->of.of.session.kernel_btfs = &scene->known;
	scene->of.of.session.type_view_asked = true;
	scene->of.of.session.elf = &scene->object.elf;
	stand_in.programs = &scene->program;
	stand_in.program_count = 1;
	stand_in.object_types = scene->object.btf;
	for (uint32_t i = 0; i < PARTS_INSNS; i++)
		scene->object.insns[i].code = BPF_ALU64 | BPF_ADD | BPF_K;
	object_line(&scene->object, 0, 3, 1, "first");
	object_line(&scene->object, 4, 7, 5, "second");
	object_line(&scene->object, 12, 9, 1, "shared");
	return local;
}

/* How the kernel's types are come by: whole, as somebody has read them already, or in the kernel's
 * file, of which a few will do. What is said of them is the same. */
enum read { READ_BEFORE, READ_IN_FILE, WAYS };

static enum read way;

static void write_types(const struct btf *btf)
{
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);
	FILE *file = fopen(at("sys/kernel/btf/vmlinux"), "w");

	if (CHECK(file)) {
		CHECK(fwrite(bytes, 1, size, file) == size);
		fclose(file);
	}
}

static int check(struct scene *scene)
{
	struct session *session = &scene->of.of.session;

	object_finish(&scene->object);
	if (way == READ_IN_FILE) {
		write_types(scene->kernel);
		stand_in.sys = at("sys");
		session->kernel_btfs = NULL;
		session->type_view_asked = false;
		/* Without records there is nothing to read. */
		CHECK(!host_types_file(session) == !scene->object.core_count);
	}
	return host_types_check(session, &scene->of.of.failure);
}

/* What libbpf reads has the type, and not those that nobody asks for. */
static void check_few(const struct scene *scene)
{
	char path[64];
	struct btf *written;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", scene->of.of.session.types_file);
	written = btf__parse(path, NULL);
	if (CHECK(written))
		CHECK(btf__find_by_name_kind(written, "task", BTF_KIND_STRUCT) > 0 &&
		      btf__find_by_name_kind(written, "other", BTF_KIND_STRUCT) < 0);
	btf__free(written);
}

static void teardown_scene(struct scene *scene)
{
	if (way == READ_IN_FILE) {
		if (scene->of.of.session.types_file)
			close(scene->of.of.session.types_file);
		if (scene->of.of.session.kernel_btfs != &scene->known)
			kernel_types_free(&scene->of.of.session);
	}
	teardown(&scene->of);
	btf__free(scene->object.btf);
	btf__free(scene->kernel);
}

static bool refused(struct scene *scene, const char *text, uint32_t line)
{
	const struct failure *failure = &scene->of.of.failure;

	return says(failure, STATUS_KERNEL, text) && failure->line == line &&
	       strcmp(failure->file, "script.bt") == 0 &&
	       strstr(failure->hint, "Build the script with --kernel, against a description");
}

static void test_kinds(void)
{
	static const struct {
		const char *object, *kernel;
		/* The code: a load, or else an addition; with records of width and sign. */
		bool loads, widths, signs;
		const char *text;
	} cases[] = {
		{"int", "int", false, false, false, NULL},
		/* Left to the verifier: libbpf says that the member is missing. */
		{"int", "pointer", false, false, false, NULL},
		{"int", "long", false, false, false, "a of struct task has 64 bits on this kernel"},
		{"int", "long", true, false, false, "a of struct task has 64 bits on this kernel"},
		{"int", "long", false, true, false, "a of struct task has 64 bits on this kernel"},
		{"int", "short", false, false, false, "a of struct task has 16 bits on this"},
		{"int", "short", true, false, false, "a of struct task has 16 bits on this"},
		{"int", "short", false, true, false, NULL},
		{"int", "unsigned", false, false, false, "has no sign on this kernel"},
		{"int", "unsigned", false, true, false, "has no sign on this kernel"},
		{"int", "unsigned", false, false, true, NULL},
		{"unsigned", "unsigned short", false, false, false, "has 16 bits on this kernel"},
		{"unsigned", "unsigned short", true, false, false, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct session *session;
		struct scene scene;
		uint32_t type = (uint32_t)setup_scene(&scene, cases[i].object, cases[i].kernel);

		session = &scene.of.of.session;
		if (cases[i].loads)
			scene.object.insns[5].code = BPF_LDX | BPF_MEM | BPF_W;
		if (cases[i].widths)
			object_core(&scene.object, 6, type, "0:0", SIZE);
		if (cases[i].signs)
			object_core(&scene.object, 6, type, "0:0", SIGNED);
		object_core(&scene.object, 2, type, "0:1", OFFSET);
		object_core(&scene.object, 5, type, "0:0", OFFSET);
		/* Of members that differ it is the verifier that says whether they are reached. */
		btf__add_struct(scene.kernel, "other", 0);
		if (!CHECK(check(&scene) == STATUS_OK) ||
		    !CHECK((session->unfit != NULL) == (cases[i].text != NULL)))
			fprintf(stderr, "case %zu: %s\n", i, scene.of.of.failure.text);
		if (way == READ_IN_FILE)
			check_few(&scene);
		if (cases[i].text) {
			CHECK(host_types_explain(session, type, "0:0 etc", 3,
						 &scene.of.of.failure) == STATUS_KERNEL);
			CHECK(refused(&scene, cases[i].text, 7));
		}
		failure_clear(&scene.of.of.failure);
		CHECK(host_types_explain(session, type, "0:1", 3, &scene.of.of.failure) ==
		      STATUS_OK);
		teardown_scene(&scene);
	}
}

/* What is said where it cannot be hidden, and what does not count. */
static void test_refused(void)
{
	for (uint32_t round = 0; round < 5; round++) {
		struct scene scene;
		uint32_t type = (uint32_t)setup_scene(&scene, "int", "long");

		object_core(&scene.object, round == 4 ? 13 : 2, type, "0:0", OFFSET);
		/* A question whether the kernel has it would find nothing under another name. */
		if (round <= 1 || round == 3)
			object_core(&scene.object, 8, type, round == 3 ? "0:1" : "0:0", EXISTS);
		/* Programs that are left out may want what they like. */
		scene.program.is_loaded = round != 1;
		/* Without any type nothing is asked. */
		if (round == 2)
			scene.object.core_count = 0;
		CHECK(check(&scene) == (round == 0 ? STATUS_KERNEL : STATUS_OK));
		CHECK(round != 0 || refused(&scene, "a of struct task has 64 bits on this", 3));
		/* What others call is loaded. */
		CHECK((scene.of.of.session.unfit != NULL) == (round >= 3));
		teardown_scene(&scene);
	}
}

/* A member that became another kind of value: libbpf found none, and this says what is there. */
static void test_explained(void)
{
	struct session *session;
	struct scene scene;
	uint32_t type = (uint32_t)setup_scene(&scene, "int", "pointer");

	session = &scene.of.of.session;
	object_core(&scene.object, 13, type, "0:0", SIZE);
	object_core(&scene.object, 2, type, "0:1", OFFSET);
	object_core(&scene.object, 5, type, "0:0", OFFSET);
	object_finish(&scene.object);
	CHECK(host_types_explain(session, type, "0:0", 3, &scene.of.of.failure) == STATUS_KERNEL);
	CHECK(refused(&scene, "a of struct task is a pointer", 9));
	failure_clear(&scene.of.of.failure);
	CHECK(host_types_explain(session, type, "0:1", 3, &scene.of.of.failure) == STATUS_OK);
	CHECK(host_types_explain(session, type, "0:00", 4, &scene.of.of.failure) == STATUS_OK);
	CHECK(host_types_explain(session, type, "0:0:", 2, &scene.of.of.failure) == STATUS_OK);
	CHECK(host_types_explain(session, type + 1, "0:0", 3, &scene.of.of.failure) == STATUS_OK);
	/* The place of the first record like it that is loaded. */
	host_types_place(session, type, "0:1", 3, &scene.of.of.failure);
	CHECK(scene.of.of.failure.line == 3);
	failure_clear(&scene.of.of.failure);
	scene.program.is_loaded = false;
	host_types_place(session, type, "0:1", 3, &scene.of.of.failure);
	CHECK(scene.of.of.failure.line == 0);
	host_types_place(session, type, "0:0", 3, &scene.of.of.failure);
	CHECK(scene.of.of.failure.line == 9);
	teardown_scene(&scene);
}

/* The types that libbpf reads in place of the kernel's: those that records name, or all. */
static void test_file(void)
{
	for (uint32_t round = 0; round < 4; round++) {
		struct btf *written;
		struct session *session;
		struct scene scene;
		uint32_t type = (uint32_t)setup_scene(&scene, "int", "int");
		const char *path;
		char given[] = "/tmp/bpfload-btf-XXXXXX";
		uint32_t size;
		const void *bytes;

		session = &scene.of.of.session;
		btf__add_struct(scene.kernel, "other", 0);
		if (round != 1)
			object_core(&scene.object, 2, type, "0:0", round == 2 ? TARGET : OFFSET);
		if (round == 3) {
			bytes = btf__raw_data(scene.kernel, &size);
			make_file(given, bytes, size);
			scene.of.of.options.btf = given;
		}
		object_finish(&scene.object);
		path = host_types_file(session);
		if (round == 0) {
			CHECK(path && strncmp(path, "/proc/self/fd/", 14) == 0);
			CHECK(check(&scene) == STATUS_OK);
			written = btf__parse(path, NULL);
			CHECK(written &&
			      btf__find_by_name_kind(written, "task", BTF_KIND_STRUCT) > 0);
			CHECK(btf__find_by_name_kind(written, "other", BTF_KIND_STRUCT) < 0);
			btf__free(written);
		} else {
			/* Ids are those of the whole. */
			CHECK(round == 3 ? path && strcmp(path, given) == 0 : !path);
			CHECK(session->types_file == 0 && check(&scene) == STATUS_OK);
		}
		if (session->types_file)
			close(session->types_file);
		if (round == 3)
			unlink(given);
		teardown_scene(&scene);
	}
}

static void test_given_file(void)
{
	char text[] = "/tmp/bpfload-text-XXXXXX";
	struct scene scene;
	uint32_t type = (uint32_t)setup_scene(&scene, "int", "int");

	make_file(text, "some text", 9);
	object_core(&scene.object, 2, type, "0:0", OFFSET);
	scene.of.of.options.btf = "/nowhere/file";
	CHECK(check(&scene) == STATUS_KERNEL);
	CHECK(says(
		&scene.of.of.failure, STATUS_KERNEL,
		"Cannot read the kernel's types from /nowhere/file: No such file or directory."));
	CHECK(strstr(scene.of.of.failure.hint, "or a file with it: --btf FILE."));
	failure_clear(&scene.of.of.failure);
	scene.of.of.options.btf = text;
	CHECK(host_types_check(&scene.of.of.session, &scene.of.of.failure) == STATUS_KERNEL);
	CHECK(says(&scene.of.of.failure, STATUS_KERNEL,
		   "Cannot read the kernel's types from /tmp"));
	unlink(text);
	teardown_scene(&scene);
}

/* Nobody vouches for a file: libbpf reads one whose types have no end. */
static void test_damaged_file(void)
{
	char path[] = "/tmp/bpfload-btf-XXXXXX", text[128];
	struct scene scene;
	uint32_t size, type = (uint32_t)setup_scene(&scene, "int", "long");
	const void *bytes;
	int again;

	again = btf__add_struct(scene.kernel, "again", 8);
	btf__add_field(scene.kernel, "itself", again, 0, 0);
	bytes = btf__raw_data(scene.kernel, &size);
	make_file(path, bytes, size);
	object_core(&scene.object, 2, type, "0:0", OFFSET);
	scene.of.of.options.btf = path;
	CHECK(check(&scene) == STATUS_KERNEL);
	snprintf(text, sizeof(text), "Cannot read the kernel's types from %s: it is damaged (",
		 path);
	CHECK(says(&scene.of.of.failure, STATUS_KERNEL, text) &&
	      says(&scene.of.of.failure, STATUS_KERNEL, "nested too deeply, or within itself"));
	/* Nothing was looked at in it. */
	CHECK(!scene.of.of.session.unfit && scene.of.of.session.types_file == 0);
	unlink(path);
	teardown_scene(&scene);
}

int main(void)
{
	CHECK(mkdtemp(folder) && mkdir(at("sys"), 0700) == 0 &&
	      mkdir(at("sys/kernel"), 0700) == 0 && mkdir(at("sys/kernel/btf"), 0700) == 0);
	for (way = READ_BEFORE; way < WAYS; way++) {
		test_kinds();
		test_refused();
		test_explained();
	}
	unlink(at("sys/kernel/btf/vmlinux"));
	CHECK(rmdir(at("sys/kernel/btf")) == 0 && rmdir(at("sys/kernel")) == 0 &&
	      rmdir(at("sys")) == 0 && rmdir(folder) == 0);
	way = READ_BEFORE;
	test_file();
	test_given_file();
	test_damaged_file();
	return check_result("host_types");
}
