#include "attach/kprobe_session.h"

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

#include "base/exit_status.h"
#include "base/say.h"

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
	const struct btf *btf = session_kernel_btf(session, NULL);
	int32_t id = btf ? btf__find_by_name_kind(btf, IS_RETURN, BTF_KIND_FUNC) : 0;

	return id > 0 ? id : 0;
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
	if (entry->category || exit->category || entry->offset || entry->events != exit->events)
		return false;
	if (entry->function && exit->function)
		return strcmp(entry->function, exit->function) == 0;
	if (!entry->functions || !exit->functions)
		return false;
	for (uint32_t i = 0; i < entry->events; i++)
		if (strcmp(entry->functions[i], exit->functions[i]) != 0)
			return false;
	return true;
}

/* Gives the entry the cookies of both: numbers of names, that of the return in the upper half.
 * False without memory. */
static bool merge(struct attachments *attachments, const struct mf_session *merged,
		  struct attach_target *entry, struct attach_target *exit)
{
	struct session *session = attachments->session;
	uint32_t count = entry->functions ? entry->events : 1;
	uint64_t *cookies = arena_array(&session->arena, count, sizeof(*cookies));

	if (!cookies)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t first = entry->functions ? entry->cookies[i] : entry->cookie;
		uint64_t second = exit->functions ? exit->cookies[i] : exit->cookie;

		cookies[i] = second << 32 | first;
	}
	entry->merged = merged;
	entry->partner = exit;
	entry->session_cookies = cookies;
	exit->is_partner = true;
	return true;
}

/* Makes the program ask the kernel which end it runs at. */
static bool patch(struct bpf_program *program, const struct mf_session *merged, int32_t is_return)
{
	size_t count = bpf_program__insn_cnt(program);
	struct bpf_insn *insns = malloc(count * sizeof(*insns));
	bool patched = false;

	if (insns && merged->insn < count) {
		memcpy(insns, bpf_program__insns(program), count * sizeof(*insns));
		insns[merged->insn] = (struct bpf_insn){.code = BPF_JMP | BPF_CALL,
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

int kprobe_sessions_choose(struct attachments *attachments)
{
	struct session *session = attachments->session;
	int32_t is_return = 0;

	if (session->options->without & (FEATURE_KPROBE_SESSION | FEATURE_KPROBE_MULTI))
		return STATUS_OK;
	for (uint32_t i = 0; i < session->manifest->session_count; i++) {
		const struct mf_session *merged = &session->manifest->sessions[i];
		struct attach_target *entry = target_of(attachments, merged->entry);
		struct attach_target *exit = target_of(attachments, merged->exit);

		if (!entry || !exit || !are_alike(entry, exit))
			continue;
		if (!is_return && (!is_supported() || !(is_return = find_is_return(session))))
			return STATUS_OK;
		if (!patch(session->pairs[i].program, merged, is_return) ||
		    !merge(attachments, merged, entry, exit)) {
			say_error("out of memory");
			return STATUS_FAILED;
		}
		session->pairs[i].chosen = true;
		/* Those of single functions remain, in case that the kernel lets only kprobes stand
		 * there. */
		if (entry->functions)
			session->programs[merged->entry] = session->programs[merged->exit] = NULL;
	}
	return STATUS_OK;
}

enum attach_result attach_kprobe_session(struct attachments *attachments,
					 const struct attach_target *target,
					 struct attach_failure *failure)
{
	const struct session *session = attachments->session;
	const struct session_pair *pair =
		&session->pairs[target->merged - session->manifest->sessions];
	const char *const *functions = target->functions ? (const char *const *)target->functions
							 : (const char *const *)&target->function;
	int link = create_link(bpf_program__fd(pair->program), functions, target->session_cookies,
			       target->functions ? target->events : 1);

	/* Some name was not found among those that ftrace knows (ftrace_lookup_symbols). */
	if (link < 0 && errno == ESRCH)
		return attach_missing(failure,
				      "Cannot attach %s: the kernel does not let one of its "
				      "functions be traced.",
				      target->probe->name);
	return attach_add_descriptor(attachments, link, target->probe, failure);
}
