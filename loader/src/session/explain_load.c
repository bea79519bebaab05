#include "session/explain_load.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "host/capabilities.h"
#include "host/host.h"
#include "host/kernel_features.h"
#include "host/syscall_filter.h"
#include "session/host_types.h"
#include "session/kernel_targets.h"
#include "session/kernel_types.h"
#include "session/lookups.h"
#include "session/script_place.h"
#include "session/verifier_log.h"

/* Where the kernel's linker puts them (include/linux/percpu-defs.h). */
#define PERCPU_SECTION ".data..percpu"
/* BPF_COMPLEXITY_LIMIT_INSNS (include/linux/bpf.h) */
#define MOST_INSTRUCTIONS 1000000

#define COMPLEX \
	"Loops with fewer rounds, or fewer conditions in them, are quicker to check; so are `for` loops over ranges."

#define BRANCHES \
	"Behind a parameter, as in `if ($1) { ... }`, or a question, as in `if (field_exists($p.f)) { ... }`, it is not loaded where that is 0."

static bool is_trampoline(const struct bpf_program *program)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);

	return kernel_target_type(program) == BPF_PROG_TYPE_TRACING &&
	       (type == BPF_TRACE_FENTRY || type == BPF_TRACE_FEXIT);
}

static bool has_trampolines(const struct session *session)
{
	for (uint32_t i = 0; i < session->manifest->probe_count; i++)
		if (session->programs[i] && is_trampoline(session->programs[i]))
			return true;
	return false;
}

/* Where the script uses a map or a variable of the kernel. */
static int place_symbol(const struct session *session, const char *name, struct failure *failure)
{
	struct btf_ext_place place;

	if (script_place_of_symbol(session, name, &place))
		fail_at_column(failure, place.file, place.line, place.column, place.text);
	return failure->status;
}

/* What libbpf and the kernel say of variables of the kernel that are not there, or not like that.
 */
static int explain_variable(struct session *session, const struct libbpf_log *log,
			    struct failure *failure)
{
	const struct btf *btf;
	char name[128];

	if (libbpf_log_name(log, "failed to find the address for kernel symbol ", name,
			    sizeof(name))) {
		fail(failure, STATUS_KERNEL,
		     "This kernel does not tell where its variable %s is: percpu_kaddr() needs CONFIG_KALLSYMS_ALL.",
		     name);
		return place_symbol(session, name, failure);
	}
	if (!libbpf_log_name(log, "extern (var ksym) ", name, sizeof(name)))
		return STATUS_OK;
	btf = session_kernel_btf(session, NULL);
	if (btf && btf__find_by_name_kind(btf, PERCPU_SECTION, BTF_KIND_DATASEC) < 0)
		fail(failure, STATUS_KERNEL,
		     "percpu_kaddr() needs the kernel's per-CPU variables in its BTF, and this kernel's has none: \"%s\" cannot be found.",
		     name);
	else
		fail(failure, STATUS_FAILED,
		     "Could not resolve variable \"%s\" from BTF: this kernel has no per-CPU variable of that name and type.",
		     name);
	return place_symbol(session, name, failure);
}

/* A type, member or enumerator that the running kernel does not have: the verifier came to an
 * instruction that libbpf had to leave without its number. */
static int explain_relocation(struct session *session, const struct libbpf_log *log,
			      struct failure *failure)
{
	char what[256], *type, *name, *access, *end;

	if (!libbpf_log_name(log, "failed to resolve CO-RE relocation ", what, sizeof(what)))
		return STATUS_OK;
	/* `<byte_off> [29] struct task_struct.patch_state (0:0 @ offset 5212)` */
	type = strchr(what, '[');
	access = strstr(what, " (");
	if (type && access &&
	    host_types_explain(session, (uint32_t)strtoul(type + 1, NULL, 10), access + 2,
			       strcspn(access + 2, " "), failure) != STATUS_OK)
		return failure->status;
	name = strstr(what, "] ");
	end = name ? strstr(name, " (") : NULL;
	if (!end)
		end = name ? strstr(name, " = ") : NULL;
	if (!end)
		return STATUS_OK;
	*end = '\0';
	fail(failure, STATUS_KERNEL,
	     "This kernel has no %s, which the script uses. It was built for Linux %s.", name + 2,
	     session->manifest->kernel_release);
	/* Of enumerators, each of which has an enum of its own, it says no path. */
	if (type)
		host_types_place(session, (uint32_t)strtoul(type + 1, NULL, 10),
				 access ? access + 2 : "0", access ? strcspn(access + 2, " ") : 1,
				 failure);
	return fail_hint(failure, BRANCHES);
}

/* The expression that the verifier refused. */
static bool expression_of(const struct session *session, const struct verifier_refusal *refusal,
			  struct btf_ext_place *place)
{
	const uint32_t insns[] = {refusal->insn, refusal->call};

	/* What no expression stands for is of the one that calls it. */
	for (size_t i = 0; i < sizeof(insns) / sizeof(*insns); i++)
		if (insns[i] != VERIFIER_NOWHERE &&
		    script_place(session, refusal->program, insns[i], place))
			return true;
	return false;
}

/* The place of what the verifier refused: an expression, or else the probe. */
static void place_refusal(struct session *session, const struct verifier_refusal *refusal,
			  struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	struct btf_ext_place place;

	if (expression_of(session, refusal, &place)) {
		fail_at_column(failure, place.file, place.line, place.column, place.text);
		return;
	}
	for (uint32_t i = 0; i < manifest->probe_count; i++) {
		const struct mf_probe *probe = &manifest->probes[i];

		if (strcmp(probe->program, refusal->program) == 0)
			fail_at(failure, probe->file ? probe->file : manifest->script, probe->line);
	}
}

/* What is known of a refused load. */
struct refused {
	struct session *session;
	const struct libbpf_log *log;
};

/* MAX_BPF_STACK: what keys had to fit into (htab_map_alloc_check, kernel/bpf/hashtab.c). */
#define STACK_BYTES 512

static bool place_of_large_keys(const struct session *session, struct btf_ext_place *place)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(
		map, session->object) if (bpf_map__key_size(map) > STACK_BYTES &&
					  script_place_of_symbol(session, bpf_map__name(map),
								 place)) return true;
	return false;
}

/* Where the verifier came to the helper, or else where the script calls it: some kernels say other
 * things before. */
static bool place_of_feature(const char *feature, int helper, void *context,
			     struct btf_ext_place *place)
{
	const struct refused *refused = context;
	struct verifier_refusal refusal;
	const char *number;

	if (strcmp(feature, "large_keys") == 0)
		return place_of_large_keys(refused->session, place);
	if (!helper)
		return false;
	if (verifier_log_read(refused->log->text, &refusal) &&
	    (number = strchr(refusal.words, '#')) && atoi(number + 1) == helper &&
	    expression_of(refused->session, &refusal, place))
		return true;
	return script_place_of_helper(refused->session, helper, place);
}

/* What this kernel lacks; what is no helper the verifier may have come to. */
static int explain_feature(struct session *session, const struct libbpf_log *log,
			   struct failure *failure)
{
	struct refused refused = {session, log};
	const struct feature_place places = {place_of_feature, &refused};
	struct verifier_refusal refusal;

	if (features_explain(session->manifest, session->options->btf || host_btf_path(), &places,
			     failure) != STATUS_OK &&
	    verifier_log_read(log->text, &refusal) && refusal.insn != VERIFIER_NOWHERE)
		place_refusal(session, &refusal, failure);
	return failure->status;
}

/* An answer that the program needs and this kernel does not have (MF_MISSING_CALL). */
static int explain_missing(struct session *session, const struct libbpf_log *log,
			   struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	struct verifier_refusal refusal;
	const char *number;
	unsigned long call;

	if (!verifier_log_read(log->text, &refusal))
		return STATUS_OK;
	/* "invalid func unknown#N" (check_helper_call, kernel/bpf/verifier.c) */
	number = strstr(refusal.words, "unknown#");
	call = number ? strtoul(number + strlen("unknown#"), NULL, 10) : 0;
	if (call < MF_MISSING_CALL || call - MF_MISSING_CALL >= manifest->lookup_count)
		return STATUS_OK;
	lookup_refuse(session, &manifest->lookups[call - MF_MISSING_CALL], failure);
	return fail_hint(failure, BRANCHES);
}

/* Sentences that tell a limit of the kernel, and what it means for a script. */
static const struct {
	const char *words, *meaning, *hint;
	int status;
} limits[] = {
	{"BPF program is too large", "The script takes this kernel's verifier too many steps",
	 COMPLEX, STATUS_FAILED},
	{"jumps is too complex", "The script takes this kernel's verifier too many steps", COMPLEX,
	 STATUS_FAILED},
	{"infinite loop detected", "This kernel's verifier sees no end of a loop", COMPLEX,
	 STATUS_FAILED},
	{"back-edge from insn", "This kernel takes no loops", "Linux 5.3 brings them.",
	 STATUS_FAILED},
	/* MAX_USED_MAPS (include/linux/bpf_verifier.h). */
	{"total number of maps per program has reached the limit",
	 "A block uses more maps than this kernel lets a program",
	 "One map whose key says what is counted does for several, and so do several blocks on one event.",
	 STATUS_FAILED},
	/* btf_distill_func_proto (kernel/bpf/btf.c). */
	{"type STRUCT is unsupported",
	 "This kernel attaches no programs to functions with structs for arguments",
	 "Linux 6.1 brings that; a kprobe may do instead.", STATUS_KERNEL},
	{"Too large", "The script needs more stack than this kernel gives a program",
	 "Functions that call each other share 512 bytes: large values may stand in maps.",
	 STATUS_FAILED},
};

/* What the verifier says, in its words, where it says it of the script. */
static int explain_refusal(struct session *session, const struct libbpf_log *log,
			   struct failure *failure)
{
	const char *meaning = "This kernel's verifier refuses the script";
	struct verifier_refusal refusal;
	const char *hint = NULL;
	int status = STATUS_FAILED;

	if (!verifier_log_read(log->text, &refusal))
		return STATUS_OK;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits) && !hint; i++) {
		if (!strstr(refusal.words, limits[i].words))
			continue;
		meaning = limits[i].meaning;
		hint = limits[i].hint;
		status = limits[i].status;
	}
	fail(failure, status, "%s: %s", meaning, refusal.words);
	place_refusal(session, &refusal, failure);
	return hint ? fail_hint(failure, "%s", hint)
		    : fail_hint(failure, "-v shows the verifier's log.");
}

/*
 * Descriptors that are used up. libbpf, which cannot make its trial of global data then, goes on
 * without such maps (kernel_supports, tools/lib/bpf/libbpf.c); all kernels that we know have them.
 */
static int explain_descriptors(const struct libbpf_log *log, int error, struct failure *failure)
{
	if (error != EMFILE && error != ENFILE &&
	    !libbpf_log_has(log, "is referenced but wasn't created"))
		return STATUS_OK;
	fail(failure, STATUS_FAILED,
	     "There are no file descriptors left for the maps and programs of the script.");
	return fail_hint(failure, "`ulimit -n` tells how many a process may have.");
}

/* A map that the kernel does not make. */
static int explain_map(const struct session *session, const struct libbpf_log *log, int error,
		       struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	char symbol[128];

	if ((error != E2BIG && error != ENOMEM) ||
	    !libbpf_log_name(log, "libbpf: map ", symbol, sizeof(symbol)) ||
	    !libbpf_log_has(log, "failed to create"))
		return STATUS_OK;
	for (uint32_t i = 0; i < manifest->map_count; i++) {
		const struct mf_map *map = &manifest->maps[i];
		const struct bpf_map *own;

		for (uint32_t j = 0; j < map->store_count; j++) {
			if (!map->stores[j].map || strcmp(map->stores[j].map, symbol) != 0)
				continue;
			own = bpf_object__find_map_by_name(session->object, symbol);
			fail(failure, STATUS_FAILED,
			     "The map %s is too large: the kernel has no memory for %u keys.",
			     map->name, own ? bpf_map__max_entries(own) : 0);
			return fail_hint(
				failure,
				"max_map_keys, or `let %s = hash(KEYS);`, says how many keys it may have.",
				map->name);
		}
	}
	return STATUS_OK;
}

/* A map of a type that this kernel does not know. */
static int explain_map_type(const struct session *session, const struct libbpf_log *log, int error,
			    struct failure *failure)
{
	const struct bpf_map *map;
	enum bpf_map_type type;
	struct utsname host;
	char symbol[128], number[16];
	const char *name;

	if (error != EINVAL || !libbpf_log_has(log, "failed to create") ||
	    !libbpf_log_name(log, "libbpf: map ", symbol, sizeof(symbol)) || uname(&host) != 0)
		return STATUS_OK;
	map = bpf_object__find_map_by_name(session->object, symbol);
	type = map ? bpf_map__type(map) : BPF_MAP_TYPE_UNSPEC;
	/* Negative: libbpf does not know the type itself. */
	if (!map || libbpf_probe_bpf_map_type(type, NULL) > 0)
		return STATUS_OK;
	snprintf(number, sizeof(number), "%u", (unsigned)type);
	name = libbpf_bpf_map_type_str(type);
	fail(failure, STATUS_KERNEL,
	     "This kernel (%s) has no maps of type %s, which the script needs.", host.release,
	     name ? name : number);
	return place_symbol(session, symbol, failure);
}

/* The kernel looks at no program of more instructions (bpf_prog_load, kernel/bpf/syscall.c). */
static int explain_size(const struct session *session, int error, struct failure *failure)
{
	struct bpf_program *program;

	if (error != E2BIG)
		return STATUS_OK;
	bpf_object__for_each_program(program, session->object) if (
		bpf_program__autoload(program) &&
		bpf_program__insn_cnt(program) >
			MOST_INSTRUCTIONS) return fail(failure, STATUS_FAILED,
						       "Program %s has %zu instructions; kernels take at most %u.",
						       bpf_program__name(program),
						       bpf_program__insn_cnt(program),
						       MOST_INSTRUCTIONS);
	return STATUS_OK;
}

void explain_load(struct session *session, const struct libbpf_log *log, int error,
		  struct failure *failure)
{
	/* libbpf gives EPERM, too, for damaged types that it compares (bpf_core_calc_relo_insn). */
	bool is_permission = !libbpf_log_has(log, "BEGIN PROG LOAD LOG") &&
			     !libbpf_log_has(log, "failed to relocate");

	/* A feature says it all; the log is for -v. */
	if (explain_descriptors(log, error, failure) != STATUS_OK ||
	    explain_feature(session, log, failure) != STATUS_OK ||
	    explain_map(session, log, error, failure) != STATUS_OK ||
	    explain_map_type(session, log, error, failure) != STATUS_OK ||
	    explain_variable(session, log, failure) != STATUS_OK ||
	    explain_relocation(session, log, failure) != STATUS_OK ||
	    explain_missing(session, log, failure) != STATUS_OK ||
	    explain_refusal(session, log, failure) != STATUS_OK ||
	    explain_size(session, error, failure) != STATUS_OK)
		return;
	/* Capabilities have been looked at before (capabilities.c). */
	if (is_permission && error == EPERM && has_trampolines(session) &&
	    !syscall_filter_is_there())
		fail(failure, STATUS_PERMISSION,
		     "No permission to load programs: %s. fentry and fexit need CAP_BPF and CAP_PERFMON, and a kernel that is not locked down (lockdown=integrity forbids them). A kprobe or a tracepoint may do instead.",
		     strerror(error));
	else if (is_permission && (error == EPERM || error == EACCES))
		fail(failure, STATUS_PERMISSION, "No permission to load programs: %s. %s",
		     strerror(error), capabilities_refusal());
	else
		fail(failure, STATUS_FAILED, "The kernel refused the script's programs: %s.",
		     strerror(error));
	libbpf_log_explain(log, failure);
}
