/* Both ends of functions by one program and one link, which the kernel calls a session. */
#include "attach/kprobe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "session/kernel_types.h"

/* BPF_TRACE_KPROBE_SESSION of include/uapi/linux/bpf.h, which older headers do not have. */
#define KPROBE_SESSION_ATTACH_TYPE 56
/* What a program of a session asks whether it runs at the return (kernel/trace/bpf_trace.c). */
#define IS_RETURN "bpf_session_is_return"

/*
 * The members of union bpf_attr that BPF_LINK_CREATE reads for this attach type (`link_create` and
 * its `kprobe_multi`); libbpf knows the type since 1.5.
 */
struct link_create {
	uint32_t program, target, attach_type, flags;
	uint32_t multi_flags, count;
	uint64_t functions, addresses, cookies;
};

static uint64_t address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static int create_link(int program, const char *const *functions, const uint64_t *cookies,
		       uint32_t count)
{
	const struct link_create attributes = {
		.program = (uint32_t)program,
		.attach_type = KPROBE_SESSION_ATTACH_TYPE,
		.count = count,
		.functions = address(functions),
		.cookies = address(cookies),
	};

	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));
}

/* Asks for a link to a name at an address that cannot be read: kernels without such links refuse
 * before they read it. */
static bool is_supported(void)
{
	static const struct bpf_insn return_zero[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = (enum bpf_attach_type)KPROBE_SESSION_ATTACH_TYPE);
	int program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", return_zero,
				    sizeof(return_zero) / sizeof(*return_zero), &options);
	int link, error;

	if (program < 0)
		return false;
	link = create_link(program, (const char *const *)1, NULL, 1);
	error = errno;
	close(program);
	if (link >= 0)
		close(link);
	return link < 0 && error == EFAULT;
}

/* The kernel's number of IS_RETURN, or 0. */
static int32_t find_is_return(struct session *session)
{
	return (int32_t)session_kernel_type(session, BTF_KIND_FUNC, IS_RETURN);
}

/* The only target of a probe, or NULL. */
static struct attach_target *target_of(const struct attachments *attachments, uint32_t probe)
{
	struct attach_target *found = NULL;

	for (uint32_t i = 0; i < attachments->target_count; i++) {
		if (attachments->targets[i].probe->index != probe)
			continue;
		if (found)
			return NULL;
		found = &attachments->targets[i];
	}
	return found;
}

/* Parameters may have made them other targets than the compiler saw, and a filter of names other
 * functions. */
static bool are_alike(const struct attach_target *entry, const struct attach_target *exit)
{
	const struct kprobe *first = entry->own, *second = exit->own;

	if (first->module || second->module || first->offset || entry->events != exit->events)
		return false;
	if (first->function && second->function)
		return strcmp(first->function, second->function) == 0;
	if (!first->functions || !second->functions)
		return false;
	for (uint32_t i = 0; i < entry->events; i++)
		if (strcmp(first->functions[i], second->functions[i]) != 0)
			return false;
	return true;
}

/* Gives the entry the cookies of both: numbers of names, that of the return in the upper half. */
static void join(struct attachments *attachments, struct bpf_program *program,
		 struct attach_target *entry, struct attach_target *exit)
{
	struct arena *arena = &attachments->session->arena;
	struct kprobe *first = entry->own, *second = exit->own;
	uint32_t count = first->functions ? entry->events : 1;
	uint64_t *cookies = arena_array(arena, count, sizeof(*cookies));
	struct kprobe_pair *pair = arena_alloc(arena, sizeof(*pair));

	for (uint32_t i = 0; i < count; i++)
		cookies[i] = first->functions ? second->cookies[i] << 32 | first->cookies[i]
					      : exit->cookie << 32 | entry->cookie;
	*pair = (struct kprobe_pair){.program = program, .exit = exit, .cookies = cookies};
	first->pair = pair;
	second->is_exit_of_pair = true;
}

/* Makes the program ask the kernel which end it runs at. */
static bool patch(struct bpf_program *program, uint32_t insn, int32_t is_return)
{
	size_t count = bpf_program__insn_cnt(program);
	struct bpf_insn *insns = memory_array(count, sizeof(*insns));
	bool patched = false;

	if (insn < count) {
		memcpy(insns, bpf_program__insns(program), count * sizeof(*insns));
		insns[insn] = (struct bpf_insn){.code = BPF_JMP | BPF_CALL,
						.src_reg = BPF_PSEUDO_KFUNC_CALL,
						.imm = is_return};
		patched = bpf_program__set_insns(program, insns, count) == 0;
	}
	free(insns);
	if (patched)
		bpf_program__set_expected_attach_type(
			program, (enum bpf_attach_type)KPROBE_SESSION_ATTACH_TYPE);
	return patched;
}

static struct bpf_program *program_of(const struct session *session,
				      const struct mf_kprobe_pair *pair)
{
	return bpf_object__find_program_by_name(session->object, pair->program);
}

bool kprobe_pair_fits(const struct session *session, const struct mf_probe *entry)
{
	const struct manifest *manifest = session->manifest;

	for (uint32_t i = 0; i < manifest->kprobe_pair_count; i++) {
		const struct mf_kprobe_pair *pair = &manifest->kprobe_pairs[i];
		const struct bpf_program *program = program_of(session, pair);

		if (pair->entry == entry->index)
			return program && attach_fits_kprobe(session, entry, program);
	}
	return true;
}

int kprobe_pairs_choose(struct attachments *attachments, struct failure *failure)
{
	struct session *session = attachments->session;
	const struct manifest *manifest = session->manifest;
	int32_t is_return = 0;

	if (session->options->without & (FEATURE_KPROBE_SESSION | FEATURE_KPROBE_MULTI))
		return STATUS_OK;
	for (uint32_t i = 0; i < manifest->kprobe_pair_count; i++) {
		const struct mf_kprobe_pair *pair = &manifest->kprobe_pairs[i];
		struct attach_target *entry = target_of(attachments, pair->entry);
		struct attach_target *exit = target_of(attachments, pair->exit);
		struct bpf_program *program = program_of(session, pair);
		const struct kprobe *own;

		if (!entry || !exit || !are_alike(entry, exit))
			continue;
		if (!is_return && (!is_supported() || !(is_return = find_is_return(session))))
			return STATUS_OK;
		if (!patch(program, pair->insn, is_return))
			return fail(failure, STATUS_FAILED, "Cannot patch program %s.",
				    pair->program);
		join(attachments, program, entry, exit);
		session_load_also(session, program);
		/* Those of single functions remain, in case that the kernel lets only kprobes stand
		 * there. */
		own = entry->own;
		if (own->functions)
			session->programs[pair->entry] = session->programs[pair->exit] = NULL;
	}
	return STATUS_OK;
}

enum attach_result attach_kprobe_pair(struct attachments *attachments,
				      const struct attach_target *target, struct failure *failure)
{
	const struct kprobe *own = target->own;
	const char *const *functions = own->functions ? (const char *const *)own->functions
						      : (const char *const *)&own->function;
	int link = create_link(bpf_program__fd(own->pair->program), functions, own->pair->cookies,
			       own->functions ? target->events : 1);

	/* Some name was not found among those that ftrace knows (ftrace_lookup_symbols). */
	if (link < 0 && errno == ESRCH)
		return attach_missing(
			failure,
			"Cannot attach %s: the kernel does not let one of its functions be traced.",
			target->probe->name);
	return attach_add_descriptor(attachments, link, target->probe, failure);
}
