#include "session/host_types.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/memory.h"
#include "host/host.h"
#include "host/type_match.h"
#include "object/btf_ext.h"
#include "session/session.h"

/* Types of one name in a kernel: structs of drivers have at most a handful. */
#define MOST_CANDIDATES 16

/* A local type and the kernel's of its name. */
struct known_type {
	uint32_t type, count, candidates[MOST_CANDIDATES];
};

struct check {
	struct session *session;
	const struct elf_file *elf;
	const struct btf *local, *host;
	struct known_type *types;
	uint32_t type_count, type_room;
	/* Records whose width the code has by relocation. */
	struct btf_ext_core *widths;
	uint32_t width_count, width_room;
	struct failure *failure;
};

static const struct known_type *known_type(struct check *check, uint32_t type)
{
	struct known_type *known;

	for (uint32_t i = 0; i < check->type_count; i++)
		if (check->types[i].type == type)
			return &check->types[i];
	memory_grow(check->types, check->type_count, check->type_room);
	known = &check->types[check->type_count++];
	known->type = type;
	known->count = type_candidates(check->local, type, check->host, known->candidates,
				       MOST_CANDIDATES);
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

	if (record->kind != BPF_CORE_FIELD_BYTE_SIZE)
		return true;
	memory_grow(check->widths, check->width_count, check->width_room);
	check->widths[check->width_count++] = *record;
	return true;
}

static enum type_use use_of(const struct check *check, const struct btf_ext_core *record)
{
	for (uint32_t i = 0; i < check->width_count; i++)
		if (check->widths[i].type == record->type &&
		    strcmp(check->widths[i].access, record->access) == 0)
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
		if (!type_host_leaf(check->local, record->type, record->access, check->host,
				    known->candidates[i], &host) ||
		    !type_relocates(&local, &host) ||
		    type_same_value(&local, &host, use_of(check, record), why, sizeof(why)))
			continue;
		refuse(check, record, &local, why);
		return false;
	}
	return true;
}

static bool note_record(const struct btf_ext_core *record, void *context)
{
	bool *found = context;

	(void)record;
	*found = true;
	return false;
}

/* Both sides' BTF; what is to be freed in *given. */
static void open_types(struct check *check, struct btf **given)
{
	const char *path = host_btf_path();

	*given = path ? btf__parse(path, NULL) : NULL;
	check->local = bpf_object__btf(check->session->object);
	check->host = path ? *given : session_kernel_btf(check->session, NULL);
}

int host_types_check(struct session *session, struct failure *failure)
{
	struct check check = {.session = session, .elf = session->elf, .failure = failure};
	struct btf *given;
	bool relocates = false;

	btf_ext_each_core(check.elf, note_record, &relocates);
	if (!relocates)
		return STATUS_OK;
	open_types(&check, &given);
	/* Without it libbpf cannot load the object at all, and says so. */
	if (check.local && check.host) {
		btf_ext_each_core(check.elf, collect_width, &check);
		btf_ext_each_core(check.elf, check_record, &check);
	}
	btf__free(given);
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
	for (uint32_t i = 0; i < known->count; i++)
		if (type_host_leaf(check->local, record->type, record->access, check->host,
				   known->candidates[i], &host) &&
		    !type_same_value(&local, &host, TYPE_USE_FIXED, why, sizeof(why))) {
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
	struct btf *given;

	open_types(&check, &given);
	if (check.local && check.host)
		btf_ext_each_core(check.elf, explain_record, &wanted);
	btf__free(given);
	free(check.types);
	return failure->status;
}
