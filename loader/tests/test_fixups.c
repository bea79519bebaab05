/* Instructions that are patched for this host: fields of tracepoints by the formats of tracefs, and
 * arguments of typed programs by the kernel's types; what is refused, and where. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "attaching_files.h"
#include "object_parts.h"
#include "session/fixups.h"
#include "session/tracepoint_fixup.h"
#include "stand_in.h"

static const char FORMAT[] =
	"name: event\nID: 7\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n"
	"\tfield:int number;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:unsigned long wide;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:char comm[16];\toffset:24;\tsize:16;\tsigned:0;\n"
	"\tfield:__data_loc char[] text;\toffset:40;\tsize:4;\tsigned:0;\n"
	"\tfield:__rel_loc u32[] words;\toffset:44;\tsize:4;\tsigned:0;\n"
	"\tfield:struct file * file;\toffset:48;\tsize:8;\tsigned:0;\n"
	"\tfield:int far;\toffset:40000;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"\"\n";

#define IT .category = "c", .event = "event", .field

static char sys[] = "/tmp/bpfload-sys-XXXXXX";

static void make_format(void)
{
	char path[128], command[160];
	FILE *file;

	CHECK(mkdtemp(sys));
	snprintf(command, sizeof(command), "mkdir -p %s/kernel/tracing/events/c/event", sys);
	CHECK(system(command) == 0);
	snprintf(path, sizeof(path), "%s/kernel/tracing/events/c/event/format", sys);
	file = fopen(path, "w");
	CHECK(file && fputs(FORMAT, file) >= 0);
	fclose(file);
}

static const struct bpf_insn load = {.code = BPF_LDX | BPF_MEM | BPF_DW, .off = 1, .imm = 2};
static const struct bpf_insn shift = {.code = BPF_ALU64 | BPF_LSH | BPF_K, .off = 1, .imm = 32};

static void test_fields(void)
{
	static const struct {
		struct mf_fixup fixup;
		/* What becomes of it, or what is wrong. */
		int off, imm;
		const char *text;
	} cases[] = {
		{{IT = "number", .site = MF_SITE_OFFSET, .field_size = 4, .form = MF_FORM_SIGNED},
		 8,
		 2,
		 NULL},
		{{IT = "number", .site = MF_SITE_SHIFT, .field_size = 4, .form = MF_FORM_SIGNED},
		 1,
		 32,
		 NULL},
		{{IT = "number", .site = MF_SITE_IMMEDIATE, .field_size = 4,
		  .form = MF_FORM_SIGNED},
		 1,
		 8,
		 NULL},
		{{IT = "number", .site = MF_SITE_OFFSET, .field_size = 8, .form = MF_FORM_SIGNED},
		 8,
		 2,
		 NULL},
		{{IT = "number", .site = MF_SITE_OFFSET, .field_size = 4, .form = MF_FORM_UNSIGNED},
		 0,
		 0,
		 "Field 'number' of tracepoint c:event has a sign on this kernel"},
		{{IT = "wide", .site = MF_SITE_OFFSET, .field_size = 4, .form = MF_FORM_UNSIGNED},
		 0,
		 0,
		 "Field 'wide' of tracepoint c:event has 8 bytes on this kernel, and the"},
		{{IT = "wide", .site = MF_SITE_IMMEDIATE, .field_size = 4,
		  .form = MF_FORM_UNSIGNED},
		 1,
		 16,
		 NULL},
		{{IT = "number", .site = MF_SITE_IMMEDIATE, .field_size = 8,
		  .form = MF_FORM_SIGNED},
		 0,
		 0,
		 "has 4 bytes on this kernel, and the script was built for 8."},
		{{IT = "none", .site = MF_SITE_OFFSET, .field_size = 4, .form = MF_FORM_SIGNED},
		 0,
		 0,
		 "Tracepoint c:event has no field 'none' on this kernel."},
		{{IT = "comm", .site = MF_SITE_IMMEDIATE, .field_size = 16, .form = MF_FORM_ARRAY},
		 1,
		 24,
		 NULL},
		{{IT = "comm", .site = MF_SITE_OFFSET, .field_size = 16, .form = MF_FORM_ARRAY},
		 24,
		 2,
		 NULL},
		{{IT = "comm", .site = MF_SITE_IMMEDIATE, .field_size = 8, .form = MF_FORM_ARRAY},
		 1,
		 24,
		 NULL},
		{{IT = "comm", .site = MF_SITE_IMMEDIATE, .field_size = 17, .form = MF_FORM_ARRAY},
		 0,
		 0,
		 "has 16 bytes on this kernel, and the script was built for 17."},
		{{IT = "comm", .site = MF_SITE_OFFSET, .field_size = 4, .form = MF_FORM_SIGNED},
		 0,
		 0,
		 "is an array on this kernel, and the script was built for one value."},
		{{IT = "number", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_ARRAY},
		 0,
		 0,
		 "is one value on this kernel, and the script was built for an array."},
		{{IT = "text", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_ARRAY},
		 0,
		 0,
		 "is an array of any length on this kernel, and the script was built for an"},
		{{IT = "comm", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_DYNAMIC},
		 0,
		 0,
		 "is an array on this kernel, and the script was built for an array of any"},
		/* Text is taken in either form, and the program is told which. */
		{{IT = "text", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_ARRAY,
		  .is_text = true},
		 1,
		 40,
		 NULL},
		{{IT = "text", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_ARRAY,
		  .is_text = true, .asks_form = true},
		 1,
		 1,
		 NULL},
		{{IT = "comm", .site = MF_SITE_IMMEDIATE, .field_size = 16, .form = MF_FORM_ARRAY,
		  .is_text = true, .asks_form = true},
		 1,
		 0,
		 NULL},
		{{IT = "number", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_ARRAY,
		  .is_text = true},
		 0,
		 0,
		 "is one value on this kernel, and the script was built for an array."},
		/* What is added to the offset that the field holds. */
		{{IT = "words", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_DYNAMIC,
		  .asks_base = true},
		 1,
		 48,
		 NULL},
		{{IT = "text", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_DYNAMIC,
		  .asks_base = true},
		 1,
		 0,
		 NULL},
		/* Elements, and what pointers lead to. */
		{{IT = "words", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_DYNAMIC,
		  .of = "u32"},
		 1,
		 44,
		 NULL},
		{{IT = "words", .site = MF_SITE_IMMEDIATE, .field_size = 4, .form = MF_FORM_DYNAMIC,
		  .of = "u64"},
		 0,
		 0,
		 "'words' of tracepoint c:event holds u32 on this kernel, and the script was "
		 "built for u64."},
		{{IT = "file", .site = MF_SITE_OFFSET, .field_size = 8, .form = MF_FORM_UNSIGNED,
		  .of = "struct file"},
		 48,
		 2,
		 NULL},
		{{IT = "file", .site = MF_SITE_OFFSET, .field_size = 8, .form = MF_FORM_UNSIGNED,
		  .of = "struct sock"},
		 0,
		 0,
		 "leads to struct file on this kernel, and the script was built for struct"},
		/* A number that leads nowhere is a pointer in other words. */
		{{IT = "wide", .site = MF_SITE_OFFSET, .field_size = 8, .form = MF_FORM_UNSIGNED,
		  .of = "struct sock"},
		 16,
		 2,
		 NULL},
		{{IT = "far", .site = MF_SITE_OFFSET, .field_size = 4, .form = MF_FORM_SIGNED},
		 0,
		 0,
		 "Field 'far' of tracepoint c:event is out of reach."},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct mf_fixup *fixup = &cases[i].fixup;
		const struct bpf_insn before = fixup->site == MF_SITE_SHIFT ? shift : load;
		struct tracepoint_formats formats = {0};
		struct bpf_insn insn = before;
		struct failure failure = {0};

		stand_in.sys = sys;
		tracepoint_fixup(&formats, fixup, &insn, &failure);
		if (cases[i].text) {
			CHECK(says(&failure, STATUS_KERNEL, cases[i].text));
		} else if (!CHECK(failure.status == STATUS_OK && insn.off == cases[i].off &&
				  insn.imm == cases[i].imm)) {
			fprintf(stderr, "case %zu: %d %d %s\n", i, insn.off, insn.imm,
				failure.text);
		}
		/* Numbers are loaded as wide as the kernel has them. */
		if (i == 0 || i == 3)
			CHECK(insn.code == (BPF_LDX | BPF_MEM | BPF_W));
		failure_clear(&failure);
		arena_free(&formats.arena);
	}
}

static void test_formats(void)
{
	const struct mf_fixup known = {IT = "number", .field_size = 4, .form = MF_FORM_SIGNED},
			      unknown = {.category = "c",
					 .event = "other",
					 .field = "number",
					 .field_size = 4,
					 .form = MF_FORM_SIGNED};
	struct tracepoint_formats formats = {0};
	struct bpf_insn insn = load;
	struct failure failure = {0};

	stand_in.sys = sys;
	tracepoint_fixup(&formats, &known, &insn, &failure);
	CHECK(failure.status == STATUS_OK && insn.off == 8);
	/* It is read once, and that of another event is not taken for it. */
	stand_in.sys = "/nowhere";
	insn.off = 0;
	tracepoint_fixup(&formats, &known, &insn, &failure);
	CHECK(failure.status == STATUS_OK && insn.off == 8);
	tracepoint_fixup(&formats, &unknown, &insn, &failure);
	CHECK(says(&failure, STATUS_FAILED, "tracefs is not mounted"));
	failure_clear(&failure);
	stand_in.sys = sys;
	tracepoint_fixup(&formats, &unknown, &insn, &failure);
	CHECK(says(&failure, STATUS_FAILED,
		   "Cannot read the format of tracepoint c:other: No such file or directory."));
	failure_clear(&failure);
	arena_free(&formats.arena);
}

struct scene {
	struct tester of;
	struct object_parts object;
	struct btf *kernel, *module;
	struct session_btf known, more;
	struct bpf_program program;
	struct mf_fixup fixup;
	uint32_t number, wide, pointer;
};

/* The kernel's `f(int first, long second)` gives an int, and `g()` nothing; `of_m(int first)` is a
 * module's. */
static void setup_scene(struct scene *scene)
{
	struct btf *btf = btf__new_empty(), *local = btf__new_empty();
	int number, wide;

	*scene = (struct scene){0};
	setup(&scene->of);
	number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	wide = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	btf__add_func_proto(btf, number);
	btf__add_func_param(btf, "first", number);
	btf__add_func_param(btf, "second", wide);
	btf__add_func(btf, "f", BTF_FUNC_GLOBAL, 3);
	btf__add_func_proto(btf, 0);
	btf__add_func(btf, "g", BTF_FUNC_GLOBAL, 5);
	scene->kernel = btf;
	scene->module = btf__new_empty_split(btf);
	btf__add_func_proto(scene->module, number);
	btf__add_func_param(scene->module, "first", number);
	btf__add_func(scene->module, "of_m", BTF_FUNC_GLOBAL, 7);
	scene->known = (struct session_btf){.module = "", .btf = btf};
	scene->more =
		(struct session_btf){.module = "m", .btf = scene->module, .next = &scene->known};
	scene->of.of.session.kernel_btfs = &scene->more;
	scene->of.of.session.type_view_asked = true;
	scene->number = (uint32_t)btf__add_int(local, "int", 4, BTF_INT_SIGNED);
	scene->wide = (uint32_t)btf__add_int(local, "long", 8, BTF_INT_SIGNED);
	scene->pointer = (uint32_t)btf__add_ptr(local, (int)scene->number);
	scene->object.btf = local;
	object_line(&scene->object, 0, 3, 1, "first");
	object_line(&scene->object, 4, 7, 5, "second");
	object_finish(&scene->object);
	scene->of.of.session.elf = &scene->object.elf;
	stand_in.object_types = local;
	for (uint32_t i = 0; i < 4; i++)
		stand_in.insns[i] = load;
	scene->program = (struct bpf_program){.name = "probe"};
	scene->fixup = (struct mf_fixup){
		.program = "probe", .insn = 2, .parameter = "second", .type = scene->wide};
	scene->of.of.manifest.fixups = &scene->fixup;
	scene->of.of.manifest.fixup_count = 1;
}

static int apply(struct scene *scene, enum mf_provider provider, const void *target)
{
	scene->of.of.manifest.probe_count = 0;
	add(&scene->of, provider, "fentry:it", target)->program = "probe";
	failure_clear(&scene->of.of.failure);
	return fixups_apply(&scene->of.of.session, &scene->of.of.failure);
}

static void teardown_scene(struct scene *scene)
{
	teardown(&scene->of);
	btf__free(scene->object.btf);
	btf__free(scene->module);
	btf__free(scene->kernel);
}

static const struct mf_fentry_target f = {.function = "f"}, g = {.function = "g"},
				     none = {.function = "none"},
				     of_m = {.module = "m", .function = "of_m"};

static void test_arguments(void)
{
	const struct failure *failure;
	struct scene scene;

	setup_scene(&scene);
	failure = &scene.of.of.failure;
	CHECK(apply(&scene, MF_FENTRY, &f) == STATUS_OK);
	CHECK(stand_in.insns[2].off == 8 && stand_in.insns[2].imm == 2);
	CHECK(stand_in.insns[1].off == 1 && stand_in.insns[3].off == 1);
	scene.fixup.site = MF_SITE_IMMEDIATE;
	CHECK(apply(&scene, MF_FEXIT, &f) == STATUS_OK && stand_in.insns[2].imm == 8);
	/* The result comes behind the arguments. */
	scene.fixup.parameter = NULL;
	CHECK(apply(&scene, MF_FEXIT, &f) == STATUS_OK && stand_in.insns[2].imm == 16);
	scene.fixup.site = MF_SITE_SHIFT;
	stand_in.insns[2] = shift;
	CHECK(apply(&scene, MF_FEXIT, &f) == STATUS_OK);
	CHECK(stand_in.insns[2].imm == 32 && stand_in.insns[2].off == 1);
	scene.fixup.site = MF_SITE_OFFSET;
	scene.fixup.parameter = "first";
	scene.fixup.type = scene.number;
	CHECK(apply(&scene, MF_FENTRY, &of_m) == STATUS_OK && stand_in.insns[2].off == 0);
	/* What the kernel has otherwise. */
	scene.fixup.parameter = "second";
	scene.fixup.type = scene.number;
	CHECK(apply(&scene, MF_FENTRY, &f) == STATUS_KERNEL);
	CHECK(says(failure, STATUS_KERNEL, "args.second of fentry:it has 8 bytes on this kernel"));
	CHECK(failure->line == 3 && strcmp(failure->file, "script.bt") == 0);
	CHECK(strcmp(failure->hint, "Build the script with --kernel, against a description of this "
				    "kernel.") == 0);
	scene.fixup.type = scene.pointer;
	CHECK(apply(&scene, MF_FENTRY, &f) == STATUS_KERNEL);
	CHECK(says(failure, STATUS_KERNEL, "args.second of fentry:it is "));
	scene.fixup.parameter = NULL;
	CHECK(apply(&scene, MF_FENTRY, &f) == STATUS_KERNEL);
	CHECK(says(failure, STATUS_KERNEL, "retval of fentry:it is "));
	CHECK(apply(&scene, MF_FENTRY, &g) == STATUS_KERNEL);
	CHECK(says(failure, STATUS_KERNEL, "fentry:it returns nothing on this kernel."));
	scene.fixup.parameter = "third";
	CHECK(apply(&scene, MF_FENTRY, &f) == STATUS_KERNEL);
	CHECK(says(failure, STATUS_KERNEL,
		   "fentry:it has no argument 'third' on this kernel. It "));
	CHECK(strstr(failure->text, "first") && strstr(failure->text, "second"));
	CHECK(apply(&scene, MF_FENTRY, &g) == STATUS_KERNEL);
	CHECK(says(failure, STATUS_KERNEL, "It has: none."));
	CHECK(apply(&scene, MF_FENTRY, &none) == STATUS_KERNEL);
	CHECK(says(failure, STATUS_KERNEL, "does not say what fentry:it is called with."));
	CHECK(apply(&scene, MF_KPROBE, &none) == STATUS_OBJECT && !*failure->hint);
	CHECK(says(failure, STATUS_OBJECT, "a fixup is of a program without arguments"));
	teardown_scene(&scene);
}

/* Which programs are patched, and that all or nothing of one is. */
static void test_programs(void)
{
	struct mf_fixup fixups[2];
	const struct failure *failure;
	struct scene scene;

	setup_scene(&scene);
	failure = &scene.of.of.failure;
	fixups[0] = fixups[1] = scene.fixup;
	fixups[1].insn = 3;
	scene.of.of.manifest.fixups = fixups;
	scene.of.of.manifest.fixup_count = 2;
	CHECK(apply(&scene, MF_FENTRY, &f) == STATUS_OK);
	CHECK(stand_in.insns[2].off == 8 && stand_in.insns[3].off == 8);
	stand_in.insns[2] = stand_in.insns[3] = load;
	fixups[1].insn = 4;
	CHECK(apply(&scene, MF_FENTRY, &f) == STATUS_OBJECT && stand_in.insns[2].off == 1);
	CHECK(says(failure, STATUS_OBJECT, "a fixup lies outside of its program") &&
	      failure->line == 7);
	fixups[1].insn = 3;
	fixups[0].program = "another";
	CHECK(apply(&scene, MF_FENTRY, &f) == STATUS_OK);
	CHECK(stand_in.insns[2].off == 1 && stand_in.insns[3].off == 8);
	/* A field is one of a tracepoint's. */
	stand_in.sys = sys;
	fixups[1].field = "number";
	fixups[1].category = "c";
	fixups[1].event = "event";
	fixups[1].field_size = 4;
	fixups[1].form = MF_FORM_SIGNED;
	stand_in.insns[3] = load;
	scene.of.of.manifest.probe_count = 0;
	CHECK(apply(&scene, MF_TRACEPOINT, &f) == STATUS_OK && stand_in.insns[3].off == 8);
	CHECK(stand_in.insns[3].code == (BPF_LDX | BPF_MEM | BPF_W));
	/* What is not loaded may want what it likes. */
	fixups[1].field = "none";
	scene.of.program_of[0] = NULL;
	failure_clear(&scene.of.of.failure);
	CHECK(fixups_apply(&scene.of.of.session, &scene.of.of.failure) == STATUS_OK);
	CHECK(apply(&scene, MF_TRACEPOINT, &f) == STATUS_KERNEL && failure->line == 3);
	teardown_scene(&scene);
}

int main(void)
{
	char command[64];

	stand_in_reset();
	make_format();
	test_fields();
	test_formats();
	test_arguments();
	test_programs();
	snprintf(command, sizeof(command), "rm -r %s", sys);
	CHECK(system(command) == 0);
	return check_result("fixups");
}
