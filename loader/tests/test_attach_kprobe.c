/* kprobes and kretprobes: what of the kernel's list they mean, how many functions are one link, and
 * what is said where the kernel refuses; the kernel is stood in for. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/kprobe.h"
#include "says.h"
#include "attaching.h"
#include "stand_in.h"

enum { ENTRY, EXIT, THIRD, PROBES };

/* As available_filter_functions has them; `dup` is in three files of the kernel's. */
static const char LIST[] =
	"dup\ndup\nvfs_open\nvfs_read [m]\nvfs_write\nvfs_zap [n]\nvfs_open [n]\n";

struct tester {
	struct attaching of;
	struct mf_probe probes[PROBES];
	struct mf_kprobe_target targets[PROBES];
	struct bpf_program programs[PROBES];
	struct bpf_program *program_of[PROBES];
};

static void setup(struct tester *tester)
{
	*tester = (struct tester){0};
	attaching_begin(&tester->of, LIST);
	for (uint32_t i = 0; i < PROBES; i++) {
		tester->probes[i] =
			(struct mf_probe){.index = i,
					  .program = "own",
					  .name = i == EXIT ? "kretprobe:vfs_*" : "kprobe:vfs_*",
					  .provider = i == EXIT ? MF_KRETPROBE : MF_KPROBE,
					  .target = &tester->targets[i],
					  .block = MF_NONE};
		tester->targets[i].function = "vfs_*";
		tester->programs[i] = (struct bpf_program){
			.fd = 11 + (int)i, .type = BPF_PROG_TYPE_KPROBE, .expected = 99};
		tester->program_of[i] = &tester->programs[i];
	}
	tester->of.manifest.probes = tester->probes;
	tester->of.manifest.probe_count = PROBES;
	tester->of.session.programs = tester->program_of;
	tester->of.attachments.session = &tester->of.session;
	stand_in.unreadable = EFAULT;
	stand_in.has_kprobes = true;
}

static void teardown(struct tester *tester)
{
	attaching_end(&tester->of);
}

static enum attach_result find(struct tester *tester, uint32_t probe)
{
	return attach_provider_of(&tester->probes[probe])
		->find(&tester->of.attachments, &tester->probes[probe], &tester->of.failure);
}

static enum attach_result attach(struct tester *tester, uint32_t target)
{
	const struct attach_target *which = &tester->of.attachments.targets[target];

	return which->provider->attach(&tester->of.attachments, which, &tester->of.failure);
}

static const char *name_of_cookie(const struct tester *tester, uint64_t cookie)
{
	return tester->of.session.names.names[cookie];
}

static void test_many_by_one_link(void)
{
	const struct kprobe *own;
	struct tester tester;

	setup(&tester);
	CHECK(find(&tester, ENTRY) == ATTACH_OK);
	CHECK(tester.of.attachments.target_count == 1 && tester.of.attachments.found == 4);
	CHECK(tester.programs[ENTRY].expected == BPF_TRACE_KPROBE_MULTI);
	/* The kernel takes no name twice: that of the kernel and that of module n are one. */
	own = tester.of.attachments.targets[0].own;
	CHECK(tester.of.attachments.targets[0].events == 4 && own->is_match && !own->function);
	CHECK(strcmp(own->functions[0], "vfs_open") == 0);
	CHECK(strcmp(own->functions[1], "vfs_read") == 0);
	CHECK(strcmp(own->functions[3], "vfs_zap") == 0);
	CHECK(strcmp(name_of_cookie(&tester, own->cookies[3]), "kprobe:vfs_zap") == 0);
	CHECK(attach(&tester, 0) == ATTACH_OK);
	CHECK_TEXT(&stand_in.log,
		   "kprobes of 4 vfs_open=0 vfs_read=1 vfs_write=2 vfs_zap=3, program 11\n");
	stand_in.errors[0] = ESRCH;
	stand_in.errors[1] = EPERM;
	stand_in.error_count = 2;
	CHECK(attach(&tester, 0) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "the kernel does not let one of its 4 functions"));
	CHECK(attach(&tester, 0) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_PERMISSION, "No permission"));
	teardown(&tester);
}

static void test_filter_and_alias(void)
{
	const struct kprobe *own;
	struct tester tester;

	setup(&tester);
	tester.of.options.has_probe_filter =
		CHECK(regcomp(&tester.of.options.probe_filter, "zap|alias",
			      REG_NOSUB | REG_EXTENDED) == 0);
	tester.probes[EXIT].name = "alias";
	tester.targets[EXIT].function = "vfs_w*";
	tester.targets[THIRD].function = "dup*";
	CHECK(find(&tester, ENTRY) == ATTACH_OK && tester.of.attachments.filtered == 3);
	CHECK(find(&tester, EXIT) == ATTACH_OK);
	/* All of it is kept out: no fault of the pattern. */
	CHECK(find(&tester, THIRD) == ATTACH_OK);
	CHECK(tester.of.attachments.target_count == 2 && tester.of.attachments.found == 2);
	CHECK(tester.programs[THIRD].expected == 99);
	own = tester.of.attachments.targets[1].own;
	CHECK(strcmp(name_of_cookie(&tester, own->cookies[0]), "alias") == 0);
	CHECK(attach(&tester, 1) == ATTACH_OK);
	CHECK_TEXT(&stand_in.log, "kretprobes of 1 vfs_write=1, program 12\n");
	teardown(&tester);
}

/* Without links of many, or with a module, which those cannot name. */
static void test_each_by_a_link(void)
{
	struct tester tester;

	setup(&tester);
	tester.targets[ENTRY].module = "*";
	tester.targets[EXIT].module = "n";
	tester.of.options.without = FEATURE_KPROBE_MULTI;
	CHECK(find(&tester, ENTRY) == ATTACH_OK);
	CHECK(tester.programs[ENTRY].expected == 0);
	CHECK(find(&tester, EXIT) == ATTACH_OK && find(&tester, THIRD) == ATTACH_OK);
	CHECK(tester.of.attachments.target_count == 12);
	for (uint32_t i = 0; i < tester.of.attachments.target_count; i++)
		CHECK(attach(&tester, i) == ATTACH_OK);
	CHECK_TEXT(&stand_in.log, "kprobe vfs_open+0, cookie 0, program 11\n"
				  "kprobe n:vfs_open+0, cookie 1, program 11\n"
				  "kprobe m:vfs_read+0, cookie 2, program 11\n"
				  "kprobe vfs_write+0, cookie 3, program 11\n"
				  "kprobe n:vfs_zap+0, cookie 4, program 11\n"
				  "kretprobe n:vfs_open+0, cookie 5, program 12\n"
				  "kretprobe n:vfs_zap+0, cookie 6, program 12\n"
				  "kprobe vfs_open+0, cookie 7, program 13\n"
				  "kprobe vfs_open+0, cookie 7, program 13\n"
				  "kprobe vfs_read+0, cookie 8, program 13\n"
				  "kprobe vfs_write+0, cookie 9, program 13\n"
				  "kprobe vfs_zap+0, cookie 10, program 13\n");
	CHECK(strcmp(name_of_cookie(&tester, 0), "kprobe:vmlinux:vfs_open") == 0);
	CHECK(strcmp(name_of_cookie(&tester, 2), "kprobe:m:vfs_read") == 0);
	CHECK(strcmp(name_of_cookie(&tester, 10), "kprobe:vfs_zap") == 0);
	stand_in.has_kprobes = false;
	CHECK(find(&tester, THIRD) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_KERNEL, "This kernel has no kprobes"));
	teardown(&tester);
}

static void test_lists(void)
{
	struct tester tester;

	setup(&tester);
	stand_in.unreadable = 0;
	CHECK(!kernel_has_kprobe_multi());
	stand_in.unreadable = EFAULT;
	CHECK(kernel_has_kprobe_multi());
	/* What cannot be tried is not there. */
	stand_in.no_trial = true;
	CHECK(!kernel_has_kprobe_multi());
	stand_in.no_trial = false;
	stand_in.unreadable = EPERM;
	CHECK(!kernel_has_kprobe_multi());
	tester.targets[ENTRY].function = "nothing*";
	CHECK(find(&tester, ENTRY) == ATTACH_MISSING);
	CHECK(tester.of.failure.status == STATUS_OK);
	tester.of.options.traceable_functions = "/nowhere/list";
	CHECK(find(&tester, ENTRY) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Cannot read /nowhere/list: No such file"));
	teardown(&tester);
}

static const char *near(struct tester *tester, const char *module, const char *function)
{
	tester->targets[ENTRY] = (struct mf_kprobe_target){.module = module, .function = function};
	return attach_kprobe.near(&tester->of.attachments, &tester->probes[ENTRY]);
}

static void test_near(void)
{
	const char *name;
	struct tester tester;

	setup(&tester);
	name = near(&tester, NULL, "vfs_raed");
	CHECK(name && strcmp(name, "vfs_read") == 0);
	name = near(&tester, "n", "vfs_zip");
	CHECK(name && strcmp(name, "vfs_zap") == 0);
	CHECK(!near(&tester, "n", "vfs_raed"));
	/* What is there is not meant by itself, nor what is no function. */
	CHECK(!near(&tester, NULL, "vfs_write") && !near(&tester, NULL, NULL));
	CHECK(!near(&tester, NULL, "quite_another"));
	teardown(&tester);
}

static void single(struct tester *tester, const struct mf_kprobe_target *target)
{
	tester->targets[ENTRY] = *target;
	tester->probes[ENTRY].name = "kprobe:it";
	tester->of.attachments.target_count = 0;
}

static void test_single(void)
{
	struct tester tester;

	setup(&tester);
	single(&tester, &(struct mf_kprobe_target){.function = "f", .offset = 6});
	CHECK(find(&tester, ENTRY) == ATTACH_OK && attach(&tester, 0) == ATTACH_OK);
	single(&tester, &(struct mf_kprobe_target){.module = "vmlinux", .function = "f"});
	CHECK(find(&tester, ENTRY) == ATTACH_OK && attach(&tester, 0) == ATTACH_OK);
	CHECK_TEXT(&stand_in.log, "kprobe f+6, cookie 0, program 11\n"
				  "kprobe f+0, cookie 0, program 11\n");
	CHECK(tester.programs[ENTRY].expected == 99);
	single(&tester, &(struct mf_kprobe_target){.module = "no such module", .function = "f"});
	CHECK(find(&tester, ENTRY) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "specified module no such module in probe kprobe:it is not loaded."));
	stand_in.has_kprobes = false;
	single(&tester, &(struct mf_kprobe_target){.function = "f"});
	for (uint32_t i = 0; i < 2; i++) {
		/* Nor is there a tracefs that could tell of them. */
		stand_in.sys = i ? "/nowhere" : NULL;
		CHECK(find(&tester, ENTRY) == ATTACH_MISSING);
		CHECK(says(&tester.of.failure, STATUS_KERNEL, "CONFIG_KPROBE_EVENTS"));
	}
	teardown(&tester);
}

static void test_address(void)
{
	const struct mf_kprobe_target by_parameter = {.function = "0x10"};
	struct tester tester;

	setup(&tester);
	single(&tester, &(struct mf_kprobe_target){.address = "4096"});
	CHECK(find(&tester, ENTRY) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "kprobe:it is at an address, which needs"));
	tester.of.options.unsafe = true;
	CHECK(find(&tester, ENTRY) == ATTACH_OK && attach(&tester, 0) == ATTACH_OK);
	single(&tester, &by_parameter);
	CHECK(find(&tester, ENTRY) == ATTACH_OK && attach(&tester, 0) == ATTACH_OK);
	CHECK_TEXT(&stand_in.log, "kprobe ?+4096, cookie 0, program 11\n"
				  "kprobe ?+16, cookie 0, program 11\n");
	single(&tester, &(struct mf_kprobe_target){.function = "12x"});
	CHECK(find(&tester, ENTRY) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "kprobe:it is no address of a kprobe."));
	single(&tester, &(struct mf_kprobe_target){.function = "99999999999999999999"});
	CHECK(find(&tester, ENTRY) == ATTACH_FAILED);
	tester.targets[EXIT] = by_parameter;
	CHECK(find(&tester, EXIT) == ATTACH_FAILED);
	single(&tester, &(struct mf_kprobe_target){.module = "vmlinux", .function = "0x10"});
	CHECK(find(&tester, ENTRY) == ATTACH_FAILED);
	teardown(&tester);
}

static void test_explanations(void)
{
	static const struct {
		struct kprobe own;
		int error, status;
		enum attach_result result;
		const char *text;
	} cases[] = {
		{{.function = "f"}, EILSEQ, STATUS_FAILED, ATTACH_MISSING, "no instruction begins"},
		{{.function = "f"},
		 EADDRNOTAVAIL,
		 STATUS_FAILED,
		 ATTACH_MISSING,
		 "kprobe f: several functions have that name."},
		{{.offset = 8}, EADDRNOTAVAIL, STATUS_FAILED, ATTACH_MISSING, "Cannot assign"},
		{{.function = "f"},
		 ENOENT,
		 STATUS_FAILED,
		 ATTACH_MISSING,
		 "No matches for kprobe f. It is not traceable"},
		{{.offset = 8}, ENOENT, STATUS_FAILED, ATTACH_MISSING, "No such file"},
		{{.function = "f"},
		 EINVAL,
		 STATUS_FAILED,
		 ATTACH_MISSING,
		 "Cannot attach kprobe:it: it is not traceable"},
		{{.function = "f"}, EPERM, STATUS_PERMISSION, ATTACH_FAILED, "No permission"},
		/* One of many is left out, but not for want of permission. */
		{{.function = "f", .is_match = true}, ENOENT, 0, ATTACH_LEFT_OUT, ""},
		{{.function = "f", .is_match = true}, EINVAL, 0, ATTACH_LEFT_OUT, ""},
		{{.function = "f", .is_match = true}, EADDRNOTAVAIL, 0, ATTACH_LEFT_OUT, ""},
		{{.function = "f", .is_match = true},
		 EPERM,
		 STATUS_PERMISSION,
		 ATTACH_FAILED,
		 "No permission"},
	};
	struct kprobe of_module = {.module = "m", .function = "f"};
	struct attach_target target;
	struct tester tester;

	setup(&tester);
	single(&tester, &(struct mf_kprobe_target){.function = "f"});
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kprobe own = cases[i].own;

		target = (struct attach_target){.probe = &tester.probes[ENTRY], .own = &own};
		failure_clear(&tester.of.failure);
		stand_in.errors[0] = cases[i].error;
		stand_in.error_count = 1;
		CHECK(attach_kprobe.attach(&tester.of.attachments, &target, &tester.of.failure) ==
		      cases[i].result);
		CHECK(says(&tester.of.failure, cases[i].status, cases[i].text));
	}
	strbuf_clear(&stand_in.log);
	/* Linux 6.6 finds no function of a module by both names. */
	target.own = &of_module;
	stand_in.errors[0] = ENOENT;
	stand_in.error_count = 1;
	CHECK(attach_kprobe.attach(&tester.of.attachments, &target, &tester.of.failure) ==
	      ATTACH_OK);
	stand_in.errors[0] = EPERM;
	stand_in.error_count = 1;
	CHECK(attach_kprobe.attach(&tester.of.attachments, &target, &tester.of.failure) ==
	      ATTACH_FAILED);
	CHECK_TEXT(&stand_in.log, "kprobe m:f+0, cookie 0, program 11: ENOENT\n"
				  "kprobe f+0, cookie 0, program 11\n"
				  "kprobe m:f+0, cookie 0, program 11: EPERM\n");
	teardown(&tester);
}

static void test_aligned(void)
{
	const struct kprobe *own;
	struct tester tester;

	setup(&tester);
	tester.targets[ENTRY].function = "vfs_write";
	tester.targets[EXIT].function = "dup";
	CHECK(find(&tester, ENTRY) == ATTACH_OK && find(&tester, EXIT) == ATTACH_OK &&
	      find(&tester, THIRD) == ATTACH_OK);
	tester.of.attachments.targets[0].cookie = 77;
	kprobes_align(&tester.of.attachments);
	/* The pattern has the first, too: both are of one kind. The second is in no pattern. */
	own = tester.of.attachments.targets[0].own;
	CHECK(own->functions && strcmp(own->functions[0], "vfs_write") == 0 && !own->function);
	CHECK(tester.of.attachments.targets[0].events == 1 && own->cookies[0] == 77);
	CHECK(tester.programs[ENTRY].expected == BPF_TRACE_KPROBE_MULTI);
	own = tester.of.attachments.targets[1].own;
	CHECK(!own->functions && tester.programs[EXIT].expected == 99);
	/* An offset is none of a link of many's. */
	tester.of.attachments.target_count = 0;
	tester.targets[ENTRY].offset = 4;
	CHECK(find(&tester, ENTRY) == ATTACH_OK && find(&tester, THIRD) == ATTACH_OK);
	kprobes_align(&tester.of.attachments);
	own = tester.of.attachments.targets[0].own;
	CHECK(!own->functions && strcmp(own->function, "vfs_write") == 0);
	teardown(&tester);
}

/* The kernel's types, with the function that programs of pairs ask. */
static void give_types(struct tester *tester, struct session_btf *known)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "bool", 1, BTF_INT_BOOL);
	int prototype = btf__add_func_proto(btf, number);

	CHECK(btf__add_func(btf, "bpf_session_is_return", BTF_FUNC_GLOBAL, prototype) == 3);
	*known = (struct session_btf){.module = "", .btf = btf};
	tester->of.session.kernel_btfs = known;
	tester->of.session.type_view_asked = true;
}

static struct mf_kprobe_pair both_ends = {
	.program = "both", .entry = ENTRY, .exit = EXIT, .insn = 2};

static void setup_pair(struct tester *tester, struct session_btf *known,
		       struct bpf_program *program)
{
	setup(tester);
	give_types(tester, known);
	*program = (struct bpf_program){.fd = 21, .type = BPF_PROG_TYPE_KPROBE};
	stand_in.name = "both";
	stand_in.named = program;
	tester->of.manifest.kprobe_pairs = &both_ends;
	tester->of.manifest.kprobe_pair_count = 1;
}

static void teardown_pair(struct tester *tester, struct session_btf *known)
{
	btf__free(known->btf);
	teardown(tester);
}

static int settle(struct tester *tester)
{
	return attach_kprobe.settle(&tester->of.attachments, &tester->of.failure);
}

static void test_pair_of_patterns(void)
{
	struct bpf_program program;
	struct session_btf known;
	struct tester tester;

	setup_pair(&tester, &known, &program);
	CHECK(kprobe_pair_fits(&tester.of.session, &tester.probes[ENTRY]));
	tester.targets[ENTRY].function = tester.targets[EXIT].function = "vfs_w*";
	CHECK(find(&tester, EXIT) == ATTACH_OK && find(&tester, ENTRY) == ATTACH_OK);
	CHECK(settle(&tester) == STATUS_OK);
	CHECK(program.expected == 56 && tester.of.session.more_programs->program == &program);
	CHECK(!tester.program_of[ENTRY] && !tester.program_of[EXIT] && tester.program_of[THIRD]);
	CHECK(stand_in.insns[2].code == (BPF_JMP | BPF_CALL) && stand_in.insns[2].imm == 3 &&
	      stand_in.insns[2].src_reg == BPF_PSEUDO_KFUNC_CALL && !stand_in.insns[1].code);
	CHECK(attach(&tester, 0) == ATTACH_LEFT_OUT);
	CHECK(attach(&tester, 1) == ATTACH_OK);
	stand_in.errors[0] = ESRCH;
	stand_in.error_count = 1;
	CHECK(attach(&tester, 1) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED,
		   "does not let one of its functions be traced."));
	/* The name at the return stands in the upper half. */
	CHECK_TEXT(&stand_in.log, "type 56 vfs_write=1, program 21\n"
				  "type 56 vfs_write=1, program 21: ESRCH\n");
	CHECK(strcmp(name_of_cookie(&tester, 0), "kretprobe:vfs_write") == 0);
	teardown_pair(&tester, &known);
}

/* Where ftrace does not know the function, each end has a kprobe of its own. */
static void test_pair_of_functions(void)
{
	struct bpf_program program;
	struct session_btf known;
	struct tester tester;

	setup_pair(&tester, &known, &program);
	tester.targets[ENTRY].function = tester.targets[EXIT].function = "f";
	CHECK(find(&tester, ENTRY) == ATTACH_OK && find(&tester, EXIT) == ATTACH_OK);
	tester.of.attachments.targets[0].cookie = 5;
	tester.of.attachments.targets[1].cookie = 6;
	CHECK(settle(&tester) == STATUS_OK);
	CHECK(tester.program_of[ENTRY] && tester.program_of[EXIT]);
	CHECK(attach(&tester, 0) == ATTACH_OK && tester.of.attachments.attached == 0);
	stand_in.errors[0] = ESRCH;
	stand_in.error_count = 1;
	CHECK(attach(&tester, 0) == ATTACH_OK && tester.of.attachments.attached == 1);
	CHECK_TEXT(&stand_in.log, "type 56 f=600000005, program 21\n"
				  "type 56 f=600000005, program 21: ESRCH\n"
				  "kretprobe f+0, cookie 6, program 12\n"
				  "kprobe f+0, cookie 5, program 11\n");
	/* Then nothing is said of the first try, but of what failed behind it. */
	stand_in.errors[0] = ESRCH;
	stand_in.errors[1] = ENOENT;
	stand_in.error_count = 2;
	CHECK(attach(&tester, 0) == ATTACH_MISSING && tester.of.attachments.attached == 1);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "No matches for kretprobe f."));
	stand_in.errors[0] = EPERM;
	stand_in.error_count = 1;
	strbuf_clear(&stand_in.log);
	CHECK(attach(&tester, 0) == ATTACH_FAILED);
	CHECK_TEXT(&stand_in.log, "type 56 f=600000005, program 21: EPERM\n");
	teardown_pair(&tester, &known);
}

/* Of each that is other than the compiler saw, or that the kernel has not, two programs remain. */
static void test_no_pair(void)
{
	static const struct {
		struct mf_kprobe_target entry, exit;
		uint32_t without;
		int unreadable;
	} cases[] = {
		{{.function = "f"}, {.function = "f"}, 0, 0},
		{{.function = "f"}, {.function = "f"}, FEATURE_KPROBE_SESSION, EFAULT},
		{{.function = "f"}, {.function = "f"}, FEATURE_KPROBE_MULTI, EFAULT},
		{{.function = "f"}, {.function = "g"}, 0, EFAULT},
		{{.function = "f", .offset = 2}, {.function = "f"}, 0, EFAULT},
		{{.function = "vfs_*"}, {.function = "vfs_w*"}, 0, EFAULT},
		{{.function = "vfs_w*"}, {.function = "vfs_z*"}, 0, EFAULT},
		{{.function = "f"}, {.function = "vfs_w*"}, 0, EFAULT},
		{{.function = "vfs_w*"}, {.function = "f"}, 0, EFAULT},
		{{.module = "n", .function = "*ap"}, {.function = "f"}, 0, EFAULT},
		{{.function = "f"}, {.module = "n", .function = "*ap"}, 0, EFAULT},
		{{.module = "*", .function = "vfs_o*"}, {.function = "f"}, 0, EFAULT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bpf_program program;
		struct session_btf known;
		struct tester tester;

		setup_pair(&tester, &known, &program);
		tester.targets[ENTRY] = cases[i].entry;
		tester.targets[EXIT] = cases[i].exit;
		CHECK(find(&tester, ENTRY) == ATTACH_OK && find(&tester, EXIT) == ATTACH_OK);
		tester.of.options.without = cases[i].without;
		stand_in.unreadable = cases[i].unreadable;
		CHECK(settle(&tester) == STATUS_OK);
		CHECK(!tester.of.session.more_programs && program.expected == 0);
		CHECK(tester.program_of[ENTRY] && tester.program_of[EXIT]);
		CHECK(!((const struct kprobe *)tester.of.attachments.targets[0].own)->pair);
		teardown_pair(&tester, &known);
	}
}

static void test_damaged_pair(void)
{
	struct bpf_program program;
	struct session_btf known;
	struct tester tester;

	setup_pair(&tester, &known, &program);
	tester.targets[ENTRY].function = tester.targets[EXIT].function = "f";
	CHECK(find(&tester, ENTRY) == ATTACH_OK && find(&tester, EXIT) == ATTACH_OK);
	/* The instruction behind the last. */
	both_ends.insn = 4;
	CHECK(settle(&tester) == STATUS_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "Cannot patch program both."));
	both_ends.insn = 3;
	failure_clear(&tester.of.failure);
	CHECK(settle(&tester) == STATUS_OK && stand_in.insns[3].imm == 3);
	both_ends.insn = 2;
	/* A manifest that names no program, or one of another type. */
	program.type = BPF_PROG_TYPE_PERF_EVENT;
	CHECK(!attach_kprobe.fits(&tester.of.session, &tester.probes[ENTRY],
				  &tester.programs[ENTRY]));
	CHECK(attach_kprobe.fits(&tester.of.session, &tester.probes[THIRD],
				 &tester.programs[THIRD]));
	stand_in.name = NULL;
	CHECK(!kprobe_pair_fits(&tester.of.session, &tester.probes[ENTRY]));
	program.type = BPF_PROG_TYPE_KPROBE;
	stand_in.name = "both";
	CHECK(attach_kprobe.fits(&tester.of.session, &tester.probes[ENTRY],
				 &tester.programs[ENTRY]));
	tester.programs[THIRD].type = BPF_PROG_TYPE_PERF_EVENT;
	CHECK(!attach_kprobe.fits(&tester.of.session, &tester.probes[THIRD],
				  &tester.programs[THIRD]));
	teardown_pair(&tester, &known);
}

int main(void)
{
	test_many_by_one_link();
	test_filter_and_alias();
	test_each_by_a_link();
	test_lists();
	test_near();
	test_single();
	test_address();
	test_explanations();
	test_aligned();
	test_pair_of_patterns();
	test_pair_of_functions();
	test_no_pair();
	test_damaged_pair();
	return check_result("attach_kprobe");
}
