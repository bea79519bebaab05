#include "run/confine.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/say.h"
#include "base/strbuf.h"
#include "host/syscall_filter.h"
#include "object/type_search.h"
#include "output/output.h"
#include "session/permissions.h"
#include "session/policy.h"
#include "session/session.h"

#define BIT(capability) (UINT64_C(1) << (capability))

int confine_find_user(struct user_account *account, const struct options *options,
		      struct failure *failure)
{
	const uint64_t wanted = BIT(CAP_SETUID) | BIT(CAP_SETGID);

	if (!options->user)
		return STATUS_OK;
	if (!user_account_find(account, options->user))
		return fail(failure, STATUS_USAGE, "--user: there is no user %s.", options->user);
	if ((privileges_effective() & wanted) != wanted)
		return fail(failure, STATUS_PERMISSION,
			    "--user takes CAP_SETUID and CAP_SETGID, which are missing.");
	return STATUS_OK;
}

static bool has_event(const struct manifest *manifest, enum mf_event_kind kind)
{
	for (uint32_t i = 0; i < manifest->event_count; i++)
		if (manifest->events[i].kind == kind)
			return true;
	return false;
}

static bool has_probe(const struct session *session, enum mf_provider provider)
{
	return session_count(session, provider) > 0;
}

/* What the text of a value is read from: the time zone, names of users, paths of cgroups. */
static bool reads_files(const struct mf_type *type, const void *context)
{
	(void)context;
	return type->kind == MF_TIMESTAMP ||
	       (type->kind == MF_NAME && type->name_space == MF_NAME_USER);
}

static bool walks_folders(const struct mf_type *type, const void *context)
{
	(void)context;
	return type->kind == MF_CGROUP_PATH;
}

static bool runs_commands(const struct session *session)
{
	return has_event(session->manifest, MF_EVENT_SYSTEM) && permission_to_run(session->options);
}

/* Of other users: what the policy does not allow costs what it takes. */
static bool names_others(const struct session *session)
{
	return !session->policy || !session->policy->no_names;
}

/* Their files are told where names are made elsewhere. */
static bool is_raw(const struct mf_type *type, const void *context)
{
	(void)context;
	return type->kind == MF_STACK && type->user_stack && type->stack_mode == MF_STACK_RAW;
}

static bool tells_files(const struct options *options)
{
	return options->recording || options->form == FORM_TYPED_JSON;
}

static bool names_processes(const struct session *session)
{
	const struct manifest *manifest = session->manifest;

	return manifest_has_names(manifest, true) || has_event(manifest, MF_EVENT_PROCESS) ||
	       (tells_files(session->options) && manifest_has_type(manifest, is_raw, NULL));
}

static uint32_t needs_of(const struct session *session)
{
	const struct manifest *manifest = session->manifest;
	uint32_t needs = 0;

	/* What is held is read in /proc. */
	if (session->options->max_memory || has_event(manifest, MF_EVENT_CAT) ||
	    has_event(manifest, MF_EVENT_TIME) || manifest_has_type(manifest, reads_files, NULL))
		needs |= NEED_FILES;
	if (names_processes(session) || manifest_has_type(manifest, walks_folders, NULL) ||
	    manifest_names_containers(manifest))
		needs |= NEED_FOLDERS;
	if (has_probe(session, MF_END) || has_probe(session, MF_SELF))
		needs |= NEED_PROGRAMS;
	if (has_probe(session, MF_ITER))
		needs |= NEED_ITERATOR;
	if (session->options->child)
		needs |= NEED_KILL;
	if (session->options->reopen)
		needs |= NEED_OUTPUT;
	if (output_writes_metrics(session->options))
		needs |= NEED_REPLACE;
	if (session->options->metrics)
		needs |= NEED_CLIENTS;
	if (session->options->top)
		needs |= NEED_SCREEN;
	return needs;
}

/* Whether the kernel would do that with a descriptor that is one. */
static bool may_do(uint32_t command)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	/* The first member of what these commands take: a map, a program, a link. */
	attributes.map_fd = UINT32_MAX;
	return syscall(SYS_bpf, command, &attributes, sizeof(attributes)) >= 0 || errno != EPERM;
}

/*
 * Before Linux 5.19, and where kernel.unprivileged_bpf_disabled is set, maps that are open take
 * CAP_BPF, too (kernel/bpf/syscall.c, __sys_bpf); programs may take it in any case. The kernel
 * that runs is asked.
 */
static uint64_t capabilities_of_bpf(uint32_t needs, uint64_t others)
{
	uint64_t permitted = privileges_permitted();
	bool may;

	if (privileges_use(others) != 0)
		return 0;
	may = may_do(BPF_MAP_LOOKUP_ELEM) &&
	      (!(needs & NEED_PROGRAMS) || may_do(BPF_PROG_TEST_RUN)) &&
	      (!(needs & NEED_ITERATOR) || may_do(BPF_ITER_CREATE));
	privileges_use(UINT64_MAX);
	if (may)
		return 0;
	return permitted & BIT(CAP_BPF) ? BIT(CAP_BPF) : permitted & BIT(CAP_SYS_ADMIN);
}

static uint64_t capabilities_for(const struct session *session, uint32_t needs)
{
	const struct manifest *manifest = session->manifest;
	uint64_t capabilities = 0;

	if (names_processes(session) && names_others(session))
		/* map_files takes the last. */
		capabilities |= BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH) |
				BIT(CAP_CHECKPOINT_RESTORE);
	/* As --user, it reads what the user may. */
	if (has_event(manifest, MF_EVENT_CAT) && !session->options->user)
		capabilities |= BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYSLOG);
	if (needs & NEED_KILL)
		capabilities |= BIT(CAP_KILL);
	capabilities |= capabilities_of_bpf(needs, capabilities);
	return capabilities & privileges_permitted();
}

/* What has run already. Of what is attached the kernel's counts are read at the end
 * (attach_missed), and to nothing else a descriptor is good: the filter has no way to attach it.
 * The numbers stay taken, since libbpf closes them at the end. */
static void close_programs(const struct session *session)
{
	int nothing = open("/dev/null", O_PATH | O_CLOEXEC);

	for (uint32_t i = 0; i < session->manifest->probe_count && nothing >= 0; i++) {
		enum mf_provider provider = session->manifest->probes[i].provider;
		int fd = session->programs[i] ? bpf_program__fd(session->programs[i]) : -1;

		if (fd >= 0 &&
		    (provider == MF_BEGIN || provider == MF_TEST || provider == MF_BENCH))
			dup3(nothing, fd, O_CLOEXEC);
	}
	if (nothing >= 0)
		close(nothing);
}

static void tell(uint64_t capabilities, const char *rest)
{
	struct strbuf text = {0};

	privileges_put(&text, capabilities);
	say("Holds %s%s", strbuf_c_text(&text), rest);
	strbuf_free(&text);
}

/* Commands get what the loader was given, and so a filter would be theirs, too. */
static int confine_beside_commands(const struct session *session, uint64_t capabilities,
				   const struct user_account *account, struct failure *failure)
{
	if (session->options->user && privileges_become(account) != 0)
		return fail(failure, STATUS_FAILED, "Cannot become user %s: %s.",
			    session->options->user, strerror(errno));
	if (privileges_use(capabilities) != 0)
		return fail(failure, STATUS_FAILED, "Cannot give up capabilities: %s.",
			    strerror(errno));
	if (session->options->verbose)
		tell(capabilities, "; commands have what bpfload was given");
	return STATUS_OK;
}

static int confine_alone(const struct session *session, uint64_t capabilities, uint32_t needs,
			 const struct user_account *account, struct failure *failure)
{
	bool is_filtered;
	char rest[64];

	if (privileges_drop(capabilities, session->options->user ? account : NULL) != 0)
		return fail(failure, STATUS_FAILED, "Cannot give up capabilities: %s.",
			    strerror(errno));
	is_filtered = syscall_filter_install(needs) == 0;
	if (!is_filtered && !session->options->no_warnings)
		say_warning("this kernel filters no system calls (%s): bpfload goes on with all.",
			    strerror(errno));
	if (is_filtered)
		snprintf(rest, sizeof(rest), ", no_new_privs, a filter of %u system calls",
			 syscall_filter_count(needs));
	if (session->options->verbose)
		tell(capabilities, is_filtered ? rest : ", no_new_privs");
	return STATUS_OK;
}

int confine(struct session *session, const struct user_account *account, struct failure *failure)
{
	uint32_t needs = needs_of(session);
	uint64_t capabilities;

	if (session->options->keep_privileges)
		return STATUS_OK;
	/* Their memory counts for --max-memory. */
	if (!session->options->max_memory)
		close_programs(session);
	if (!runs_commands(session)) {
		capabilities = capabilities_for(session, needs);
		return confine_alone(session, capabilities, needs, account, failure);
	}
	/* Their ends are ours to ask for. */
	capabilities = capabilities_for(session, needs | NEED_KILL);
	return confine_beside_commands(session, capabilities, account, failure);
}
