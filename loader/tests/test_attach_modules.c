/* fentry and fexit on functions of modules and of BPF programs, iterators that are pinned, raw
 * tracepoints of older kernels, and what is said where a program or a probe is another than the
 * script says. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "attach/copy.h"
#include "attach/iter.h"
#include "attach/tracepoint.h"
#include "attaching_files.h"
#include "base/say.h"
#include "stand_in.h"

static char sys[] = "/tmp/bpfload-sys-XXXXXX";
static char said[512];

static void keep(void *context, const char *text, size_t length)
{
	(void)context;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%.*s", (int)length, text);
}

static void make(const char *name, const void *bytes, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/kernel/btf/%s", sys, name);
	file = fopen(path, "w");
	CHECK(file && fwrite(bytes, 1, size, file) == size);
	fclose(file);
}

/* Functions of the kernel, and of the modules m and n. */
enum {
	INT = 1,
	PROTOTYPE,
	OWN,
	LONG_PROTOTYPE,
	LONG,
	SIX_PROTOTYPE,
	SIX,
	OF_M,
	BOTH_OF_M,
	BOTH_OF_N = OF_M,
	OF_N,
	OWN_OF_N
};

static struct btf *kernel;

static void make_types(void)
{
	struct btf *module;
	const void *bytes;
	uint32_t size;

	kernel = btf__new_empty();
	CHECK(btf__add_int(kernel, "long", 8, BTF_INT_SIGNED) == INT);
	CHECK(btf__add_func_proto(kernel, INT) == PROTOTYPE);
	CHECK(btf__add_func(kernel, "own", BTF_FUNC_GLOBAL, PROTOTYPE) == OWN);
	CHECK(btf__add_func_proto(kernel, INT) == LONG_PROTOTYPE);
	for (int i = 0; i < 7; i++)
		CHECK(btf__add_func_param(kernel, "argument", INT) == 0);
	CHECK(btf__add_func(kernel, "long_one", BTF_FUNC_GLOBAL, LONG_PROTOTYPE) == LONG);
	CHECK(btf__add_func_proto(kernel, INT) == SIX_PROTOTYPE);
	for (int i = 0; i < 6; i++)
		CHECK(btf__add_func_param(kernel, "argument", INT) == 0);
	CHECK(btf__add_func(kernel, "six", BTF_FUNC_GLOBAL, SIX_PROTOTYPE) == SIX);
	bytes = btf__raw_data(kernel, &size);
	make("vmlinux", bytes, size);
	module = btf__new_empty_split(kernel);
	CHECK(btf__add_func(module, "of_m", BTF_FUNC_GLOBAL, PROTOTYPE) == OF_M);
	CHECK(btf__add_func(module, "both", BTF_FUNC_GLOBAL, PROTOTYPE) == BOTH_OF_M);
	bytes = btf__raw_data(module, &size);
	make("m", bytes, size);
	btf__free(module);
	module = btf__new_empty_split(kernel);
	CHECK(btf__add_func(module, "both", BTF_FUNC_GLOBAL, PROTOTYPE) == BOTH_OF_N);
	CHECK(btf__add_func(module, "of_n", BTF_FUNC_GLOBAL, PROTOTYPE) == OF_N);
	CHECK(btf__add_func(module, "own", BTF_FUNC_GLOBAL, PROTOTYPE) == OWN_OF_N);
	bytes = btf__raw_data(module, &size);
	make("n", bytes, size);
	btf__free(module);
}

static void setup_function(struct tester *tester, const struct mf_fentry_target *target)
{
	setup(tester);
	stand_in.sys = sys;
	*said = '\0';
	add(tester, MF_FENTRY, "fentry:it", target);
	tester->programs[0] = (struct bpf_program){.fd = 11,
						   .type = BPF_PROG_TYPE_TRACING,
						   .expected = BPF_TRACE_FENTRY,
						   .section = "fentry/it"};
	tester->of.session.type_view_asked = true;
}

static void teardown_types(struct tester *tester)
{
	for (struct session_btf *btf = tester->of.session.kernel_btfs; btf; btf = btf->next)
		btf__free(btf->btf);
	tester->of.session.kernel_btfs = NULL;
	teardown(tester);
}

static void functions_of_modules(void)
{
	static const struct {
		struct mf_fentry_target target;
		/* Of the copy; NULL: it is none. */
		const char *module;
		uint32_t id;
		/* Where it is missing or wrong: what is said. */
		enum attach_result result;
		const char *text;
	} cases[] = {
		{{.function = "own"}, NULL, 0, ATTACH_OK, ""},
		/* Of a name that the kernel has, too, it is the module's where it is named. */
		{{.module = "n", .function = "own"}, "n", OWN_OF_N, ATTACH_OK, ""},
		{{.function = "of_m"}, "m", OF_M, ATTACH_OK, ""},
		{{.function = "of_n"}, "n", OF_N, ATTACH_OK, ""},
		{{.module = "m", .function = "both"}, "m", BOTH_OF_M, ATTACH_OK, ""},
		{{.module = "n", .function = "both"}, "n", BOTH_OF_N, ATTACH_OK, ""},
		{{.function = "of_x"}, NULL, 0, ATTACH_MISSING, "No matches for fentry of_x."},
		{{.module = "n", .function = "of_m"},
		 NULL,
		 0,
		 ATTACH_MISSING,
		 "No matches for fentry of_m."},
		{{.function = "both"}, NULL, 0, ATTACH_FAILED, "fentry:both is in several modules"},
		{{.module = "x", .function = "both"},
		 NULL,
		 0,
		 ATTACH_MISSING,
		 "specified module x in probe fentry:it is not loaded."},
		{{.module = "m*", .function = "both"},
		 NULL,
		 0,
		 ATTACH_FAILED,
		 "fentry:it: the module of a fentry is one name."},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tester tester;
		const struct copy *copy;

		setup_function(&tester, &cases[i].target);
		CHECK(find(&tester, 0) == cases[i].result);
		CHECK(says(&tester.of.failure,
			   cases[i].result == ATTACH_OK ? STATUS_OK : STATUS_FAILED,
			   cases[i].text));
		CHECK(tester.of.attachments.target_count == (cases[i].result == ATTACH_OK));
		if (cases[i].result == ATTACH_OK) {
			copy = tester.of.attachments.targets[0].own;
			CHECK(copy->btf_id == cases[i].id && !copy->module == !cases[i].module);
			CHECK(!copy->module || strcmp(copy->module, cases[i].module) == 0);
		}
		teardown_types(&tester);
	}
}

/* Which module each is in stands in what is said, and how to name one of them. */
static void a_name_in_two_modules(void)
{
	const struct mf_fentry_target both = {.function = "both"};
	struct tester tester;

	setup_function(&tester, &both);
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(strcmp(tester.of.failure.text,
		     "fentry:both is in several modules, as m and n. Name one of them: "
		     "fentry:m:both.") == 0 ||
	      strcmp(tester.of.failure.text,
		     "fentry:both is in several modules, as n and m. Name one of them: "
		     "fentry:n:both.") == 0);
	teardown_types(&tester);
}

static void what_libbpf_or_the_kernel_refuses(void)
{
	const struct mf_fentry_target own = {.function = "own"}, of_m = {.function = "of_m"},
				      long_one = {.function = "long_one"},
				      six = {.function = "six"};
	const struct mf_fentry_target *const without[] = {&own, &six, &long_one};
	struct tester tester;

	setup_function(&tester, &of_m);
	refuse(EPERM, 0);
	CHECK(find(&tester, 0) == ATTACH_FAILED && tester.of.attachments.target_count == 0);
	CHECK(says(&tester.of.failure, STATUS_PERMISSION, "No permission to attach fentry:it"));
	teardown_types(&tester);
	/* Without a trampoline: for want of registers, or of any. */
	for (uint32_t i = 0; i < 3; i++) {
		setup_function(&tester, without[i]);
		CHECK(find(&tester, 0) == ATTACH_OK);
		stand_in.errors[0] = 524;
		stand_in.error_count = 1;
		CHECK(attach(&tester, 0) != ATTACH_OK);
		if (i == 2)
			CHECK(says(&tester.of.failure, tester.of.failure.status,
				   "its arguments are 7 words, and trampolines of this kernel pass "
				   "on 6;"));
		else
			CHECK(says(&tester.of.failure, STATUS_KERNEL,
				   "no BPF trampolines for its processor"));
		teardown_types(&tester);
	}
}

static const struct bpf_func_info functions[] = {{.type_id = OWN}, {.type_id = LONG}};

static const struct stand_in_object programs[] = {
	{.fd = 501,
	 .id = 7,
	 .kind = BPF_PROG_TYPE_XDP,
	 .types = 1,
	 .is_compiled = true,
	 .functions = functions,
	 .function_count = 2},
	/* No functions, and no types. */
	{.fd = 502, .id = 8, .kind = BPF_PROG_TYPE_XDP, .types = 1, .is_compiled = true},
	{.fd = 503,
	 .id = 9,
	 .kind = BPF_PROG_TYPE_XDP,
	 .is_compiled = true,
	 .functions = functions,
	 .function_count = 2},
	/* Neither can be traced. */
	{.fd = 504,
	 .id = 10,
	 .kind = BPF_PROG_TYPE_EXT,
	 .types = 1,
	 .is_compiled = true,
	 .functions = functions,
	 .function_count = 2},
	{.fd = 505,
	 .id = 11,
	 .kind = BPF_PROG_TYPE_LSM,
	 .types = 1,
	 .is_compiled = true,
	 .functions = functions,
	 .function_count = 2},
};

static void setup_programs(struct tester *tester, const struct mf_fentry_target *target)
{
	setup_function(tester, target);
	stand_in.objects = programs;
	stand_in.object_count = sizeof(programs) / sizeof(*programs);
	stand_in.types = kernel;
}

static void programs_of_bpf(void)
{
	const struct mf_fentry_target any = {.program = "*", .function = "*"},
				      none = {.program = "*", .function = "none"},
				      one = {.program = "7", .function = "own"},
				      other = {.program = "77", .function = "own"};
	struct tester tester;

	setup_programs(&tester, &any);
	CHECK(find(&tester, 0) == ATTACH_OK && tester.of.attachments.target_count == 2);
	tester.of.attachments.link_count = 0;
	teardown_types(&tester);
	setup_programs(&tester, &any);
	tester.probes[0].name = "alias";
	CHECK(find(&tester, 0) == ATTACH_OK);
	CHECK(is_named(&tester, tester.of.attachments.targets[1].cookie, "alias"));
	CHECK(is_named(&tester, tester.of.attachments.targets[1].cookie >> 32, "long_one"));
	tester.of.attachments.link_count = 0;
	teardown_types(&tester);
	setup_programs(&tester, &other);
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "No matches for fentry:it. No BPF program"));
	teardown_types(&tester);
	setup_programs(&tester, &none);
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	teardown_types(&tester);
	/* Nobody may look for them: nothing is said of what there is not. */
	setup_programs(&tester, &none);
	stand_in.no_ids = EPERM;
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_PERMISSION,
		   "No permission to look for BPF programs (fentry:it): it needs CAP_SYS_ADMIN."));
	teardown_types(&tester);
	/* What libbpf refuses, and a limit, end it. */
	setup_programs(&tester, &one);
	refuse(EPERM, 0);
	CHECK(find(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_PERMISSION, "No permission to attach fentry:it"));
	tester.of.attachments.link_count = 0;
	teardown_types(&tester);
	setup_programs(&tester, &any);
	refuse(EINVAL, 0);
	CHECK(find(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Cannot attach fentry:it: Invalid"));
	CHECK(tester.of.attachments.target_count == 0);
	tester.of.attachments.link_count = 0;
	teardown_types(&tester);
	setup_programs(&tester, &any);
	tester.of.manifest.config.max_probes = 1;
	CHECK(find(&tester, 0) == ATTACH_FAILED && tester.of.attachments.target_count == 2);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "exceeds the current limit of 1 probes."));
	tester.of.attachments.link_count = 0;
	teardown_types(&tester);
}

static void iterators_with_a_place(void)
{
	static const struct mf_iter_target task = {.object = "own", .pin = "/sys/fs/bpf/it"};
	static const struct {
		int error;
		const char *text;
	} cases[] = {
		{EEXIST, "Cannot pin the iterator to /sys/fs/bpf/it: it exists. Remove it"},
		{EPERM, "Cannot pin the iterator to /sys/fs/bpf/it: the folder has to be in"},
		{ENOENT, "Cannot pin the iterator to /sys/fs/bpf/it: No such file or directory."},
	};
	struct btf *btf = btf__new_empty();
	struct session_btf known = {.module = "", .btf = btf};
	struct tester tester;

	btf__add_func_proto(btf, 0);
	btf__add_func(btf, "bpf_iter_own", BTF_FUNC_GLOBAL, 1);
	setup(&tester);
	tester.of.session.type_view_asked = true;
	tester.of.session.kernel_btfs = &known;
	add(&tester, MF_ITER, "iter:own", &task);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(find(&tester, 0) == ATTACH_OK);
		refuse(0, cases[i].error);
		CHECK(attach(&tester, (uint32_t)i) == ATTACH_FAILED);
		CHECK(says(&tester.of.failure, STATUS_FAILED, cases[i].text));
		CHECK(!attach_iterator_pin(&tester.of.attachments));
	}
	/* A link that is refused is not pinned; nor is one of a trial. */
	strbuf_clear(&stand_in.log);
	tester.of.attachments.target_count = 0;
	CHECK(find(&tester, 0) == ATTACH_OK);
	refuse(EINVAL, 0);
	CHECK(attach(&tester, 0) != ATTACH_OK && !attach_iterator(&tester.of.attachments));
	asked("iterator, program 11: EINVAL\n");
	tester.of.options.dry_run = true;
	CHECK(attach(&tester, 0) == ATTACH_OK && attach_iterator(&tester.of.attachments));
	CHECK(!attach_iterator_pin(&tester.of.attachments));
	asked("iterator, program 11\n");
	tester.of.options.dry_run = false;
	strbuf_clear(&stand_in.log);
	CHECK(attach(&tester, 0) == ATTACH_OK);
	CHECK(strcmp(attach_iterator_pin(&tester.of.attachments), "/sys/fs/bpf/it") == 0);
	CHECK(strstr(strbuf_c_text(&stand_in.log), " at /sys/fs/bpf/it\n"));
	teardown(&tester);
	btf__free(btf);
}

/* As find adds them. */
static void add_event(struct tester *tester, uint32_t probe, const char *event)
{
	const struct tracepoint own = {.event = event, .id = 5};
	const struct attach_target target = {.probe = &tester->probes[probe], .cookie = 6};

	CHECK(attach_add_target(&tester->of.attachments, &target, &own, sizeof(own),
				&tester->of.failure) == ATTACH_OK);
}

/* Kernels before 6.1 let such programs interrupt themselves; before 6.10 they have no cookies. */
static void raw_tracepoints_of_kernels(void)
{
	static const struct {
		const char *release;
		bool has_cookies, is_typed, is_raw;
	} cases[] = {{"6.0.19", false, true, false}, {"6.1.0", false, true, true},
		     {"6.9.12", false, true, true},  {"6.9.12", true, true, false},
		     {"6.10.0", true, true, true},   {"5.19.0", true, true, false},
		     {"6.10.0", false, false, false}};
	static const struct mf_tracepoint_target
		free_ = {.category = "c", .event = "*", .syscalls = MF_NONE, .context_free = true},
		calls = {.category = "c", .event = "*", .syscalls = 8, .context_free = true};
	struct btf *btf = btf__new_empty(), *none = btf__new_empty();

	btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "__data", 0);
	btf__add_ptr(btf, 1);
	CHECK(btf__add_typedef(btf, "btf_trace_one", 2) == 3);
	CHECK(btf__add_typedef(btf, "btf_trace_two", 2) == 4);
	CHECK(btf__add_typedef(btf, "btf_trace_call", 2) == 5);
	CHECK(btf__add_typedef(btf, "btf_trace_other_call", 2) == 6);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct session_btf known = {.module = "", .btf = cases[i].is_typed ? btf : none};
		struct tester tester;

		setup(&tester);
		stand_in.release = cases[i].release;
		tester.of.manifest.feature_count = cases[i].has_cookies;
		tester.of.session.kernel_btfs = &known;
		tester.of.session.type_view_asked = true;
		/* Another of its kind may stand on the same; one that is gone is none. */
		add(&tester, MF_TRACEPOINT, "tracepoint:c:*", &free_);
		add(&tester, MF_TRACEPOINT, "tracepoint:c:*", &free_);
		add(&tester, MF_TRACEPOINT, "tracepoint:c:*", &calls);
		add(&tester, MF_TRACEPOINT, "tracepoint:c:*", &free_);
		tester.program_of[3] = NULL;
		for (uint32_t probe = 0; probe < 3; probe++) {
			tester.programs[probe].type = BPF_PROG_TYPE_TRACEPOINT;
			add_event(&tester, 2 - probe, probe ? "one" : "call");
			add_event(&tester, 2 - probe, probe ? "two" : "other_call");
		}
		tracepoints_choose_raw(&tester.of.attachments);
		for (uint32_t probe = 0; probe < 2; probe++)
			CHECK((tester.programs[probe].type == BPF_PROG_TYPE_RAW_TRACEPOINT) ==
			      cases[i].is_raw);
		CHECK(tester.programs[2].type == BPF_PROG_TYPE_TRACEPOINT);
		teardown(&tester);
	}
	btf__free(none);
	btf__free(btf);
}

/* A program that is not what the manifest says would be attached to another thing. */
static void programs_that_fit(void)
{
	static const struct mf_iter_target task = {.object = "task"};
	const struct mf_fentry_target own = {.function = "own"};
	struct tester tester;

	setup_function(&tester, &own);
	add(&tester, MF_ITER, "iter:task", &task)->program = "second";
	tester.programs[1] =
		(struct bpf_program){.type = BPF_PROG_TYPE_TRACING, .expected = BPF_TRACE_ITER};
	CHECK(attach_check(&tester.of.session, &tester.of.failure) == STATUS_OK);
	tester.programs[1].expected = BPF_TRACE_FENTRY;
	CHECK(attach_check(&tester.of.session, &tester.of.failure) == STATUS_OBJECT);
	CHECK(strcmp(tester.of.failure.text, "the object's manifest is not valid: program second "
					     "is another than it says") == 0);
	failure_clear(&tester.of.failure);
	tester.programs[1] =
		(struct bpf_program){.type = BPF_PROG_TYPE_KPROBE, .expected = BPF_TRACE_ITER};
	CHECK(attach_check(&tester.of.session, &tester.of.failure) == STATUS_OBJECT);
	teardown_types(&tester);
}

/* Each is told, with its reason, as a sentence of its own. */
static void probes_that_are_skipped(void)
{
	static const char reason[] =
		"No matches for fentry none. The kernel's BTF has no such function (it is either non-existing or inlined).";
	const struct mf_fentry_target none = {.function = "none"};

	for (uint32_t i = 0; i < 3; i++) {
		struct tester tester;

		setup_function(&tester, &none);
		tester.of.manifest.script = "it.bt";
		tester.of.manifest.config.missing_probes =
			i == 0 ? MF_MISSING_PROBES_IGNORE : MF_MISSING_PROBES_WARN;
		tester.of.options.no_warnings = i == 1;
		CHECK(attach_find(&tester.of.attachments, &tester.of.session, &tester.of.failure) ==
		      STATUS_OK);
		CHECK(tester.of.attachments.left_out_count == 1 && !tester.program_of[0]);
		CHECK(strcmp(tester.of.attachments.left_out[0].reason, reason) == 0);
		if (!CHECK(i == 2 ? strstr(said, "or inlined). Skipping.") != NULL : !*said))
			fprintf(stderr, "%u: %s\n", i, said);
		teardown_types(&tester);
	}
}

int main(void)
{
	char command[64];

	say_divert(keep, NULL);
	CHECK(mkdtemp(sys));
	snprintf(command, sizeof(command), "mkdir -p %s/kernel/btf", sys);
	CHECK(system(command) == 0);
	make_types();
	functions_of_modules();
	/* A module whose types cannot be read is passed over. */
	make("damaged", "no types", 8);
	functions_of_modules();
	a_name_in_two_modules();
	what_libbpf_or_the_kernel_refuses();
	programs_of_bpf();
	iterators_with_a_place();
	raw_tracepoints_of_kernels();
	programs_that_fit();
	probes_that_are_skipped();
	btf__free(kernel);
	snprintf(command, sizeof(command), "rm -r %s", sys);
	CHECK(system(command) == 0);
	return check_result("attach_modules");
}
