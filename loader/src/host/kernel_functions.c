#include "host/kernel_functions.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <string.h>

#include "host/kernel_btf.h"
#include "host/trial.h"

static const struct btf *vmlinux(struct kernel_functions *functions)
{
	if (!functions->read) {
		functions->read = true;
		functions->btf = kernel_btf_load();
	}
	return functions->btf;
}

static bool in_module(struct kernel_functions *functions, const char *module, const char *name)
{
	struct btf *btf = btf__load_module_btf(module, functions->btf);
	bool found;

	if (!btf)
		return false;
	found = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
	btf__free(btf);
	return found;
}

bool kernel_function_exists(struct kernel_functions *functions, const char *name)
{
	const struct btf *btf = vmlinux(functions);
	bool found = false;
	DIR *folder;

	if (!btf)
		return false;
	if (btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0)
		return true;
	folder = opendir(KERNEL_BTF_FOLDER);
	if (!folder)
		return false;
	for (struct dirent *entry; !found && (entry = readdir(folder));)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "vmlinux") != 0)
			found = in_module(functions, entry->d_name, name);
	closedir(folder);
	return found;
}

/* The verifier looks at what is called before it looks at arguments (check_kfunc_call in
 * kernel/bpf/verifier.c), so a call without any tells. */
static bool refuses_call(const char *log)
{
	static const char *const texts[] = {"is not allowed",  "reserved fields",
					    "JIT is required", "JIT does not support",
					    "not supported",   "invalid func"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strstr(log, texts[i]))
			return true;
	return log[0] == '\0';
}

bool kernel_function_callable(struct kernel_functions *functions, const char *name,
			      enum bpf_prog_type type)
{
	const struct btf *btf = vmlinux(functions);
	int id = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) : -1;
	const struct bpf_insn code[] = {
		{.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = id},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	char log[TRIAL_LOG];
	int tracepoint;

	if (id <= 0)
		return false;
	/* Any raw tracepoint will do. */
	tracepoint = btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF);
	return trial_load(type, tracepoint > 0 ? (uint32_t)tracepoint : 0, code,
			  sizeof(code) / sizeof(*code), log) ||
	       !refuses_call(log);
}

void kernel_functions_free(struct kernel_functions *functions)
{
	btf__free(functions->btf);
	functions->btf = NULL;
	functions->read = false;
}
