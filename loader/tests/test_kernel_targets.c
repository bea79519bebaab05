/* What of the kernel or of a module libbpf loads programs of tracing for; libbpf and the kernel are
 * stood in for. */
#include "session/kernel_targets.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "check.h"
#include "session/session.h"
#include "stand_in.h"

/* What was registered for sections of programs, a line for each. */
static struct strbuf registered;
static libbpf_prog_prepare_load_fn_t prepare;
/* Descriptors of modules that were closed, and what is none. */
static struct strbuf closed;

int libbpf_register_prog_handler(const char *section, enum bpf_prog_type type,
				 enum bpf_attach_type attach_type,
				 const struct libbpf_prog_handler_opts *options)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %d %d\n", section, (int)type, (int)attach_type);
	strbuf_text(&registered, line);
	prepare = options->prog_prepare_load_fn;
	return 1;
}

#define FIRST_MODULE 5001
#define LAST_MODULE 5009

int close(int fd)
{
	static int (*real)(int);
	char line[16];

	if (fd < 0 || (fd >= FIRST_MODULE && fd <= LAST_MODULE)) {
		snprintf(line, sizeof(line), "%d\n", fd);
		strbuf_text(&closed, line);
		return 0;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "close");
	return real(fd);
}

/* Of the kernel; module m has of_m, both, and n as well both and gone. */
enum { PROTOTYPE = 1, FUNCTION, EVENT, ITERATOR, OF_M, BOTH_OF_M, OF_N = OF_M, GONE };

struct types {
	struct session session;
	struct session_btf kernel, m, n;
};

static void begin(struct types *of)
{
	struct btf *kernel = btf__new_empty(), *m, *n;

	*of = (struct types){.session = {.type_view_asked = true}};
	CHECK(btf__add_func_proto(kernel, 0) == PROTOTYPE);
	CHECK(btf__add_func(kernel, "it", BTF_FUNC_GLOBAL, PROTOTYPE) == FUNCTION);
	CHECK(btf__add_typedef(kernel, "btf_trace_it", PROTOTYPE) == EVENT);
	CHECK(btf__add_func(kernel, "bpf_iter_it", BTF_FUNC_GLOBAL, PROTOTYPE) == ITERATOR);
	m = btf__new_empty_split(kernel);
	CHECK(btf__add_func(m, "of_m", BTF_FUNC_GLOBAL, PROTOTYPE) == OF_M);
	CHECK(btf__add_typedef(m, "btf_trace_both", PROTOTYPE) == BOTH_OF_M);
	n = btf__new_empty_split(kernel);
	CHECK(btf__add_func(n, "of_n", BTF_FUNC_GLOBAL, PROTOTYPE) == OF_N);
	of->kernel = (struct session_btf){.module = "", .btf = kernel};
	of->m = (struct session_btf){.module = "m", .btf = m, .next = &of->kernel};
	of->n = (struct session_btf){.module = "n", .btf = n, .next = &of->m};
	of->session.kernel_btfs = &of->n;
}

static void end(struct types *of)
{
	kernel_targets_of(NULL);
	btf__free(of->n.btf);
	btf__free(of->m.btf);
	btf__free(of->kernel.btf);
	arena_free(&of->session.arena);
}

/* libbpf does not look itself for what is registered as another kind of program. */
static void the_sections(void)
{
	kernel_targets_register();
	kernel_targets_register();
	CHECK_TEXT(&registered, "tp_btf+ 17 23\nfentry+ 17 24\nfexit+ 17 25\niter+ 17 28\n");
	CHECK(BPF_PROG_TYPE_RAW_TRACEPOINT == 17 && BPF_TRACE_RAW_TP == 23 &&
	      BPF_TRACE_FENTRY == 24 && BPF_TRACE_FEXIT == 25 && BPF_TRACE_ITER == 28);
}

static void kinds_of_programs(void)
{
	static const struct {
		int type, expected, is;
	} cases[] = {
		{BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_TRACE_RAW_TP, BPF_PROG_TYPE_TRACING},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_TRACE_FENTRY, BPF_PROG_TYPE_TRACING},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_TRACE_FEXIT, BPF_PROG_TYPE_TRACING},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_TRACE_ITER, BPF_PROG_TYPE_TRACING},
		/* Raw tracepoints without types are what they are. */
		{BPF_PROG_TYPE_RAW_TRACEPOINT, 0, BPF_PROG_TYPE_RAW_TRACEPOINT},
		{BPF_PROG_TYPE_KPROBE, BPF_TRACE_FENTRY, BPF_PROG_TYPE_KPROBE},
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, BPF_PROG_TYPE_TRACING},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK((int)kernel_target_type(&(struct bpf_program){
			      .type = cases[i].type, .expected = cases[i].expected}) ==
		      cases[i].is);
}

/* Loads a program of this section; what libbpf would ask the kernel for. */
static int load(int expected, const char *section, struct bpf_prog_load_opts *options)
{
	struct bpf_program program = {
		.type = BPF_PROG_TYPE_RAW_TRACEPOINT, .expected = expected, .section = section};
	int result;

	*options = (struct bpf_prog_load_opts){.sz = sizeof(*options)};
	result = prepare(&program, options, 0);
	CHECK(program.type == BPF_PROG_TYPE_TRACING);
	return result;
}

static void what_sections_name(void)
{
	static const struct {
		int expected;
		const char *section;
		uint32_t id;
	} cases[] = {
		{BPF_TRACE_FENTRY, "fentry/it", FUNCTION},
		{BPF_TRACE_FEXIT, "fexit/it", FUNCTION},
		{BPF_TRACE_RAW_TP, "tp_btf/it", EVENT},
		{BPF_TRACE_ITER, "iter/it", ITERATOR},
	};
	struct bpf_prog_load_opts options;
	struct types of;

	begin(&of);
	kernel_targets_of(&of.session);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(load(cases[i].expected, cases[i].section, &options) == 0);
		CHECK(options.attach_btf_id == cases[i].id && options.attach_btf_obj_fd == 0);
	}
	/* Nothing has that name, or the section names nothing. */
	CHECK(load(BPF_TRACE_FENTRY, "fentry/itself", &options) == -ESRCH);
	CHECK(load(BPF_TRACE_RAW_TP, "tp_btf/of_m", &options) == -ESRCH);
	CHECK(load(BPF_TRACE_FENTRY, "fentry", &options) == -ESRCH && !options.attach_btf_id);
	/* No session loads it. */
	kernel_targets_of(NULL);
	CHECK(load(BPF_TRACE_FENTRY, "fentry/it", &options) == 0 && !options.attach_btf_id);
	end(&of);
}

/* Each program has its own, the last that was set. */
static void what_was_set(void)
{
	struct bpf_program first = {.expected = BPF_TRACE_FENTRY, .section = "fentry/of_m"},
			   second = {.expected = BPF_TRACE_RAW_TP, .section = "tp_btf/x"};
	struct bpf_prog_load_opts options = {.sz = sizeof(options)};
	struct types of;

	begin(&of);
	kernel_target_set(&of.session, &second, "it", 0);
	kernel_target_set(&of.session, &first, "none", 3);
	kernel_target_set(&of.session, &first, "none", 77);
	kernel_targets_of(&of.session);
	CHECK(prepare(&first, &options, 0) == 0 && options.attach_btf_id == 77);
	options = (struct bpf_prog_load_opts){.sz = sizeof(options)};
	CHECK(prepare(&second, &options, 0) == 0 && options.attach_btf_id == EVENT);
	/* What libbpf was told already stays: a program of BPF, or of a module. */
	options = (struct bpf_prog_load_opts){.sz = sizeof(options), .attach_prog_fd = 9};
	CHECK(prepare(&first, &options, 0) == 0 && options.attach_btf_id == 0);
	options = (struct bpf_prog_load_opts){.sz = sizeof(options), .attach_btf_id = 5};
	CHECK(prepare(&first, &options, 0) == 0 && options.attach_btf_id == 5);
	CHECK(kernel_target_find(&of.session, &second, "it") == EVENT);
	CHECK(kernel_target_find(&of.session, &first, "it") == FUNCTION);
	CHECK(kernel_target_find(&of.session, &first, "of_m") == 0);
	end(&of);
}

static void make_modules(const char *sys)
{
	static const char *const files[] = {"vmlinux", "m", "n"};
	char command[128];

	snprintf(command, sizeof(command), "mkdir -p %s/kernel/btf", sys);
	CHECK(system(command) == 0);
	for (size_t i = 0; i < 3; i++) {
		snprintf(command, sizeof(command), "touch %s/kernel/btf/%s", sys, files[i]);
		CHECK(system(command) == 0);
	}
}

/* The kernel has the types of modules by descriptors, of which one is open at a time. */
static void modules(const char *sys)
{
	static const struct stand_in_object objects[] = {
		{.fd = 5001, .id = 3, .module = "m", .is_compiled = true},
		{.fd = 5002, .id = 4, .module = "n", .is_compiled = true},
	};
	struct bpf_prog_load_opts options;
	struct types of;

	begin(&of);
	stand_in_reset();
	stand_in.sys = sys;
	stand_in.objects = objects;
	stand_in.object_count = 2;
	kernel_targets_of(&of.session);
	strbuf_clear(&closed);
	CHECK(load(BPF_TRACE_FENTRY, "fentry/of_m", &options) == 0);
	CHECK(options.attach_btf_id == OF_M && options.attach_btf_obj_fd == 5001);
	CHECK_TEXT(&closed, "");
	CHECK(load(BPF_TRACE_RAW_TP, "tp_btf/both", &options) == 0);
	CHECK(options.attach_btf_id == BOTH_OF_M && options.attach_btf_obj_fd == 5001);
	CHECK_TEXT(&closed, "5001\n");
	/* It goes once another was looked at; on the way m was. */
	CHECK(load(BPF_TRACE_FEXIT, "fexit/of_n", &options) == 0);
	CHECK(options.attach_btf_id == OF_N && options.attach_btf_obj_fd == 5002);
	CHECK(strstr(strbuf_c_text(&closed), "5001\n"));
	strbuf_clear(&closed);
	/* The kernel's own goes before, and needs none. */
	CHECK(load(BPF_TRACE_FENTRY, "fentry/it", &options) == 0 && !options.attach_btf_obj_fd);
	CHECK_TEXT(&closed, "");
	/* A module that has gone meanwhile has nothing. */
	stand_in.object_count = 1;
	CHECK(load(BPF_TRACE_FENTRY, "fentry/of_n", &options) == -ESRCH);
	CHECK(options.attach_btf_id == 0 && options.attach_btf_obj_fd == 0);
	CHECK(strstr(strbuf_c_text(&closed), "5002\n"));
	strbuf_clear(&closed);
	/* None is closed again, or left open at the end. */
	kernel_targets_of(&of.session);
	CHECK_TEXT(&closed, "");
	CHECK(load(BPF_TRACE_FENTRY, "fentry/of_m", &options) == 0);
	kernel_targets_of(NULL);
	CHECK_TEXT(&closed, "5001\n");
	kernel_targets_of(NULL);
	CHECK_TEXT(&closed, "");
	end(&of);
	stand_in_reset();
}

int main(void)
{
	char sys[] = "/tmp/bpfload-sys-XXXXXX", command[64];

	CHECK(mkdtemp(sys));
	make_modules(sys);
	stand_in.sys = sys;
	the_sections();
	kinds_of_programs();
	stand_in.sys = "/nowhere";
	what_sections_name();
	what_was_set();
	modules(sys);
	strbuf_free(&registered);
	strbuf_free(&closed);
	snprintf(command, sizeof(command), "rm -r %s", sys);
	CHECK(system(command) == 0);
	return check_result("kernel_targets");
}
