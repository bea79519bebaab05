/* Structs of the kernel that a script copies whole, and sizes and places that it was compiled with:
 * what of them the running kernel has otherwise, and how that is said. */
#include "session/copied_structs.h"

#include <bpf/btf.h>
#include <stdlib.h>

#include "attaching.h"
#include "says.h"
#include "session/assumptions.h"
#include "stand_in.h"

/* What the kernel has: `struct task { int pid; unsigned int flags; char comm[16]; struct inner in;
 * int bits : 3; struct { int x; } nameless; struct inner *to; bool there; long word; int words[4];
 * int rows[2][2]; }`. */
struct kernel {
	struct btf *btf;
	int number, plain, wide, flag, letter;
};

static struct kernel make_kernel(void)
{
	struct kernel kernel = {.btf = btf__new_empty()};
	struct btf *btf = kernel.btf;
	int name, inner, nameless, pointer, words, rows;

	kernel.number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	kernel.plain = btf__add_int(btf, "unsigned int", 4, 0);
	kernel.wide = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	kernel.flag = btf__add_int(btf, "bool", 1, BTF_INT_BOOL);
	kernel.letter = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	name = btf__add_array(btf, kernel.number, kernel.letter, 16);
	inner = btf__add_struct(btf, "inner", 8);
	btf__add_field(btf, "a", kernel.number, 0, 0);
	btf__add_field(btf, "b", kernel.number, 32, 0);
	nameless = btf__add_struct(btf, NULL, 4);
	btf__add_field(btf, "x", kernel.number, 0, 0);
	pointer = btf__add_ptr(btf, inner);
	words = btf__add_array(btf, kernel.number, kernel.number, 4);
	rows = btf__add_array(btf, kernel.number,
			      btf__add_array(btf, kernel.number, kernel.number, 2), 2);
	btf__add_struct(btf, "task", 96);
	btf__add_field(btf, "pid", kernel.number, 0, 0);
	btf__add_field(btf, "flags", kernel.plain, 32, 0);
	btf__add_field(btf, "comm", name, 64, 0);
	btf__add_field(btf, "in", inner, 192, 0);
	btf__add_field(btf, "bits", kernel.number, 256, 3);
	btf__add_field(btf, "nameless", nameless, 288, 0);
	btf__add_field(btf, "to", pointer, 320, 0);
	btf__add_field(btf, "there", kernel.flag, 384, 0);
	btf__add_field(btf, "word", kernel.wide, 448, 0);
	btf__add_field(btf, "words", words, 512, 0);
	btf__add_field(btf, "rows", rows, 640, 0);
	return kernel;
}

static const struct mf_type number = {.kind = MF_INT, .size = 4, .is_signed = true},
			    plain = {.kind = MF_INT, .size = 4},
			    wide = {.kind = MF_INT, .size = 8, .is_signed = true},
			    truth = {.kind = MF_BOOL, .size = 1},
			    name16 = {.kind = MF_STRING, .size = 16, .capacity = 16},
			    pointer = {.kind = MF_POINTER, .size = 8},
			    inner = {.kind = MF_RECORD, .size = 8, .struct_name = "struct inner"};

struct scene {
	struct attaching of;
	struct session_btf known;
	struct kernel kernel;
	struct mf_field field;
	struct mf_type type;
	struct mf_map map;
};

/* A map whose value is a struct with that one member. */
static void setup(struct scene *scene, struct mf_field field)
{
	*scene = (struct scene){.kernel = make_kernel(), .field = field};
	attaching_begin(&scene->of, NULL);
	scene->known = (struct session_btf){.module = "", .btf = scene->kernel.btf};
	scene->of.session.kernel_btfs = &scene->known;
	scene->of.session.type_view_asked = true;
	scene->type = (struct mf_type){.kind = MF_RECORD,
				       .size = 64,
				       .struct_name = "struct task",
				       .fields = &scene->field,
				       .field_count = 1};
	scene->map = (struct mf_map){.name = "@m", .key = &number, .value = &scene->type};
	scene->of.manifest.maps = &scene->map;
	scene->of.manifest.map_count = 1;
	scene->of.manifest.script = "script.bt";
	scene->of.manifest.kernel_release = "6.12";
}

static int check(struct scene *scene)
{
	failure_clear(&scene->of.failure);
	return copied_structs_check(&scene->of.session, scene->kernel.btf, false,
				    &scene->of.failure);
}

static void teardown(struct scene *scene)
{
	attaching_end(&scene->of);
	btf__free(scene->kernel.btf);
}

static void test_members(void)
{
	static const struct mf_type short_name = {.kind = MF_STRING, .size = 8, .capacity = 8},
				    words = {.kind = MF_ARRAY, .size = 16, .element = &number},
				    letter = {.kind = MF_INT, .size = 1},
				    letters = {.kind = MF_ARRAY, .size = 16, .element = &letter},
				    enumeration = {.kind = MF_ENUM, .size = 4},
				    four = {.kind = MF_ARRAY, .size = 16, .element = &number},
				    unsigned_four = {.kind = MF_ARRAY,
						     .size = 16,
						     .element = &plain},
				    pair = {.kind = MF_ARRAY, .size = 8, .element = &number},
				    rows = {.kind = MF_ARRAY, .size = 16, .element = &pair};
	static const struct mf_field same_x = {0, &number, "x", 0, 0},
				     other_x = {4, &number, "x", 0, 0};
	static const struct mf_type
		same_inside = {.kind = MF_RECORD, .size = 4, .fields = &same_x, .field_count = 1},
		other_inside = {.kind = MF_RECORD, .size = 4, .fields = &other_x, .field_count = 1};
	static const struct {
		struct mf_field field;
		bool same;
	} cases[] = {
		{{0, &number, "pid", 0, 0}, true},
		{{4, &number, "pid", 0, 0}, false},
		{{0, &plain, "pid", 0, 0}, false},
		{{0, &wide, "pid", 0, 0}, false},
		{{0, &enumeration, "pid", 0, 0}, true},
		{{0, &pointer, "pid", 0, 0}, false},
		{{0, &truth, "pid", 0, 0}, false},
		{{4, &plain, "flags", 0, 0}, true},
		{{4, &number, "flags", 0, 0}, false},
		{{4, &plain, "none", 0, 0}, false},
		{{8, &name16, "comm", 0, 0}, true},
		{{8, &short_name, "comm", 0, 0}, false},
		/* Of single bytes the sign is the compiler's. */
		{{8, &letters, "comm", 0, 0}, true},
		/* As many bytes, but other numbers. */
		{{8, &words, "comm", 0, 0}, false},
		{{64, &four, "words", 0, 0}, true},
		{{64, &unsigned_four, "words", 0, 0}, false},
		{{64, &rows, "words", 0, 0}, false},
		{{80, &rows, "rows", 0, 0}, true},
		{{8, &number, "comm", 0, 0}, false},
		{{24, &inner, "in", 0, 0}, true},
		{{24, &number, "in", 0, 0}, false},
		{{32, &number, "bits", 0, 3}, true},
		{{32, &number, "bits", 0, 4}, false},
		{{32, &number, "bits", 1, 3}, false},
		{{32, &number, "bits", 0, 0}, false},
		{{32, &plain, "bits", 0, 3}, false},
		{{36, &same_inside, "nameless", 0, 0}, true},
		{{36, &other_inside, "nameless", 0, 0}, false},
		{{40, &pointer, "to", 0, 0}, true},
		{{40, &wide, "to", 0, 0}, false},
		{{48, &truth, "there", 0, 0}, true},
		{{56, &wide, "word", 0, 0}, true},
		{{56, &pointer, "word", 0, 0}, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;

		setup(&scene, cases[i].field);
		if (!CHECK(check(&scene) == (cases[i].same ? STATUS_OK : STATUS_KERNEL)))
			fprintf(stderr, "case %zu: %s\n", i, scene.of.failure.text);
		if (!cases[i].same) {
			char text[128];

			snprintf(text, sizeof(text),
				 "struct task has its member %s otherwise on this kernel, and the "
				 "script copies it whole.",
				 cases[i].field.name);
			CHECK(says(&scene.of.failure, STATUS_KERNEL, text));
			CHECK(strncmp(scene.of.failure.hint,
				      "Read the members that are needed, one", 37) == 0);
		}
		teardown(&scene);
	}
}

/* Where in a script's values structs are looked for, and which place is told. */
static void test_everywhere(void)
{
	static const struct mf_place at = {.line = 8, .column = 3, .text = "print(x)"};
	const struct mf_field bad = {0, &wide, "pid", 0, 0};
	struct mf_assumption rooms[2] = {
		{.type = "struct tas", .is_most = true, .line = 4},
		{.type = "struct task", .is_most = true, .line = 6, .file = "imported.bt"}};
	struct mf_type list, holder;
	struct mf_field held, sent;
	struct mf_event event;
	struct scene scene;

	setup(&scene, bad);
	list = (struct mf_type){.kind = MF_ARRAY, .element = &scene.type, .size = 64};
	held = (struct mf_field){0, &list, NULL, 0, 0};
	holder = (struct mf_type){.kind = MF_TUPLE, .fields = &held, .field_count = 1};
	CHECK(copied_structs_are_there(&scene.of.manifest));
	CHECK(check(&scene) == STATUS_KERNEL && scene.of.failure.line == 0);
	scene.map.key = &holder;
	scene.map.value = &number;
	CHECK(copied_structs_are_there(&scene.of.manifest));
	CHECK(check(&scene) == STATUS_KERNEL);
	/* Where copies have their room, the script says so. */
	scene.of.manifest.assumptions = rooms;
	scene.of.manifest.assumption_count = 2;
	CHECK(check(&scene) == STATUS_KERNEL && scene.of.failure.line == 6);
	CHECK(strcmp(scene.of.failure.file, "imported.bt") == 0);
	rooms[1].is_most = false;
	CHECK(check(&scene) == STATUS_KERNEL && scene.of.failure.line == 0);
	rooms[1].is_most = true;
	rooms[1].path = "in";
	CHECK(check(&scene) == STATUS_KERNEL && scene.of.failure.line == 0);
	/* What is sent has a place of its own. */
	scene.map.key = &number;
	CHECK(!copied_structs_are_there(&scene.of.manifest) && check(&scene) == STATUS_OK);
	sent = (struct mf_field){0, &holder, NULL, 0, 0};
	event = (struct mf_event){.fields = &sent, .field_count = 1, .place = &at};
	scene.of.manifest.events = &event;
	scene.of.manifest.event_count = 1;
	CHECK(copied_structs_are_there(&scene.of.manifest));
	CHECK(check(&scene) == STATUS_KERNEL && scene.of.failure.line == 8 &&
	      scene.of.failure.column == 3);
	CHECK(strcmp(scene.of.failure.file, "script.bt") == 0);
	/* A record of the script's own is none of the kernel's. */
	scene.type.struct_name = NULL;
	CHECK(!copied_structs_are_there(&scene.of.manifest) && check(&scene) == STATUS_OK);
	scene.type.struct_name = "struct missing";
	CHECK(check(&scene) == STATUS_KERNEL);
	CHECK(says(&scene.of.failure, STATUS_KERNEL,
		   "This kernel has no struct missing, which the script copies whole."));
	teardown(&scene);
}

/* Structs without a name, by the ways that lead to them. */
static void test_within(void)
{
	static const struct {
		const char *ways[2];
		uint32_t size;
		struct mf_field field;
		const char *text;
	} cases[] = {
		{{"struct task.nameless"}, 4, {0, &number, "x", 0, 0}, NULL},
		{{"struct missing.nameless", "struct task.nameless"},
		 4,
		 {0, &number, "x", 0, 0},
		 NULL},
		{{"struct task.nameless"},
		 4,
		 {0, &plain, "x", 0, 0},
		 "struct task.nameless has its member x otherwise on this kernel"},
		{{"struct task.nameless"},
		 8,
		 {0, &number, "x", 0, 0},
		 "struct task.nameless has 4 bytes on this kernel, 8 where the script was"},
		{{"struct task.none"},
		 4,
		 {0, &number, "x", 0, 0},
		 "This kernel has no struct task.none, which the script copies whole."},
		{{"struct task.pid"},
		 4,
		 {0, &number, "x", 0, 0},
		 "This kernel has no struct task.pid, which the script copies whole."},
		/* All ways that there are have to be alike. */
		{{"struct task.nameless", "struct task.in"},
		 4,
		 {0, &number, "x", 0, 0},
		 "struct task.in has its member x otherwise on this kernel"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mf_assumption room = {
			.type = "struct task", .path = "nameless", .is_most = true, .line = 5};
		struct scene scene;

		setup(&scene, cases[i].field);
		scene.type.struct_name = NULL;
		scene.type.within = cases[i].ways;
		scene.type.within_count = cases[i].ways[1] ? 2 : 1;
		scene.type.size = cases[i].size;
		scene.of.manifest.assumptions = &room;
		scene.of.manifest.assumption_count = 1;
		CHECK(check(&scene) == (cases[i].text ? STATUS_KERNEL : STATUS_OK));
		CHECK(!cases[i].text || says(&scene.of.failure, STATUS_KERNEL, cases[i].text));
		CHECK(!cases[i].text ||
		      scene.of.failure.line ==
			      (strcmp(cases[i].ways[0], "struct task.nameless") == 0 ? 5 : 0));
		teardown(&scene);
	}
}

#define REBUILD "Build the script with --kernel, against a description of this kernel."

static void test_assumptions(void)
{
	static const struct {
		struct mf_assumption assumption;
		/* NULL: it holds. */
		const char *text, *hint;
	} cases[] = {
		{{.type = "struct task", .value = 96, .text = "96"}, NULL, NULL},
		{{.type = "struct task", .value = 95, .text = "95"},
		 "sizeof(struct task) is 96 on this kernel, and the script was compiled with 95, "
		 "that of Linux 6.12: it stands where a literal is needed.",
		 "Write a number, or build the script with --kernel"},
		{{.type = "struct task", .path = "in", .value = 24, .text = "24"}, NULL, NULL},
		{{.type = "struct task", .path = "in.b", .value = 28, .text = "28"}, NULL, NULL},
		{{.type = "struct task", .path = "in", .value = 8, .text = "8"},
		 "offsetof(struct task, in) is 24 on this kernel, and the script was compiled with 8",
		 "Write a number"},
		{{.type = "struct task", .path = "in", .is_size = true, .value = 8, .text = "8"},
		 NULL,
		 NULL},
		{{.type = "struct task", .path = "in", .is_size = true, .value = 24, .text = "24"},
		 "sizeof(struct task.in) is 8 on this kernel",
		 "Write a number"},
		{{.type = "struct task", .path = "none", .value = 8, .text = "8"},
		 "offsetof(struct task, none) is not there on this kernel",
		 "Write a number"},
		{{.type = "struct task", .value = 8, .text = "8", .embedded = "struct own"},
		 "sizeof(struct task) is 96 on this kernel, and the script's struct own was laid out "
		 "with 8, that of Linux 6.12.",
		 REBUILD},
		/* Room for a copy: less will do, and nothing. */
		{{.type = "struct task", .value = 96, .text = "96", .is_most = true}, NULL, NULL},
		{{.type = "struct task", .value = 97, .text = "97", .is_most = true}, NULL, NULL},
		{{.type = "struct missing", .value = 1, .text = "1", .is_most = true}, NULL, NULL},
		{{.type = "struct task", .value = 95, .text = "95", .is_most = true},
		 "struct task has 96 bytes on this kernel, and the script, which copies it whole, has "
		 "room for 95, as on Linux 6.12.",
		 "Read the members that are needed, one by one"},
		{{.type = "struct task",
		  .path = "in",
		  .is_size = true,
		  .value = 7,
		  .text = "7",
		  .is_most = true},
		 "struct task.in has 8 bytes on this kernel",
		 "Read the members"},
		{{.enumeration = "color", .enumerator = "RED", .value = 3, .text = "3"},
		 NULL,
		 NULL},
		{{.enumeration = "color", .enumerator = "RED", .value = 4, .text = "4"},
		 "RED is 3 on this kernel",
		 "Write a number"},
		{{.enumeration = "color",
		  .enumerator = "BLUE",
		  .value = (uint64_t)-2,
		  .text = "-2"},
		 NULL,
		 NULL},
		{{.enumeration = "color",
		  .enumerator = "BLUE",
		  .value = (uint64_t)-3,
		  .text = "-3"},
		 "BLUE is -2 on this kernel",
		 "Write a number"},
		{{.enumeration = "color", .enumerator = "GREEN", .value = 3, .text = "3"},
		 "GREEN is not there on this kernel",
		 "Write a number"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mf_assumption assumptions[2] = {cases[i].assumption, cases[i].assumption};
		struct scene scene;

		setup(&scene, (struct mf_field){0, &number, "pid", 0, 0});
		btf__add_enum(scene.kernel.btf, "color", 4);
		btf__add_enum_value(scene.kernel.btf, "RED", 3);
		btf__add_enum_value(scene.kernel.btf, "BLUE", -2);
		assumptions[0].line = 9;
		assumptions[1].line = 10;
		assumptions[1].file = "imported.bt";
		scene.of.manifest.assumptions = assumptions + i % 2;
		scene.of.manifest.assumption_count = 2 - i % 2;
		CHECK(assumptions_check(&scene.of.session, &scene.of.failure) ==
		      (cases[i].text ? STATUS_KERNEL : STATUS_OK));
		if (cases[i].text) {
			CHECK(says(&scene.of.failure, STATUS_KERNEL, cases[i].text));
			CHECK(strncmp(scene.of.failure.hint, cases[i].hint,
				      strlen(cases[i].hint)) == 0);
			CHECK(scene.of.failure.line == 9 + i % 2);
			CHECK(strcmp(scene.of.failure.file, i % 2 ? "imported.bt" : "script.bt") ==
			      0);
		}
		teardown(&scene);
	}
}

int main(void)
{
	test_members();
	test_everywhere();
	test_within();
	test_assumptions();
	return check_result("copied_structs");
}
