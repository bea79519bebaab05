/* fentry, fexit and raw tracepoints: which functions and events of the kernel, of a module or of
 * BPF programs they mean, and for which of them a program is loaded once more. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/copy.h"
#include "says.h"
#include "attaching.h"
#include "stand_in.h"

#define PROBES 2

struct tester {
	struct attaching of;
	struct mf_probe probes[PROBES];
	struct bpf_program programs[PROBES];
	struct bpf_program *program_of[PROBES];
	struct session_btf kernel, module;
};

static const char LIST[] = "vfs_open\nvfs_read\nvfs_hidden\nmod_open [m]\n";

/* The ids of what give_types makes of the kernel. */
enum {
	INT = 1,
	PROTOTYPE,
	VFS_OPEN,
	VFS_READ,
	VFS_MANY = 6,
	EVENT = 8,
	MODULE_FUNCTION,
	MODULE_EVENT
};

static void give_types(struct tester *tester)
{
	struct btf *btf = btf__new_empty(), *module;

	CHECK(btf__add_int(btf, "long", 8, BTF_INT_SIGNED) == INT);
	CHECK(btf__add_func_proto(btf, INT) == PROTOTYPE);
	CHECK(btf__add_func_param(btf, "data", INT) == 0);
	CHECK(btf__add_func(btf, "vfs_open", BTF_FUNC_GLOBAL, PROTOTYPE) == VFS_OPEN);
	CHECK(btf__add_func(btf, "vfs_read", BTF_FUNC_GLOBAL, PROTOTYPE) == VFS_READ);
	CHECK(btf__add_func_proto(btf, INT) == VFS_MANY - 1);
	for (int i = 0; i < 12; i++)
		CHECK(btf__add_func_param(btf, "argument", INT) == 0);
	CHECK(btf__add_func(btf, "vfs_many", BTF_FUNC_GLOBAL, VFS_MANY - 1) == VFS_MANY);
	CHECK(btf__add_ptr(btf, PROTOTYPE) == EVENT - 1);
	CHECK(btf__add_typedef(btf, "btf_trace_event", EVENT - 1) == EVENT);
	module = btf__new_empty_split(btf);
	CHECK(btf__add_func(module, "mod_open", BTF_FUNC_GLOBAL, PROTOTYPE) == MODULE_FUNCTION);
	CHECK(btf__add_typedef(module, "btf_trace_mod_event", EVENT - 1) == MODULE_EVENT);
	tester->kernel = (struct session_btf){.module = "", .btf = btf};
	tester->module =
		(struct session_btf){.module = "m", .btf = module, .next = &tester->kernel};
	tester->of.session.kernel_btfs = &tester->module;
	tester->of.session.type_view_asked = true;
}

static void setup(struct tester *tester, enum mf_provider provider, const char *name,
		  const void *target)
{
	*tester = (struct tester){0};
	attaching_begin(&tester->of, LIST);
	for (uint32_t i = 0; i < PROBES; i++) {
		tester->probes[i] = (struct mf_probe){.index = i,
						      .program = "own",
						      .name = name,
						      .provider = provider,
						      .target = target,
						      .block = MF_NONE};
		tester->programs[i] = (struct bpf_program){
			.fd = 11 + (int)i, .type = BPF_PROG_TYPE_TRACING, .section = "fentry/f"};
		tester->program_of[i] = &tester->programs[i];
	}
	tester->of.manifest.probes = tester->probes;
	tester->of.manifest.probe_count = PROBES;
	tester->of.session.programs = tester->program_of;
	tester->of.attachments.session = &tester->of.session;
	give_types(tester);
}

static void teardown(struct tester *tester)
{
	attaching_end(&tester->of);
	btf__free(tester->module.btf);
	btf__free(tester->kernel.btf);
}

static const struct attach_provider *provider(const struct tester *tester)
{
	return attach_provider_of(&tester->probes[0]);
}

static enum attach_result find(struct tester *tester)
{
	return provider(tester)->find(&tester->of.attachments, &tester->probes[0],
				      &tester->of.failure);
}

/* What libbpf loads the program for: the name and id that were set last, or "". */
static bool is_loaded_for(const struct tester *tester, const char *name, uint32_t id)
{
	const struct session_target *target = tester->of.session.targets;

	return target && strcmp(target->name, name) == 0 && target->id == id;
}

static const struct copy *copy(const struct tester *tester, uint32_t target)
{
	return tester->of.attachments.targets[target].own;
}

static void test_function(void)
{
	const struct mf_fentry_target read = {.function = "vfs_read"},
				      none = {.function = "vfs_raed"},
				      base = {.module = "m", .function = "vfs_read"},
				      many = {.function = "vfs_many"},
				      module = {.module = "m", .function = "mod_open"};
	const char *near;
	struct tester tester;

	setup(&tester, MF_FENTRY, "fentry:it", &read);
	CHECK(find(&tester) == ATTACH_OK && is_loaded_for(&tester, "vfs_read", VFS_READ));
	CHECK(copy(&tester, 0)->btf_id == 0 && !copy(&tester, 0)->module);
	CHECK(attach_fentry.attach(&tester.of.attachments, &tester.of.attachments.targets[0],
				   &tester.of.failure) == ATTACH_OK);
	CHECK_TEXT(&stand_in.log, "trace, cookie 0, program 11\n");
	stand_in.errors[0] = 524;
	stand_in.error_count = 1;
	CHECK(attach_fentry.attach(&tester.of.attachments, &tester.of.attachments.targets[0],
				   &tester.of.failure) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_KERNEL, "no BPF trampolines for its processor"));
	strbuf_clear(&stand_in.log);
	tester.probes[0].target = &none;
	near = attach_fentry.near(&tester.of.attachments, &tester.probes[0]);
	CHECK(near && strcmp(near, "vfs_read") == 0);
	/* What is there by that name is not meant by another. */
	tester.probes[0].target = &read;
	CHECK(!attach_fentry.near(&tester.of.attachments, &tester.probes[0]));
	/* The module has it by what it is based on alone. */
	tester.probes[0].target = &base;
	CHECK(find(&tester) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "No matches for fentry vfs_read."));
	tester.probes[0].target = &many;
	CHECK(find(&tester) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "its arguments are 12 words"));
	CHECK(tester.of.attachments.target_count == 1);
	/* Of a module it is a copy, for libbpf takes the first that has the name. */
	tester.probes[0].target = &module;
	CHECK(find(&tester) == ATTACH_OK && copy(&tester, 1)->btf_id == MODULE_FUNCTION);
	CHECK(strcmp(copy(&tester, 1)->module, "m") == 0);
	CHECK_TEXT(&stand_in.log, "program 11 for 0 mod_open\n");
	teardown(&tester);
}

static void test_pattern_of_functions(void)
{
	const struct mf_fentry_target all = {.function = "vfs_*"}, no = {.function = "none*"},
				      modules = {.module = "*", .function = "vfs_*"};
	struct tester tester;

	setup(&tester, MF_FEXIT, "fexit:vfs_*", &all);
	CHECK(find(&tester) == ATTACH_OK && tester.of.attachments.target_count == 2);
	CHECK(is_loaded_for(&tester, "vfs_open", VFS_OPEN));
	CHECK(copy(&tester, 0)->btf_id == 0 && copy(&tester, 1)->btf_id == VFS_READ);
	CHECK(strcmp(tester.of.session.names.names[1], "fexit:vfs_read") == 0);
	tester.probes[0].target = &no;
	CHECK(find(&tester) == ATTACH_MISSING);
	tester.probes[0].target = &modules;
	CHECK(find(&tester) == ATTACH_FAILED);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "the module of a fexit is one name."));
	tester.programs[0].expected = BPF_TRACE_FEXIT;
	CHECK(attach_fentry.fits(&tester.of.session, &tester.probes[0], &tester.programs[0]));
	tester.probes[0].provider = MF_FENTRY;
	CHECK(!attach_fentry.fits(&tester.of.session, &tester.probes[0], &tester.programs[0]));
	teardown(&tester);
}

/* Programs that fentry can be attached to: compiled, with types, and none of tracing. */
static void test_programs(void)
{
	static const struct bpf_func_info functions[] = {{.type_id = VFS_OPEN},
							 {.type_id = VFS_READ}};
	static const struct stand_in_object objects[] = {
		{.fd = 501,
		 .id = 7,
		 .kind = BPF_PROG_TYPE_XDP,
		 .types = 1,
		 .is_compiled = true,
		 .functions = functions,
		 .function_count = 2},
		{.fd = 502,
		 .id = 8,
		 .kind = BPF_PROG_TYPE_XDP,
		 .types = 1,
		 .functions = functions,
		 .function_count = 2},
		{.fd = 503,
		 .id = 9,
		 .kind = BPF_PROG_TYPE_TRACING,
		 .types = 1,
		 .is_compiled = true,
		 .functions = functions,
		 .function_count = 2},
		{.fd = 504,
		 .id = 10,
		 .kind = BPF_PROG_TYPE_XDP,
		 .types = 1,
		 .is_compiled = true,
		 .functions = functions,
		 .function_count = 1},
	};
	const struct mf_fentry_target any = {.program = "*", .function = "vfs_*"},
				      one = {.program = "10", .function = "vfs_*"},
				      none = {.program = "10", .function = "vfs_read"};
	struct tester tester;

	setup(&tester, MF_FENTRY, "fentry:bpf:*", &any);
	stand_in.objects = objects;
	stand_in.object_count = 4;
	stand_in.types = tester.kernel.btf;
	CHECK(find(&tester) == ATTACH_OK && tester.of.attachments.target_count == 3);
	CHECK_TEXT(&stand_in.log, "program 11 for 501 vfs_open\n");
	CHECK(copy(&tester, 0)->btf_id == 0 && copy(&tester, 0)->bpf == 501);
	CHECK(copy(&tester, 1)->btf_id == VFS_READ && copy(&tester, 1)->bpf == 501);
	CHECK(copy(&tester, 2)->btf_id == VFS_OPEN && copy(&tester, 2)->bpf == 504);
	/* `probe` is the lower half, `func` the upper one. */
	CHECK(strcmp(tester.of.session.names
			     .names[(uint32_t)tester.of.attachments.targets[2].cookie],
		     "fentry:bpf:10:vfs_open") == 0);
	CHECK(strcmp(tester.of.session.names.names[tester.of.attachments.targets[2].cookie >> 32],
		     "vfs_open") == 0);
	/* Each has a descriptor of its own, which is closed with the links. */
	CHECK(tester.of.attachments.link_count == 3 &&
	      tester.of.attachments.links[2].descriptor == 504);
	stand_in.object_types = tester.kernel.btf;
	/* The first is the program that libbpf loads; others are copies, of the program's
	 * functions. */
	for (uint32_t i = 0; i < 2; i++)
		CHECK(attach_fentry.attach(&tester.of.attachments,
					   &tester.of.attachments.targets[i],
					   &tester.of.failure) == ATTACH_OK);
	CHECK_TEXT(&stand_in.log,
		   "trace, cookie 4294967296, program 11\n"
		   "program fentry/f of type 26 for 0, function 4 of 501, 4 instructions, flags 7\n"
		   "type 0, cookie 12884901890, program 100002\n");
	tester.of.attachments.target_count = tester.of.attachments.link_count = 0;
	tester.probes[0].target = &one;
	CHECK(find(&tester) == ATTACH_OK && tester.of.attachments.target_count == 1);
	CHECK_TEXT(&stand_in.log, "program 11 for 504 vfs_open\n");
	tester.of.attachments.target_count = tester.of.attachments.link_count = 0;
	tester.probes[0].target = &none;
	CHECK(find(&tester) == ATTACH_MISSING && tester.of.attachments.target_count == 0);
	/* A filter leaves some, of which the first is what libbpf loads. */
	tester.of.options.has_probe_filter =
		CHECK(regcomp(&tester.of.options.probe_filter, ":10:", REG_NOSUB) == 0);
	tester.probes[0].target = &any;
	CHECK(find(&tester) == ATTACH_OK && tester.of.attachments.target_count == 1);
	CHECK(copy(&tester, 0)->btf_id == 0 && tester.of.attachments.filtered == 2);
	tester.of.attachments.link_count = 0;
	teardown(&tester);
}

/* The kernel says how many functions a program has, and gives those that there is room for. */
static void test_many_functions(void)
{
	static struct bpf_func_info functions[300];
	static const struct stand_in_object object = {.fd = 501,
						      .id = 7,
						      .kind = BPF_PROG_TYPE_XDP,
						      .types = 1,
						      .is_compiled = true,
						      .functions = functions,
						      .function_count = 300};
	const struct mf_fentry_target any = {.program = "*", .function = "vfs_*"};
	struct tester tester;

	for (uint32_t i = 0; i < 300; i++)
		functions[i].type_id = VFS_OPEN;
	setup(&tester, MF_FENTRY, "fentry:bpf:*", &any);
	stand_in.objects = &object;
	stand_in.object_count = 1;
	stand_in.types = tester.kernel.btf;
	CHECK(find(&tester) == ATTACH_OK && tester.of.attachments.target_count == 257);
	tester.of.attachments.link_count = 0;
	teardown(&tester);
}

static void test_events(void)
{
	const struct mf_rawtracepoint_target event = {.event = "event"}, none = {.event = "evnet"},
					     all = {.event = "*"},
					     vmlinux = {.module = "vmlinu*", .event = "e*"},
					     nowhere = {.module = "no:module", .event = "event"},
					     path = {.module = "../etc", .event = "event"};
	const char *near;
	struct tester tester;

	setup(&tester, MF_RAWTRACEPOINT, "rawtracepoint:it", &event);
	tester.programs[0].expected = BPF_TRACE_RAW_TP;
	CHECK(attach_rawtracepoint.fits(&tester.of.session, &tester.probes[0],
					&tester.programs[0]));
	CHECK(find(&tester) == ATTACH_OK && is_loaded_for(&tester, "event", EVENT));
	CHECK(attach_rawtracepoint.attach(&tester.of.attachments, &tester.of.attachments.targets[0],
					  &tester.of.failure) == ATTACH_OK);
	stand_in.errors[0] = EINVAL;
	stand_in.error_count = 1;
	CHECK(attach_rawtracepoint.attach(&tester.of.attachments, &tester.of.attachments.targets[0],
					  &tester.of.failure) == ATTACH_OK);
	stand_in.errors[0] = EPERM;
	stand_in.error_count = 1;
	CHECK(attach_rawtracepoint.attach(&tester.of.attachments, &tester.of.attachments.targets[0],
					  &tester.of.failure) == ATTACH_FAILED);
	/* Kernels before 5.18 take it another way. */
	CHECK_TEXT(&stand_in.log, "type 23, cookie 0, program 11\n"
				  "type 23, cookie 0, program 11: EINVAL\n"
				  "raw tracepoint of the program, program 11\n"
				  "type 23, cookie 0, program 11: EPERM\n");
	tester.probes[0].target = &none;
	CHECK(find(&tester) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "No matches for rawtracepoint evnet."));
	near = attach_rawtracepoint.near(&tester.of.attachments, &tester.probes[0]);
	CHECK(near && strcmp(near, "event") == 0);
	tester.probes[0].target = &nowhere;
	CHECK(find(&tester) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "specified module no:module in probe"));
	tester.probes[0].target = &path;
	CHECK(find(&tester) == ATTACH_MISSING);
	CHECK(says(&tester.of.failure, STATUS_FAILED, "specified module ../etc in probe"));
	tester.of.attachments.target_count = 0;
	tester.probes[0].target = &all;
	CHECK(find(&tester) == ATTACH_OK && tester.of.attachments.target_count == 1);
	tester.of.attachments.target_count = 0;
	tester.probes[0].target = &vmlinux;
	CHECK(find(&tester) == ATTACH_OK && tester.of.attachments.target_count == 1);
	CHECK(copy(&tester, 0)->btf_id == 0);
	teardown(&tester);
}

int main(void)
{
	test_function();
	test_pattern_of_functions();
	test_programs();
	test_many_functions();
	test_events();
	return check_result("attach_functions");
}
