/* Functions of the kernel and of its modules, and which of them programs may call. */
#include "host/kernel_functions.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <stdlib.h>

#include "check.h"
#include "host/kernel_btf.h"
#include "host/trial.h"

/* Whether the kernel of these tests has types; what it says of a call, NULL: it loads it. */
static bool has_types = true, has_event = true;
static const char *says;
static int reads;
/* What was tried. */
static enum bpf_prog_type tried_type;
static uint32_t tried_attach;
static int tried_function;

static struct btf *with_function(struct btf *btf, const char *name)
{
	int number = btf__add_int(btf, "number", 4, 0);
	int prototype = btf__add_func_proto(btf, number);

	btf__add_func(btf, name, BTF_FUNC_GLOBAL, prototype);
	return btf;
}

struct btf *kernel_btf_load(void)
{
	struct btf *btf;

	reads++;
	if (!has_types)
		return NULL;
	btf = with_function(btf__new_empty(), "kernel_call");
	/* Names of other kinds of types are none of functions. */
	btf__add_struct(btf, "not_called", 0);
	if (has_event)
		btf__add_typedef(btf, "btf_trace_sched_switch", 1);
	return btf;
}

/* Files of the folder of types. */
static const char *const files[] = {".", "..", "vmlinux", "one", "broken", "two", NULL};
static size_t next_file;
static int opened, closed;
static bool hides_modules;

DIR *opendir(const char *path)
{
	CHECK(strcmp(path, KERNEL_BTF_FOLDER) == 0);
	next_file = 0;
	if (hides_modules)
		return NULL;
	opened++;
	return (DIR *)files;
}

struct dirent *readdir(DIR *folder)
{
	static struct dirent entry;

	CHECK(folder == (DIR *)files);
	if (!files[next_file])
		return NULL;
	strcpy(entry.d_name, files[next_file++]);
	return &entry;
}

int closedir(DIR *folder)
{
	CHECK(folder == (DIR *)files);
	closed++;
	return 0;
}

struct btf *btf__load_module_btf(const char *module, struct btf *base)
{
	struct btf *btf;

	CHECK(base != NULL);
	if (strcmp(module, "broken") == 0)
		return NULL;
	CHECK(strcmp(module, "one") == 0 || strcmp(module, "two") == 0);
	btf = btf__new_empty_split(base);
	return with_function(btf, strcmp(module, "one") == 0 ? "first_call" : "second_call");
}

bool trial_load(enum bpf_prog_type type, uint32_t attach, const struct bpf_insn *code, size_t count,
		char log[TRIAL_LOG])
{
	tried_type = type;
	tried_attach = attach;
	tried_function = code[0].imm;
	CHECK(count == 3 && code[0].src_reg == BPF_PSEUDO_KFUNC_CALL);
	CHECK(code[0].code == (BPF_JMP | BPF_CALL) && code[2].code == (BPF_JMP | BPF_EXIT));
	CHECK(code[1].code == (BPF_ALU64 | BPF_MOV | BPF_K) && code[1].dst_reg == BPF_REG_0);
	snprintf(log, TRIAL_LOG, "%s", says ? says : "");
	return !says;
}

static void functions_that_are_there(void)
{
	struct kernel_functions functions = {0};

	opened = closed = reads = 0;
	CHECK(kernel_function_exists(&functions, "kernel_call"));
	/* No module is asked for what the kernel has. */
	CHECK(opened == 0);
	CHECK(kernel_function_exists(&functions, "first_call"));
	CHECK(kernel_function_exists(&functions, "second_call"));
	CHECK(!kernel_function_exists(&functions, "not_called"));
	CHECK(!kernel_function_exists(&functions, "no_call"));
	CHECK(opened == 4 && closed == 4 && reads == 1);
	hides_modules = true;
	CHECK(!kernel_function_exists(&functions, "first_call"));
	CHECK(kernel_function_exists(&functions, "kernel_call"));
	hides_modules = false;
	kernel_functions_free(&functions);
	CHECK(!functions.btf && !functions.read);
}

static void without_types_there_is_none(void)
{
	struct kernel_functions functions = {0};

	has_types = false;
	reads = 0;
	CHECK(!kernel_function_exists(&functions, "kernel_call"));
	CHECK(!kernel_function_callable(&functions, "kernel_call", BPF_PROG_TYPE_TRACING));
	/* It is not asked for them twice. */
	CHECK(reads == 1);
	kernel_functions_free(&functions);
	has_types = true;
}

static bool callable(const char *name, const char *log)
{
	struct kernel_functions functions = {0};
	bool result;

	says = log;
	tried_function = 0;
	result = kernel_function_callable(&functions, name, BPF_PROG_TYPE_TRACING);
	if (tried_function) {
		const struct btf *btf = functions.btf;
		int event = btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF);

		CHECK(tried_type == BPF_PROG_TYPE_TRACING);
		CHECK(tried_function == btf__find_by_name_kind(btf, name, BTF_KIND_FUNC));
		CHECK(tried_attach == (event > 0 ? (uint32_t)event : 0));
	}
	kernel_functions_free(&functions);
	return result;
}

static void calls_that_are_allowed(void)
{
	CHECK(callable("kernel_call", NULL));
	CHECK(tried_attach > 0);
	/* The verifier came as far as the arguments. */
	CHECK(callable("kernel_call", "arg#0 expected pointer to ctx, but got scalar"));
	CHECK(!callable("kernel_call", "calling kernel function kernel_call is not allowed"));
	CHECK(!callable("kernel_call", "BPF_CALL uses reserved fields"));
	CHECK(!callable("kernel_call", "JIT is required for calling kernel function"));
	CHECK(!callable("kernel_call", "JIT does not support calling kernel function"));
	CHECK(!callable("kernel_call", "cannot call kernel function: not supported"));
	CHECK(!callable("kernel_call", "invalid func unknown#77"));
	CHECK(!callable("kernel_call", ""));
	CHECK(!callable("not_called", NULL) && tried_function == 0);
	CHECK(!callable("first_call", NULL) && tried_function == 0);
	has_event = false;
	CHECK(callable("kernel_call", NULL) && tried_attach == 0);
	has_event = true;
}

int main(void)
{
	functions_that_are_there();
	without_types_there_is_none();
	calls_that_are_allowed();
	return check_result("kernel_functions");
}
