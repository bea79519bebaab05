/* uprobe:PATH:FUNCTION[+offset], uprobe:PATH:ADDRESS and uretprobe:PATH:FUNCTION. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach/expand.h"
#include "attach/files.h"
#include "attach/uprobe.h"
#include "host/capabilities.h"
#include "attach/uprobe_multi.h"
#include "attach/user_addresses.h"
#include "binary/near_symbol.h"
#include "binary/zip_member.h"
#include "session/session.h"

const char *attach_uprobe_path(struct arena *arena, const char *path)
{
	const char *member = strstr(path, ZIP_SEPARATOR);

	return member ? arena_text(arena, path, (size_t)(member - path)) : path;
}

struct binary_query attach_uprobe_query(const struct attachments *attachments,
					const struct mf_probe *probe)
{
	const struct mf_uprobe_target *wanted = probe->target;

	return (struct binary_query){
		.function = wanted->function,
		.offset = wanted->offset,
		.cpp = wanted->cpp,
		.unchecked = attachments->session->options->unsafe,
	};
}

/* No function of that name: what may be meant, or why the file does not tell. */
static enum attach_result unknown_function(struct attachments *attachments,
					   const struct mf_probe *probe,
					   const struct binary_file *file, struct failure *failure)
{
	const struct mf_uprobe_target *wanted = probe->target;
	struct near_symbol near =
		near_symbol_find(&attachments->session->arena, file->path, wanted->function);
	enum attach_result result =
		attach_uprobe_explain(probe, file->shown, BINARY_SYMBOL_UNKNOWN, failure);

	if (near.name)
		fail_hint(failure, "Did you mean '%s'?", near.name);
	else if (near.stripped)
		fail_hint(
			failure,
			"The file is stripped: it tells only the functions that it exports. One with symbols has to take its place, or uprobe:PATH:ADDRESS.");
	return result;
}

enum attach_result attach_uprobe_explain(const struct mf_probe *probe, const char *path,
					 enum binary_symbol_result result, struct failure *failure)
{
	const struct mf_uprobe_target *wanted = probe->target;
	const char *provider = mf_provider_name(probe->provider);

	switch (result) {
	case BINARY_SYMBOL_FOUND:
		return ATTACH_OK;
	case BINARY_SYMBOL_NO_FILE:
		return attach_refused(failure, probe, errno);
	case BINARY_SYMBOL_NOT_ELF:
		return attach_missing(
			failure, "%s target '%s' is not a 64-bit ELF file.%s", provider, path,
			*wanted->function
				? ""
				: " --unsafe takes the number for an offset in it all the same.");
	case BINARY_SYMBOL_CUT:
		return attach_missing(
			failure,
			"%s target '%s' is damaged: the file ends before its table of sections.",
			provider, path);
	case BINARY_SYMBOL_UNKNOWN:
		if (attach_has_pattern(probe))
			return attach_unmatched(failure, probe);
		return attach_missing(failure, "No matches for %s %s:%s%s.", provider, path,
				      wanted->cpp ? "cpp:" : "", wanted->function);
	case BINARY_SYMBOL_INDIRECT:
		return attach_missing(
			failure,
			"%s %s:%s is an indirect function: its code is chosen at run time. Trace the implementation instead.",
			provider, path, wanted->function);
	case BINARY_SYMBOL_SIZELESS:
		return attach_missing(
			failure,
			"%s %s:%s has no size: it may be no function. --unsafe attaches all the same.",
			provider, path, wanted->function);
	case BINARY_SYMBOL_INSIDE:
		return attach_missing(
			failure,
			"%s %s:%s+%llu is not the start of an instruction (objdump -d shows those). A probe there would change another instruction; --unsafe attaches it all the same.",
			provider, path, wanted->function, (unsigned long long)wanted->offset);
	case BINARY_SYMBOL_UNALIGNED:
		if (!*wanted->function)
			return attach_missing(
				failure,
				"%s %s:0x%llx is not the start of an instruction: those of arm64 are at multiples of 4.",
				provider, path, (unsigned long long)wanted->offset);
		return attach_missing(
			failure,
			"%s %s:%s+%llu is not the start of an instruction: those of arm64 are at multiples of 4.",
			provider, path, wanted->function, (unsigned long long)wanted->offset);
	case BINARY_SYMBOL_BEYOND:
		if (!*wanted->function)
			return attach_missing(failure, "%s %s has no code at address 0x%llx.",
					      provider, path, (unsigned long long)wanted->offset);
		return attach_missing(failure, "%s %s:%s+%llu lies outside the function.", provider,
				      path, wanted->function, (unsigned long long)wanted->offset);
	}
	return ATTACH_FAILED;
}

/*
 * Functions that are static in several source files may have one name: the probe stands at all of
 * them. False where the one at `offset` is the only one.
 */
static bool find_static(struct attachments *attachments, const struct mf_probe *probe,
			const struct binary_file *file, uint64_t offset, enum attach_result *result,
			struct failure *failure)
{
	const struct binary_query query = attach_uprobe_query(attachments, probe);
	struct binary_function *functions;
	size_t count, locals = 0;
	bool is_local = false;

	if (binary_symbol_match(&attachments->session->arena, file->path, &query, &functions,
				&count) != BINARY_SYMBOL_FOUND)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!functions[i].is_local)
			continue;
		is_local |= functions[i].offset == offset;
		functions[locals++] = functions[i];
	}
	if (is_local && locals > 1) {
		*result = attach_uprobe_add_file(attachments, probe, file, functions, locals,
						 failure);
		if (*result == ATTACH_OK)
			attach_uprobe_choose_link(attachments, probe);
	}
	free(functions);
	return is_local && locals > 1;
}

static enum attach_result find_one(struct attachments *attachments, const struct mf_probe *probe,
				   struct failure *failure)
{
	const struct mf_uprobe_target *wanted = probe->target;
	struct session *session = attachments->session;
	const struct binary_query query = attach_uprobe_query(attachments, probe);
	struct attach_target target = {.probe = probe};
	struct uprobe own = {.path = NULL};
	enum binary_symbol_result found;
	struct binary_file file;
	enum attach_result result;

	if (!attach_file_find(attachments, probe, wanted->path, &file, failure, &result))
		return result;
	found = binary_symbol_find(file.path, &query, &own.offset);
	if (found == BINARY_SYMBOL_UNKNOWN && *wanted->function)
		return unknown_function(attachments, probe, &file, failure);
	result = attach_uprobe_explain(probe, file.shown, found, failure);
	if (result != ATTACH_OK)
		return result;
	if (*wanted->function && !wanted->offset &&
	    find_static(attachments, probe, &file, own.offset, &result, failure))
		return result;
	/* Before Linux 5.15 there are no cookies: only for programs that ask for them. */
	if (mf_needs(session->manifest, "bpf_get_attach_cookie"))
		target.cookie = probe_names_pair(&session->names, probe->name, wanted->function);
	own.path = attach_uprobe_path(&session->arena, file.path);
	result = attach_add_target(attachments, &target, &own, sizeof(own), failure);
	if (result != ATTACH_OK)
		return result;
	if (attach_uprobe_shares(attachments, probe))
		attach_uprobe_choose_link(attachments, probe);
	else
		attach_uprobe_choose_single(attachments, probe);
	return ATTACH_OK;
}

/* The place of a target that has one. */
static struct uprobe_place place_of(const struct attach_target *target)
{
	const struct uprobe *own = target->own;

	return (struct uprobe_place){
		.path = own->path,
		.offset = own->offsets ? *own->offsets : own->offset,
		.cookie = own->offsets ? *own->cookies : target->cookie,
	};
}

/* What uaddr() of the program asks for, once the targets from `first` on are found. */
static enum attach_result find_addresses(struct attachments *attachments,
					 const struct mf_probe *probe, uint32_t first,
					 struct failure *failure)
{
	const struct mf_uprobe_target *wanted = probe->target;
	const struct attach_target *target = &attachments->targets[first];
	struct uprobe_place place;

	/* The filter keeps it out. */
	if (!wanted->addresses.count || attachments->target_count == first)
		return ATTACH_OK;
	if (attachments->target_count > first + 1 || target->events > 1 ||
	    attach_uprobe_shares(attachments, probe))
		return user_addresses_of_many(probe, failure);
	place = place_of(target);
	return user_addresses_find(attachments, probe, &wanted->addresses, &place, failure);
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_uprobe_target *wanted = probe->target;
	uint32_t first = attachments->target_count;
	enum attach_result result =
		wanted->source ? attach_uprobe_find_lines(attachments, probe, failure)
		: attach_uprobe_is_pattern(probe)
			? attach_uprobe_find_pattern(attachments, probe, failure)
			: find_one(attachments, probe, failure);

	return result == ATTACH_OK ? find_addresses(attachments, probe, first, failure) : result;
}

static bool is_multi(const struct bpf_program *program)
{
	return (int)bpf_program__expected_attach_type(program) == UPROBE_MULTI_ATTACH_TYPE;
}

void attach_uprobe_choose_single(struct attachments *attachments, const struct mf_probe *probe)
{
	if (!capabilities_are_of_admin())
		attach_uprobe_choose_link(attachments, probe);
}

enum attach_result attach_uprobe_place(struct attachments *attachments,
				       const struct attach_target *target,
				       const struct uprobe_place *place, struct failure *failure)
{
	const struct mf_probe *probe = target->probe;
	struct bpf_program *program = attach_program(attachments, probe);
	uint32_t pid = attachments->session->options->pid;
	bool at_return = probe->provider == MF_URETPROBE;
	struct bpf_link *link;

	if (is_multi(program)) {
		const struct uprobe_multi probes = {
			.program = bpf_program__fd(program),
			.path = place->path,
			.offsets = &place->offset,
			.cookies = &place->cookie,
			.semaphores = place->semaphore ? &place->semaphore : NULL,
			.count = 1,
			.pid = pid,
			.at_return = at_return,
		};

		return attach_add_descriptor(attachments, uprobe_multi_attach(&probes), probe,
					     failure);
	}
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = at_return, .bpf_cookie = place->cookie,
		    .ref_ctr_offset = place->semaphore);
	link = bpf_program__attach_uprobe_opts(program, pid ? (int)pid : -1, place->path,
					       place->offset, &options);
	if (!link && (errno == EACCES || errno == EPERM) && !capabilities_are_of_admin())
		return attach_failed(
			failure, STATUS_PERMISSION,
			"No permission to attach %s: it needs CAP_SYS_ADMIN on kernels without uprobe.multi, which Linux 6.6 brings (with -p: 6.10).",
			probe->name);
	return attach_add_link(attachments, link, probe, failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	const struct uprobe_place place = place_of(target);
	const struct uprobe *own = target->own;

	if (own->offsets)
		return attach_uprobe_pattern(attachments, target, failure);
	if (is_multi(attach_program(attachments, target->probe)) &&
	    attach_uprobe_shares(attachments, target->probe))
		return attach_uprobe_shared(attachments, target, failure);
	return attach_uprobe_place(attachments, target, &place, failure);
}

static bool is_open(const struct mf_probe *probe)
{
	const struct mf_uprobe_target *wanted = probe->target;

	return wanted->cpp || !*wanted->path;
}

const struct attach_provider attach_uprobe = {.fits = attach_fits_kprobe,
					      .is_open = is_open,
					      .has_own_cookies = true,
					      .has_slow_events = true,
					      .is_newest_first = attach_always,
					      .find = find,
					      .attach = attach};
