/*
 * uprobe and uretprobe by patterns, over functions, files, or both, and in all files of a process:
 * one link a file where the kernel has such links, else one a function.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "attach/files.h"
#include "attach/uprobe.h"
#include "binary/demangle.h"
#include "base/exit_status.h"
#include "base/say.h"
#include "host/tracefs.h"
#include "attach/uprobe_multi.h"

/* ENOTSUPP of the kernel, which user space has no name for: the instruction cannot be probed
 * (arch_uprobe_analyze_insn). */
#define NOT_SUPPORTED 524

bool attach_uprobe_is_pattern(const struct mf_probe *probe)
{
	return !*probe->path || is_pattern(probe->path) || is_pattern(probe->function) ||
	       probe->cpp || demangle_is_mangled(probe->function);
}

/* The functions of one file; freed by the caller. */
static enum binary_symbol_result find_functions(struct attachments *attachments,
						const struct mf_probe *probe, const char *path,
						struct binary_function **functions, size_t *count)
{
	struct binary_query query = attach_uprobe_query(attachments, probe);

	if (is_pattern(probe->function) || probe->cpp)
		return binary_symbol_match(&attachments->session->arena, path, &query, functions,
					   count);
	*functions = calloc(1, sizeof(**functions));
	if (!*functions) {
		errno = ENOMEM;
		return BINARY_SYMBOL_NO_FILE;
	}
	(*functions)->name = probe->function;
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

/* What `probe` gives at one place; NULL without memory. */
static const char *name_of(struct arena *arena, const struct mf_probe *probe,
			   const struct binary_file *file, const struct binary_function *function,
			   const char *shown)
{
	const char *provider = mf_provider_name(probe->provider);
	bool has_alias = strncmp(probe->name, provider, strlen(provider)) != 0 ||
			 probe->name[strlen(provider)] != ':';

	if (has_alias || probe->source)
		return probe->name;
	if (probe->offset)
		return arena_format(arena, "%s:%s:%s+%llu", provider, file->shown, function->name,
				    (unsigned long long)probe->offset);
	if (probe->cpp && shown != function->name)
		return arena_format(arena, "%s:%s:cpp:%s", provider, file->shown, shown);
	return arena_format(arena, "%s:%s:%s", provider, file->shown, function->name);
}

enum attach_result attach_uprobe_add_file(struct attachments *attachments,
					  const struct mf_probe *probe,
					  const struct binary_file *file,
					  const struct binary_function *functions, size_t count,
					  struct attach_failure *failure)
{
	struct session *session = attachments->session;
	uint64_t *offsets = arena_array(&session->arena, count, sizeof(*offsets));
	uint64_t *cookies = arena_array(&session->arena, count, sizeof(*cookies));
	struct attach_target target = {
		.probe = probe,
		.path = file->path,
		.function = probe->function,
		.offsets = offsets,
		.cookies = cookies,
	};

	if (!offsets || !cookies)
		return attach_failed(failure, STATUS_FAILED, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const char *name, *shown = readable(session, functions[i].name);
		uint64_t cookie;

		if (!shown)
			return attach_failed(failure, STATUS_FAILED, "out of memory");
		/* Nothing called it: there is no return address on the stack, but argc. */
		if (probe->provider == MF_URETPROBE && strcmp(functions[i].name, "_start") == 0)
			continue;
		name = name_of(&session->arena, probe, file, &functions[i], shown);
		if (name && !attach_is_wanted(attachments, name))
			continue;
		cookie = name ? probe_names_pair(&session->names, name, shown) : UINT64_MAX;
		if (cookie == UINT64_MAX)
			return attach_failed(failure, STATUS_FAILED, "out of memory");
		offsets[target.events] = functions[i].offset;
		cookies[target.events++] = cookie;
	}
	return target.events ? attach_add_target(attachments, &target, failure) : ATTACH_OK;
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
					      const struct mf_probe *probe,
					      struct attach_failure *failure)
{
	struct binary_files files = {.arena = &attachments->session->arena};
	uint32_t first = attachments->target_count, filtered = attachments->filtered;
	enum attach_result result = ATTACH_OK;

	if (!attach_files_find(attachments, probe, &files, failure, &result))
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
			result = attach_uprobe_explain(probe, files.files[i].path, found, failure);
		free(functions);
	}
	if (result != ATTACH_OK)
		return result;
	if (attachments->target_count == first && attachments->filtered > filtered)
		return ATTACH_OK;
	if (attachments->target_count == first)
		return attach_uprobe_explain(probe, probe->path, BINARY_SYMBOL_UNKNOWN, failure);
	attach_files_warn(attachments, probe, attachments->target_count - first);
	attach_uprobe_choose_link(attachments, probe);
	return ATTACH_OK;
}

static enum attach_result attach_many(struct attachments *attachments,
				      const struct attach_target *target, uint32_t first,
				      uint32_t count, struct attach_failure *failure)
{
	const struct mf_probe *probe = target->probe;
	const struct uprobe_multi probes = {
		.program = bpf_program__fd(attach_program(attachments, probe)),
		.path = target->path,
		.offsets = target->offsets + first,
		.cookies = target->cookies + first,
		.count = count,
		.pid = attachments->session->options->pid,
		.at_return = probe->provider == MF_URETPROBE,
	};

	return attach_add_descriptor(attachments, uprobe_multi_attach(&probes), probe, failure);
}

static enum attach_result attach_one(struct attachments *attachments,
				     const struct attach_target *target, uint32_t index,
				     struct attach_failure *failure)
{
	const struct uprobe_place place = {.offset = target->offsets[index],
					   .cookie = target->cookies[index]};

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
				       struct attach_failure *failure)
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

/* A perf event and a link for each function may be more files than a process has by default. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

enum attach_result attach_uprobe_pattern(struct attachments *attachments,
					 const struct attach_target *target,
					 struct attach_failure *failure)
{
	const struct bpf_program *program = attach_program(attachments, target->probe);
	bool many = (int)bpf_program__expected_attach_type(program) == UPROBE_MULTI_ATTACH_TYPE;
	enum attach_result result;
	uint32_t refused = 0;

	if (!many)
		allow_files();
	result = attach_range(attachments, target, many, 0, target->events, &refused, failure);
	/* `failure` holds what was said of the last one. */
	if (result != ATTACH_OK || refused == target->events)
		return result == ATTACH_OK ? ATTACH_MISSING : result;
	if (refused && !attachments->session->options->no_warnings)
		say("WARNING: the kernel cannot probe %u of %u functions of %s that match %s.",
		    refused, target->events, target->path, target->probe->function);
	/* What the caller adds for the target counts all of them. */
	attachments->attached -= refused;
	return ATTACH_OK;
}
