#include "session/host_types.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/memory.h"
#include "host/host.h"
#include "host/kernel_btf.h"
#include "host/type_key.h"
#include "host/type_match.h"
#include "host/type_subset.h"
#include "object/btf_ext.h"
#include "session/copied_structs.h"
#include "session/kernel_subset.h"
#include "session/kernel_types.h"
#include "session/session.h"

/* Types of one name in a kernel: structs of drivers have at most a handful. */
#define MOST_CANDIDATES 16

/* A local type and the kernel's of its name. */
struct known_type {
	uint32_t type, count, candidates[MOST_CANDIDATES];
	const struct btf *host;
};

struct check {
	struct session *session;
	const struct elf_file *elf;
	/* The kernel's own, without modules. */
	const struct btf *local, *host;
	struct known_type *types;
	uint32_t type_count, type_room;
	/* Records of width and sign, which the code has by relocation. */
	struct btf_ext_core *widths;
	uint32_t width_count, width_room;
	/* Whether the first difference ends it, and that there was one. */
	bool only_asks, differs;
	struct failure *failure;
};

/* The file that the user gives in place of the kernel's BTF, or NULL. */
static const char *given_types(const struct session *session)
{
	return session->options->btf ? session->options->btf : host_btf_path();
}

/* What the kernel itself does not have a module may, as libbpf looks for it. */
static void find_in_modules(struct check *check, struct known_type *known)
{
	struct session *session = check->session;
	const char **modules;
	int64_t count;

	if (given_types(session))
		return;
	count = kernel_btf_modules(&session->arena, &modules);
	for (int64_t i = 0; i < count && known->count == 0; i++) {
		const struct btf *btf = session_kernel_btf(session, modules[i]);

		if (!btf)
			continue;
		known->host = btf;
		known->count =
			type_candidates(check->local, known->type, btf, btf__type_cnt(check->host),
					known->candidates, MOST_CANDIDATES);
	}
}

static const struct known_type *known_type(struct check *check, uint32_t type)
{
	struct known_type *known;

	for (uint32_t i = 0; i < check->type_count; i++)
		if (check->types[i].type == type)
			return &check->types[i];
	memory_grow(check->types, check->type_count, check->type_room);
	known = &check->types[check->type_count++];
	known->type = type;
	known->host = check->host;
	known->count = type_candidates(check->local, type, check->host, 1, known->candidates,
				       MOST_CANDIDATES);
	if (known->count == 0)
		find_in_modules(check, known);
	return known;
}

/* Programs that are left out may want of the kernel what they like; what others call is loaded. */
static bool is_loaded(const struct check *check, const struct btf_ext_core *record)
{
	uint32_t section = elf_find_section_index(check->elf, record->section->name);

	for (uint32_t i = 0; i < check->elf->symbol_count; i++) {
		const struct elf_symbol *symbol = &check->elf->symbols[i];
		const struct bpf_program *program;

		if (symbol->type != STT_FUNC || symbol->section != section ||
		    record->offset < symbol->value ||
		    record->offset - symbol->value >= symbol->size)
			continue;
		program = bpf_object__find_program_by_name(check->session->object, symbol->name);
		return !program || bpf_program__autoload(program);
	}
	return true;
}

static bool collect_width(const struct btf_ext_core *record, void *context)
{
	struct check *check = context;

	if (record->kind != BPF_CORE_FIELD_BYTE_SIZE && record->kind != BPF_CORE_FIELD_SIGNED)
		return true;
	memory_grow(check->widths, check->width_count, check->width_room);
	check->widths[check->width_count++] = *record;
	return true;
}

static enum type_use use_of(const struct check *check, const struct btf_ext_core *record)
{
	bool adapts = false;

	for (uint32_t i = 0; i < check->width_count; i++) {
		if (check->widths[i].type != record->type ||
		    strcmp(check->widths[i].access, record->access) != 0)
			continue;
		if (check->widths[i].kind == BPF_CORE_FIELD_SIGNED)
			return TYPE_USE_OPEN;
		adapts = true;
	}
	if (adapts)
		return TYPE_USE_ADAPTS;
	return BPF_CLASS(record->section->data[record->offset]) == BPF_LDX ? TYPE_USE_LOADS
									   : TYPE_USE_FIXED;
}

static void refuse(const struct check *check, const struct btf_ext_core *record,
		   const struct type_leaf *leaf, const char *why)
{
	struct btf_ext_place place;
	char type[160];

	type_describe(check->local, record->type, type, sizeof(type));
	fail(check->failure, STATUS_KERNEL, "%s of %s %s.", *leaf->name ? leaf->name : "A member",
	     type, why);
	fail_hint(check->failure,
		  "Build the script with --kernel, against a description of this kernel.");
	if (btf_ext_place_of(check->elf, record->section, record->offset, &place))
		fail_at(check->failure, place.file, place.line);
}

/* A member, in the object's BTF, whose values are others on this kernel, and what is to be said if
 * they are read. */
struct session_unfit {
	const struct btf_member *member;
	struct failure failure;
	struct session_unfit *next;
};

/* Looks for a question whether the kernel has a member. */
struct question {
	const struct check *check;
	const struct btf_member *member;
	bool found;
};

static bool find_question(const struct btf_ext_core *record, void *context)
{
	struct question *question = context;

	question->found = record->kind == BPF_CORE_FIELD_EXISTS &&
			  type_local_member(question->check->local, record->type, record->access) ==
				  question->member;
	return !question->found;
}

/* A name of the object's own, which no member of these structs has; 0: none. */
static uint32_t foreign_name(const struct check *check, const struct known_type *known)
{
	uint32_t count = btf__type_cnt(check->local);

	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(check->local, id);
		const char *name = btf__name_by_offset(check->local, type->name_off);
		bool taken = false;
		struct type_leaf leaf;

		if (!btf_is_var(type) && !btf_is_func(type))
			continue;
		for (uint32_t i = 0; name && i < known->count; i++)
			taken = taken ||
				type_member(known->host, known->candidates[i], name, &leaf);
		if (name && *name && !taken)
			return type->name_off;
	}
	return 0;
}

/*
 * Leaves it to the verifier whether the member is reached: under another name libbpf does not find
 * it, and makes each instruction that wants it one that cannot be loaded (bpf_core_poison_insn,
 * relo_core.c). False where a question whether the kernel has it, which it has, is of the same
 * type; those of the compiler have types of their own.
 */
static bool hide(const struct check *check, const struct btf_ext_core *record,
		 const struct known_type *known, const struct failure *failure)
{
	struct session *session = check->session;
	struct question question = {
		.check = check,
		.member = type_local_member(check->local, record->type, record->access),
	};
	uint32_t name = foreign_name(check, known);
	struct session_unfit *unfit;

	btf_ext_each_core(check->elf, find_question, &question);
	if (!question.member || !name || question.found)
		return false;
	/* In libbpf's copy of the object's BTF, before it is loaded. */
	((struct btf_member *)question.member)->name_off = name;
	unfit = arena_array(&session->arena, 1, sizeof(*unfit));
	*unfit = (struct session_unfit){question.member, *failure, session->unfit};
	session->unfit = unfit;
	return true;
}

/* What hide() kept of the member that an access path (of `length` bytes) leads to. */
static const struct session_unfit *hidden(const struct check *check, uint32_t type,
					  const char *access, size_t length)
{
	const struct session_unfit *unfit = check->session->unfit;
	const struct btf_member *member;
	char path[256];

	if (length >= sizeof(path))
		return NULL;
	memcpy(path, access, length);
	path[length] = '\0';
	member = type_local_member(check->local, type, path);
	while (unfit && unfit->member != member)
		unfit = unfit->next;
	return unfit;
}

static bool check_record(const struct btf_ext_core *record, void *context)
{
	struct check *check = context;
	const struct known_type *known;
	struct type_leaf local, host;
	char why[512];

	if (record->kind != BPF_CORE_FIELD_BYTE_OFFSET || !is_loaded(check, record) ||
	    !type_local_leaf(check->local, record->type, record->access, &local))
		return true;
	known = known_type(check, record->type);
	for (uint32_t i = 0; i < known->count; i++) {
		if (!type_host_leaf(check->local, record->type, record->access, known->host,
				    known->candidates[i], &host) ||
		    !type_relocates(&local, &host) ||
		    type_same_value(&local, &host, use_of(check, record), why, sizeof(why)))
			continue;
		check->differs = true;
		if (check->only_asks)
			return false;
		refuse(check, record, &local, why);
		if (!hide(check, record, known, check->failure))
			return false;
		failure_clear(check->failure);
		return true;
	}
	return true;
}

/* What the records ask for. */
struct survey {
	bool relocates;
	/* Ids of the kernel's types, which its whole BTF alone tells. */
	bool asks_ids;
};

static bool survey_record(const struct btf_ext_core *record, void *context)
{
	struct survey *survey = context;

	survey->relocates = true;
	survey->asks_ids = survey->asks_ids || record->kind == BPF_CORE_TYPE_ID_TARGET;
	return true;
}

const char *host_types_file(struct session *session)
{
	struct survey survey = {0};

	if (given_types(session))
		return given_types(session);
	btf_ext_each_core(session->elf, survey_record, &survey);
	if (!survey.relocates || survey.asks_ids)
		return NULL;
	session->types_file = memfd_create("types", MFD_CLOEXEC);
	if (session->types_file < 0) {
		session->types_file = 0;
		return NULL;
	}
	return arena_format(&session->arena, "/proc/self/fd/%d", session->types_file);
}

static bool take_record(const struct btf_ext_core *record, void *context)
{
	known_type(context, record->type);
	return true;
}

static bool write_all(int fd, const void *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written <= 0)
			return false;
		bytes = (const char *)bytes + written;
		size -= (size_t)written;
	}
	return true;
}

/* Fills the file that libbpf reads the kernel's types from. */
static void keep_types(const struct check *check, const void *bytes, uint32_t size)
{
	if (!bytes || !write_all(check->session->types_file, bytes, size))
		fail(check->failure, STATUS_FAILED, "Cannot keep the kernel's types: %s.",
		     strerror(errno));
}

/* With all of them where some cannot be copied. */
static void write_types(struct check *check)
{
	struct type_subset *subset = type_subset_new();
	const void *bytes;
	bool copied = true;
	void *few = NULL;
	uint32_t size = 0;

	btf_ext_each_core(check->elf, take_record, check);
	for (uint32_t i = 0; i < check->type_count && copied; i++)
		for (uint32_t j = 0; j < check->types[i].count && copied; j++)
			copied = type_subset_add(subset, type_btf_source(check->types[i].host),
						 check->types[i].candidates[j]);
	if (copied)
		few = type_subset_bytes(subset, &size);
	bytes = few ? few : btf__raw_data(check->host, &size);
	keep_types(check, bytes, size);
	free(few);
	type_subset_free(subset);
}

/*
 * The check by the few types that the records name, which are then what libbpf reads. False where
 * that does not tell: a type is a module's, or something differs, and words for that want all
 * types.
 */
static bool check_by_few(struct check *check)
{
	struct session *session = check->session;
	const struct type_view *kernel = session_type_view(session);
	struct btf *few;
	uint32_t size;
	void *bytes;

	check->local = bpf_object__btf(session->object);
	bytes = kernel && check->local ? kernel_subset(check->elf, check->local, kernel, &size)
				       : NULL;
	few = bytes ? btf__new(bytes, size) : NULL;
	check->host = few;
	check->only_asks = true;
	if (few)
		btf_ext_each_core(check->elf, check_record, check);
	if (few && !check->differs)
		keep_types(check, bytes, size);
	check->type_count = 0;
	check->only_asks = false;
	btf__free(few);
	free(bytes);
	return few && !check->differs;
}

/* Nobody vouches for a file. */
static int check_given(const struct btf *btf, const char *path, struct failure *failure)
{
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);

	return btf_check_kernel(bytes, bytes ? size : 0, path, failure);
}

/* Both sides' BTF; what is to be freed in *own: 12 MB, unless the session keeps it anyway. */
static int open_types(struct check *check, struct btf **own)
{
	struct session *session = check->session;
	const char *path = given_types(session);

	check->local = bpf_object__btf(session->object);
	if (path)
		check->host = *own = btf__parse(path, NULL);
	else if (session->kernel_btfs)
		check->host = session_kernel_btf(session, NULL);
	else
		check->host = *own = kernel_btf_load();
	if (check->local && check->host)
		return path ? check_given(check->host, path, check->failure) : STATUS_OK;
	fail(check->failure, STATUS_KERNEL, "Cannot read the kernel's types%s%s: %s.",
	     path ? " from " : "", path ? path : "",
	     errno < 4000 ? strerror(errno) : "it holds no BTF");
	return fail_hint(
		check->failure,
		"Scripts that name types of the kernel need its BTF (CONFIG_DEBUG_INFO_BTF), or a file with it: --btf FILE.");
}

int host_types_check(struct session *session, struct failure *failure)
{
	struct check check = {.session = session, .elf = session->elf, .failure = failure};
	struct survey survey = {0};
	struct btf *own = NULL;

	btf_ext_each_core(check.elf, survey_record, &survey);
	if (!survey.relocates && !copied_structs_are_there(session->manifest))
		return STATUS_OK;
	btf_ext_each_core(check.elf, collect_width, &check);
	/* Structs that are copied whole are followed through their pointers. */
	if (session->types_file && !session->kernel_btfs &&
	    !copied_structs_are_there(session->manifest) && check_by_few(&check)) {
		/* Then nothing is left to ask. */
	} else if (open_types(&check, &own) == STATUS_OK) {
		btf_ext_each_core(check.elf, check_record, &check);
		if (failure->status == STATUS_OK)
			copied_structs_check(session, check.host, !given_types(session), failure);
		if (failure->status == STATUS_OK && session->types_file)
			write_types(&check);
	}
	btf__free(own);
	free(check.types);
	free(check.widths);
	return failure->status;
}

/* What explain_relocation looks for. */
struct wanted {
	struct check *check;
	uint32_t type;
	const char *access;
	size_t access_length;
};

/* The record of the relocation, if the kernel has its member, as another kind of value. */
static bool explain_record(const struct btf_ext_core *record, void *context)
{
	const struct wanted *wanted = context;
	struct check *check = wanted->check;
	const struct known_type *known;
	struct type_leaf local, host;
	char why[512];

	if (record->type != wanted->type || strlen(record->access) != wanted->access_length ||
	    memcmp(record->access, wanted->access, wanted->access_length) != 0 ||
	    !type_local_leaf(check->local, record->type, record->access, &local))
		return true;
	known = known_type(check, record->type);
	for (uint32_t i = 0; i < known->count; i++) {
		if (!type_host_leaf(check->local, record->type, record->access, known->host,
				    known->candidates[i], &host))
			continue;
		if (type_same_value(&local, &host, TYPE_USE_FIXED, why, sizeof(why))) {
			char was[160], is[160];

			if (type_relocates(&local, &host))
				continue;
			/* Such as a number that became an enum. */
			type_describe(local.btf, local.type, was, sizeof(was));
			type_describe(host.btf, host.type, is, sizeof(is));
			snprintf(why, sizeof(why),
				 "is %s on this kernel, and the script was built for %s", is, was);
		}
		refuse(check, record, &local, why);
		return false;
	}
	return true;
}

int host_types_explain(struct session *session, uint32_t type, const char *access, size_t length,
		       struct failure *failure)
{
	struct check check = {.session = session, .elf = session->elf, .failure = failure};
	struct wanted wanted = {&check, type, access, length};
	const struct session_unfit *unfit;
	struct btf *own = NULL;

	check.local = bpf_object__btf(session->object);
	unfit = hidden(&check, type, access, length);
	if (unfit) {
		*failure = unfit->failure;
		return failure->status;
	}
	if (open_types(&check, &own) == STATUS_OK)
		btf_ext_each_core(check.elf, explain_record, &wanted);
	btf__free(own);
	free(check.types);
	return failure->status;
}

static bool place_record(const struct btf_ext_core *record, void *context)
{
	const struct wanted *wanted = context;
	const struct check *check = wanted->check;
	struct btf_ext_place place;

	if (record->type != wanted->type || strlen(record->access) != wanted->access_length ||
	    memcmp(record->access, wanted->access, wanted->access_length) != 0 ||
	    !is_loaded(check, record) ||
	    !btf_ext_place_of(check->elf, record->section, record->offset, &place))
		return true;
	fail_at(check->failure, place.file, place.line);
	return false;
}

void host_types_place(struct session *session, uint32_t type, const char *access, size_t length,
		      struct failure *failure)
{
	struct check check = {.session = session, .elf = session->elf, .failure = failure};
	struct wanted wanted = {&check, type, access, length};

	btf_ext_each_core(check.elf, place_record, &wanted);
}
