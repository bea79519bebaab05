/*
 * uprobe and uretprobe by patterns, over functions, files, or both, and in all files of a process:
 * one link a file where the kernel has such links, else one a function.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach/files.h"
#include "attach/uprobe.h"
#include "binary/demangle.h"
#include "base/memory.h"
#include "base/say.h"
#include "host/tracefs.h"
#include "attach/uprobe_multi.h"

/* ENOTSUPP of the kernel, which user space has no name for: the instruction cannot be probed
 * (arch_uprobe_analyze_insn). */
#define NOT_SUPPORTED 524

bool attach_uprobe_is_pattern(const struct mf_probe *probe)
{
	const struct mf_uprobe_target *wanted = probe->target;

	return !*wanted->path || is_pattern(wanted->path) || is_pattern(wanted->function) ||
	       wanted->cpp || demangle_is_mangled(wanted->function);
}

/* The functions of one file; freed by the caller. */
static enum binary_symbol_result find_functions(struct attachments *attachments,
						const struct mf_probe *probe, const char *path,
						struct binary_function **functions, size_t *count)
{
	const struct mf_uprobe_target *wanted = probe->target;
	const struct binary_query query = attach_uprobe_query(attachments, probe);

	if (is_pattern(wanted->function) || wanted->cpp)
		return binary_symbol_match(&attachments->session->arena, path, &query, functions,
					   count);
	*functions = memory_array(1, sizeof(**functions));
	(*functions)->name = wanted->function;
	*count = 1;
	return binary_symbol_find(path, &query, &(*functions)->offset);
}

/* As people read it; the name itself where it is not mangled, or the script wants it so. */
static const char *readable(struct session *session, const char *name)
{
	struct strbuf text = {0};
	const char *copy = name;

	if (session->manifest->config.cpp_demangle && demangle(&text, name, DEMANGLE_FULL))
		copy = arena_text(&session->arena, text.data, text.length);
	strbuf_free(&text);
	return copy;
}

/* What `probe` gives at one place. */
static const char *name_of(struct arena *arena, const struct mf_probe *probe,
			   const struct binary_file *file, const struct binary_function *function,
			   const char *shown)
{
	const struct mf_uprobe_target *wanted = probe->target;
	const char *provider = mf_provider_name(probe->provider);

	if (attach_has_alias(probe) || wanted->source)
		return probe->name;
	if (wanted->offset)
		return arena_format(arena, "%s:%s:%s+%llu", provider, file->shown, function->name,
				    (unsigned long long)wanted->offset);
	if (wanted->cpp && shown != function->name)
		return arena_format(arena, "%s:%s:cpp:%s", provider, file->shown, shown);
	return arena_format(arena, "%s:%s:%s", provider, file->shown, function->name);
}

enum attach_result attach_uprobe_add_file(struct attachments *attachments,
					  const struct mf_probe *probe,
					  const struct binary_file *file,
					  const struct binary_function *functions, size_t count,
					  struct failure *failure)
{
	struct session *session = attachments->session;
	uint64_t *offsets = arena_array(&session->arena, count, sizeof(*offsets));
	uint64_t *cookies = arena_array(&session->arena, count, sizeof(*cookies));
	const struct uprobe own = {
		.path = attach_uprobe_path(&session->arena, file->path),
		.offsets = offsets,
		.cookies = cookies,
	};
	struct attach_target target = {.probe = probe};
	bool has_cookies = mf_needs(session->manifest, "bpf_get_attach_cookie");

	for (size_t i = 0; i < count; i++) {
		const char *name, *shown = readable(session, functions[i].name);

		/* Nothing called it: there is no return address on the stack, but argc. */
		if (probe->provider == MF_URETPROBE && strcmp(functions[i].name, "_start") == 0)
			continue;
		name = name_of(&session->arena, probe, file, &functions[i], shown);
		if (!attach_is_wanted(attachments, name))
			continue;
		offsets[target.events] = functions[i].offset;
		/* Before Linux 5.15 there are no cookies: only for programs that ask for them. */
		cookies[target.events++] =
			has_cookies ? probe_names_pair(&session->names, name, shown) : 0;
	}
	return target.events ? attach_add_target(attachments, &target, &own, sizeof(own), failure)
			     : ATTACH_OK;
}

void attach_uprobe_choose_link(struct attachments *attachments, const struct mf_probe *probe)
{
	struct bpf_program *program = attach_program(attachments, probe);
	const struct options *options = attachments->session->options;

	if (program && !(options->without & FEATURE_UPROBE_MULTI) &&
	    uprobe_multi_is_supported(options->pid != 0))
		bpf_program__set_expected_attach_type(
			program, (enum bpf_attach_type)UPROBE_MULTI_ATTACH_TYPE);
}

enum attach_result attach_uprobe_find_pattern(struct attachments *attachments,
					      const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_uprobe_target *wanted = probe->target;
	struct binary_files files = {.arena = &attachments->session->arena};
	uint32_t first = attachments->target_count, filtered = attachments->filtered;
	enum attach_result result = ATTACH_OK;

	if (!attach_files_find(attachments, probe, wanted->path, &files, failure, &result))
		return result;
	for (size_t i = 0; i < files.count && result == ATTACH_OK; i++) {
		struct binary_function *functions = NULL;
		enum binary_symbol_result found;
		size_t count = 0;

		found = find_functions(attachments, probe, files.files[i].path, &functions, &count);
		if (found == BINARY_SYMBOL_FOUND)
			result = attach_uprobe_add_file(attachments, probe, &files.files[i],
							functions, count, failure);
		/* Files that a pattern happens to match need not be programs, nor readable. */
		else if (files.count == 1 && found != BINARY_SYMBOL_UNKNOWN)
			result = attach_uprobe_explain(probe, files.files[i].shown, found, failure);
		free(functions);
	}
	if (result != ATTACH_OK)
		return result;
	if (attachments->target_count == first && attachments->filtered > filtered)
		return ATTACH_OK;
	if (attachments->target_count == first)
		return attach_uprobe_explain(probe, wanted->path, BINARY_SYMBOL_UNKNOWN, failure);
	attach_files_warn(attachments, wanted->path, attachments->target_count - first);
	attach_uprobe_choose_link(attachments, probe);
	return ATTACH_OK;
}

static enum attach_result attach_many(struct attachments *attachments,
				      const struct attach_target *target, uint32_t first,
				      uint32_t count, struct failure *failure)
{
	const struct mf_probe *probe = target->probe;
	const struct uprobe *own = target->own;
	const struct uprobe_multi probes = {
		.program = bpf_program__fd(attach_program(attachments, probe)),
		.path = own->path,
		.offsets = own->offsets + first,
		.cookies = own->cookies + first,
		.count = count,
		.pid = attachments->session->options->pid,
		.at_return = probe->provider == MF_URETPROBE,
	};

	return attach_add_descriptor(attachments, uprobe_multi_attach(&probes), probe, failure);
}

static enum attach_result attach_one(struct attachments *attachments,
				     const struct attach_target *target, uint32_t index,
				     struct failure *failure)
{
	const struct uprobe *own = target->own;
	const struct uprobe_place place = {
		.path = own->path, .offset = own->offsets[index], .cookie = own->cookies[index]};

	return attach_uprobe_place(attachments, target, &place, failure);
}

static bool is_about_place(int error)
{
	return error == EINVAL || error == EIO || error == EOPNOTSUPP || error == NOT_SUPPORTED;
}

/*
 * Attaches to a range of the target's places. One that the kernel cannot probe makes it refuse all:
 * they are tried in halves then, and those that remain are counted in *refused.
 */
static enum attach_result attach_range(struct attachments *attachments,
				       const struct attach_target *target, bool many,
				       uint32_t first, uint32_t count, uint32_t *refused,
				       struct failure *failure)
{
	uint32_t half = count / 2;
	enum attach_result result;

	if (many || count == 1) {
		result = many ? attach_many(attachments, target, first, count, failure)
			      : attach_one(attachments, target, first, failure);
		if (result != ATTACH_MISSING || !is_about_place(errno))
			return result;
		if (count == 1) {
			++*refused;
			return ATTACH_OK;
		}
	}
	result = attach_range(attachments, target, many, first, half, refused, failure);
	return result == ATTACH_OK ? attach_range(attachments, target, many, first + half,
						  count - half, refused, failure)
				   : result;
}

enum attach_result attach_uprobe_pattern(struct attachments *attachments,
					 const struct attach_target *target,
					 struct failure *failure)
{
	const struct bpf_program *program = attach_program(attachments, target->probe);
	const struct mf_uprobe_target *wanted = target->probe->target;
	const struct uprobe *own = target->own;
	bool many = (int)bpf_program__expected_attach_type(program) == UPROBE_MULTI_ATTACH_TYPE;
	enum attach_result result;
	uint32_t refused = 0;

	if (!many)
		attach_allow_files();
	result = attach_range(attachments, target, many, 0, target->events, &refused, failure);
	/* `failure` holds what was said of the last one. */
	if (result != ATTACH_OK || refused == target->events)
		return result == ATTACH_OK ? ATTACH_MISSING : result;
	if (refused && !attachments->session->options->no_warnings)
		say_warning("the kernel cannot probe %u of %u functions of %s that match %s.",
			    refused, target->events, own->path, wanted->function);
	/* What the caller adds for the target counts all of them. */
	attachments->attached -= refused;
	return ATTACH_OK;
}
