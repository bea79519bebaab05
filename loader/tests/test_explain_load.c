/* Why libbpf or the kernel refused a script: what is said of each of their messages, with which
 * status, place and hint; object, kernel and libbpf are stood in for. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "attaching_files.h"
#include "host/syscall_filter.h"
#include "object_parts.h"
#include "session/explain_load.h"
#include "stand_in.h"

/* Whether a filter of the host may have refused it. */
static bool is_filtered;

bool syscall_filter_is_there(void)
{
	return is_filtered;
}

struct scene {
	struct tester of;
	struct object_parts object;
	struct session_btf known;
	struct btf *kernel;
	uint32_t task;
};

static struct bpf_program program;
static struct mf_probe probe = {.program = "probe", .name = "kprobe:f", .line = 2};
static struct bpf_map maps[] = {
	{.name = "counts", .fd = 31, .type = BPF_MAP_TYPE_HASH, .key_size = 8, .most = 4096},
	{.name = "threads", .fd = 32, .type = BPF_MAP_TYPE_TASK_STORAGE, .key_size = 4},
};
static const struct mf_store store = {.map = "counts"};
static struct mf_map counts = {.name = "@n", .stores = &store, .store_count = 1};

static void setup_scene(struct scene *scene)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);

	*scene = (struct scene){0};
	setup(&scene->of);
	program = (struct bpf_program){.name = "probe",
				       .type = BPF_PROG_TYPE_KPROBE,
				       .is_loaded = true,
				       .insn_count = PARTS_INSNS,
				       .insns = scene->object.insns};
	scene->object.btf = btf;
	scene->task = (uint32_t)btf__add_struct(btf, "task", 4);
	btf__add_field(btf, "a", number, 0, 0);
	object_line(&scene->object, 0, 3, 1, "first");
	object_line(&scene->object, 4, 7, 5, "second");
	object_line(&scene->object, 12, 9, 1, "shared");
	object_core(&scene->object, 5, scene->task, "0:0", 0);
	scene->object.insns[2] = (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = 176};
	object_finish(&scene->object);
	scene->kernel = btf__new_empty();
	scene->known = (struct session_btf){.module = "", .btf = scene->kernel};
	scene->of.of.session.elf = &scene->object.elf;
	scene->of.of.session.kernel_btfs = &scene->known;
	scene->of.of.session.type_view_asked = true;
	scene->of.of.manifest.script = "script.bt";
	scene->of.of.manifest.kernel_release = "6.12";
	scene->of.of.manifest.features = NULL;
	scene->of.of.manifest.feature_count = 0;
	scene->of.of.manifest.maps = &counts;
	scene->of.of.manifest.map_count = 1;
	scene->of.probes[0] = probe;
	scene->of.program_of[0] = &program;
	scene->of.of.manifest.probe_count = 1;
	/* Who has all capabilities is told something else. */
	stand_in.is_nobody = true;
	stand_in.programs = &program;
	stand_in.program_count = 1;
	stand_in.maps = maps;
	stand_in.map_count = 2;
	stand_in.object_types = btf;
}

static void teardown_scene(struct scene *scene)
{
	teardown(&scene->of);
	btf__free(scene->object.btf);
	btf__free(scene->kernel);
}

static void explain(struct scene *scene, const char *said, int error)
{
	struct libbpf_log log = {.text = (char *)said};

	failure_clear(&scene->of.of.failure);
	explain_load(&scene->of.of.session, &log, error, &scene->of.of.failure);
}

/* As libbpf frames what the verifier says. */
#define LOG(words)                                                          \
	"libbpf: prog 'probe': BPF program load failed: Invalid argument\n" \
	"libbpf: prog 'probe': -- BEGIN PROG LOAD LOG --\n" words           \
	"\nprocessed 5 insns (limit 1000000)\n-- END PROG LOAD LOG --\n"    \
	"libbpf: prog 'probe': failed to load: -22\n"

#define VERIFIER_HINT "-v shows the verifier's log."
#define TOO_COMPLEX "Loops with fewer rounds, or fewer conditions in them,"

static void test_messages(void)
{
	static const struct {
		const char *said;
		int error, status;
		const char *text, *hint;
		/* Of the script; 0: no place. */
		uint32_t line;
	} cases[] = {
		{"", EMFILE, STATUS_FAILED, "There are no file descriptors left", "`ulimit -n`", 0},
		{"", ENFILE, STATUS_FAILED, "There are no file descriptors left", "`ulimit -n`", 0},
		{"libbpf: map 'x': is referenced but wasn't created\n", EINVAL, STATUS_FAILED,
		 "There are no file descriptors left", "`ulimit -n`", 0},
		{"libbpf: map 'counts': failed to create: Cannot allocate memory(-12)\n", ENOMEM,
		 STATUS_FAILED, "The map @n is too large: the kernel has no memory for 4096 keys.",
		 "max_map_keys, or `let @n = hash(KEYS);`, says how many", 0},
		{"libbpf: map 'counts': failed to create: Argument list too long(-7)\n", E2BIG,
		 STATUS_FAILED, "The map @n is too large: the kernel has no memory for 4096 keys.",
		 "max_map_keys", 0},
		{"libbpf: map 'counts': failed to create: Invalid argument(-22)\n", EINVAL,
		 STATUS_FAILED, "The kernel refused the script's programs: Invalid argument.", "",
		 0},
		{"libbpf: map 'other': failed to create: Cannot allocate memory(-12)\n", ENOMEM,
		 STATUS_FAILED, "The kernel refused the script's programs: Cannot allocate", "", 0},
		{"libbpf: map 'threads': failed to create: Invalid argument(-22)\n", EINVAL,
		 STATUS_KERNEL, "has no maps of type task_storage, which the script needs.", "", 0},
		{"libbpf: map 'threads': failed to create: no\n", EPERM, STATUS_PERMISSION,
		 "No permission to load programs: Operation not permitted. It needs CAP_BPF and",
		 "", 0},
		{"libbpf: failed to find the address for kernel symbol 'runqueues'.\n", ENOENT,
		 STATUS_KERNEL, "does not tell where its variable runqueues is: percpu_kaddr()", "",
		 0},
		{"libbpf: extern (var ksym) 'runqueues': not found in kernel BTF\n", ESRCH,
		 STATUS_KERNEL, "has none: \"runqueues\" cannot be found.", "", 0},
		{"libbpf: prog 'probe': failed to resolve CO-RE relocation <byte_off> [2] struct "
		 "task.a (0:0 @ offset 0)\n",
		 EINVAL, STATUS_KERNEL,
		 "This kernel has no struct task.a, which the script uses. It was built for Linux "
		 "6.12.",
		 "Behind a parameter, as in `if ($1) { ... }`", 7},
		{"libbpf: failed to resolve CO-RE relocation <enumval_value> [2] enum e::A = 1\n",
		 EINVAL, STATUS_KERNEL, "This kernel has no enum e::A, which the script uses.",
		 "Behind a parameter", 0},
		{LOG("5: (61) r1 = *(u32 *)(r1 +0)\nR1 invalid mem access 'scalar'"), EACCES,
		 STATUS_FAILED,
		 "This kernel's verifier refuses the script: R1 invalid mem access 'scalar'",
		 VERIFIER_HINT, 7},
		{LOG("3: (61) r1 = *(u32 *)(r1 +0)\nBPF program is too large. Processed 1000001 "
		     "insn"),
		 E2BIG, STATUS_FAILED,
		 "The script takes this kernel's verifier too many steps: BPF program is too large",
		 TOO_COMPLEX, 3},
		{LOG("3: (61) r1 = r1\nThe sequence of 8193 jumps is too complex."), E2BIG,
		 STATUS_FAILED, "The script takes this kernel's verifier too many steps: The seq",
		 TOO_COMPLEX, 3},
		{LOG("3: (05) goto pc-1\ninfinite loop detected at insn 3"), EINVAL, STATUS_FAILED,
		 "This kernel's verifier sees no end of a loop: infinite loop", TOO_COMPLEX, 3},
		{LOG("back-edge from insn 5 to 2"), EINVAL, STATUS_FAILED,
		 "This kernel takes no loops: back-edge from insn", "Linux 5.3 brings them.", 7},
		{LOG("The total number of maps per program has reached the limit of 64"), E2BIG,
		 STATUS_FAILED, "A block uses more maps than this kernel lets a program",
		 "One map whose key says what is counted", 2},
		{LOG("The function f arg0 type STRUCT is unsupported."), EINVAL, STATUS_KERNEL,
		 "This kernel attaches no programs to functions with structs for arguments",
		 "Linux 6.1 brings that; a kprobe may do instead.", 2},
		{LOG("combined stack size of 2 calls is 544. Too large"), EACCES, STATUS_FAILED,
		 "The script needs more stack than this kernel gives a program",
		 "Functions that call each other share 512 bytes", 2},
		{"", EPERM, STATUS_PERMISSION,
		 "No permission to load programs: Operation not permitted. It needs CAP_BPF and "
		 "CAP_PERFMON.",
		 "", 0},
		{"", EACCES, STATUS_PERMISSION, "No permission to load programs: Permission", "",
		 0},
		/* libbpf says so of damaged types, too. */
		{"libbpf: prog 'probe': failed to relocate\n", EPERM, STATUS_FAILED,
		 "The kernel refused the script's programs: Operation not permitted.", "", 0},
		{"libbpf: something\n", EINVAL, STATUS_FAILED,
		 "The kernel refused the script's programs: Invalid argument.", "", 0},
		{"", E2BIG, STATUS_FAILED, "The kernel refused the script's programs: Argument", "",
		 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct failure *failure;
		struct scene scene;

		setup_scene(&scene);
		failure = &scene.of.of.failure;
		stand_in.lacks_maps = 1ull << BPF_MAP_TYPE_TASK_STORAGE;
		explain(&scene, cases[i].said, cases[i].error);
		if (!CHECK(says(failure, cases[i].status, cases[i].text)) ||
		    !CHECK(strncmp(failure->hint, cases[i].hint, strlen(cases[i].hint)) == 0) ||
		    !CHECK(*cases[i].hint || !*failure->hint) ||
		    !CHECK(failure->line == cases[i].line))
			fprintf(stderr, "case %zu: %s, line %u\n", i, failure->hint, failure->line);
		teardown_scene(&scene);
	}
}

/* The last lines are shown where nothing better is known. */
static void test_last_lines(void)
{
	struct scene scene;

	setup_scene(&scene);
	explain(&scene, "libbpf: one\nlibbpf: failed to load object 'script'\nlibbpf: two\n",
		EINVAL);
	CHECK(says(&scene.of.of.failure, STATUS_FAILED, "The kernel refused"));
	CHECK(strstr(scene.of.of.failure.details, "  libbpf: one\n") &&
	      strstr(scene.of.of.failure.details, "  libbpf: two\n") &&
	      !strstr(scene.of.of.failure.details, "load object"));
	teardown_scene(&scene);
}

static void test_variables(void)
{
	struct scene scene;

	setup_scene(&scene);
	btf__add_datasec(scene.kernel, ".data..percpu", 8);
	explain(&scene, "libbpf: extern (var ksym) 'runqueues': not found in kernel BTF\n", ESRCH);
	CHECK(says(
		&scene.of.of.failure, STATUS_FAILED,
		"Could not resolve variable \"runqueues\" from BTF: this kernel has no per-CPU"));
	teardown_scene(&scene);
}

/* A kernel that has the type says something else of a map. */
static void test_map_types(void)
{
	static const char said[] = "libbpf: map 'threads': failed to create: Invalid argument\n";
	struct scene scene;

	setup_scene(&scene);
	explain(&scene, said, EINVAL);
	CHECK(says(&scene.of.of.failure, STATUS_FAILED,
		   "The kernel refused the script's programs"));
	stand_in.lacks_maps = 1ull << BPF_MAP_TYPE_TASK_STORAGE;
	stand_in.release = "5.4.0-test";
	explain(&scene, said, EINVAL);
	CHECK(says(&scene.of.of.failure, STATUS_KERNEL, "This kernel (5.4.0-test) has no maps of"));
	stand_in.map_count = 0;
	explain(&scene, said, EINVAL);
	CHECK(says(&scene.of.of.failure, STATUS_FAILED,
		   "The kernel refused the script's programs"));
	teardown_scene(&scene);
}

static void test_trampolines(void)
{
	static const struct {
		int type, expected;
		bool is_trampoline;
	} cases[] = {
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, true},
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, true},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_TRACE_FEXIT, true},
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, false},
		{BPF_PROG_TYPE_KPROBE, BPF_TRACE_FENTRY, false},
	};

	for (size_t round = 0; round < 2 * sizeof(cases) / sizeof(*cases); round++) {
		const char *said = "lockdown=integrity forbids them";
		struct scene scene;
		size_t i = round / 2;

		is_filtered = round % 2;
		setup_scene(&scene);
		program.type = cases[i].type;
		program.expected = cases[i].expected;
		explain(&scene, "", EPERM);
		CHECK(says(&scene.of.of.failure, STATUS_PERMISSION, "No permission to load"));
		CHECK(!strstr(scene.of.of.failure.text, said) ==
		      !(cases[i].is_trampoline && !is_filtered));
		/* What else it may be is told as such. */
		explain(&scene, "", EACCES);
		CHECK(!strstr(scene.of.of.failure.text, said));
		scene.of.program_of[0] = NULL;
		explain(&scene, "", EPERM);
		CHECK(!strstr(scene.of.of.failure.text, said));
		teardown_scene(&scene);
	}
}

/* Kernels look at no program of more than a million instructions. */
static void test_size(void)
{
	struct scene scene;

	setup_scene(&scene);
	program.insn_count = 1000001;
	explain(&scene, "", E2BIG);
	CHECK(says(&scene.of.of.failure, STATUS_FAILED,
		   "Program probe has 1000001 instructions; kernels take at most 1000000."));
	explain(&scene, "", EINVAL);
	CHECK(says(&scene.of.of.failure, STATUS_FAILED,
		   "The kernel refused the script's programs"));
	program.insn_count = 1000000;
	explain(&scene, "", E2BIG);
	CHECK(says(&scene.of.of.failure, STATUS_FAILED,
		   "The kernel refused the script's programs"));
	program.insn_count++;
	program.is_loaded = false;
	explain(&scene, "", E2BIG);
	CHECK(says(&scene.of.of.failure, STATUS_FAILED,
		   "The kernel refused the script's programs"));
	teardown_scene(&scene);
}

/* An answer that the kernel does not have, which the program would have called for. */
static void test_missing_answers(void)
{
	static const struct mf_lookup lookups[] = {
		{.kind = MF_LOOKUP_KERNEL_SYMBOL, .name = "first"},
		{.kind = MF_LOOKUP_KERNEL_SYMBOL, .name = "second"},
	};
	char said[512];

	for (uint32_t i = 0; i < 4; i++) {
		struct scene scene;
		unsigned call = MF_MISSING_CALL + i - 1;

		setup_scene(&scene);
		scene.of.of.manifest.lookups = lookups;
		scene.of.of.manifest.lookup_count = 2;
		snprintf(said, sizeof(said),
			 LOG("5: (85) call unknown#%u\ninvalid func unknown#%u"), call, call);
		explain(&scene, said, EINVAL);
		if (i == 1 || i == 2) {
			CHECK(strstr(scene.of.of.failure.text, i == 1 ? "first" : "second"));
			CHECK(strncmp(scene.of.of.failure.hint, "Behind a parameter", 18) == 0);
		} else {
			CHECK(says(&scene.of.of.failure, STATUS_FAILED,
				   "This kernel's verifier refuses the script: invalid func"));
			CHECK(strcmp(scene.of.of.failure.hint, VERIFIER_HINT) == 0);
		}
		teardown_scene(&scene);
	}
}

/* A place without an expression of its own is that of its probe. */
static void test_places(void)
{
	struct scene scene;

	setup_scene(&scene);
	explain(&scene, LOG("13: (61) r1 = r1\nR1 is bad"), EINVAL);
	CHECK(scene.of.of.failure.line == 2 && strcmp(scene.of.of.failure.file, "script.bt") == 0);
	scene.of.probes[0].file = "imported.bt";
	explain(&scene, LOG("R1 is bad"), EINVAL);
	CHECK(scene.of.of.failure.line == 2 &&
	      strcmp(scene.of.of.failure.file, "imported.bt") == 0);
	scene.of.probes[0].program = "other";
	explain(&scene, LOG("R1 is bad"), EINVAL);
	CHECK(scene.of.of.failure.line == 0);
	explain(&scene, LOG("4: (61) r1 = r1\nR1 is bad"), EINVAL);
	CHECK(scene.of.of.failure.line == 7 && scene.of.of.failure.column == 5);
	teardown_scene(&scene);
}

int main(void)
{
	test_messages();
	test_last_lines();
	test_variables();
	test_map_types();
	test_trampolines();
	test_size();
	test_missing_answers();
	test_places();
	return check_result("explain_load");
}
