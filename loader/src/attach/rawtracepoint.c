/* rawtracepoint:EVENT, by BTF-typed raw tracepoints (tp_btf). */
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/copy.h"
#include "base/closest.h"
#include "host/host.h"
#include "host/kernel_btf.h"
#include "host/tracefs.h"
#include "session/kernel_targets.h"
#include "session/kernel_types.h"

/* Whether a BTF file holds the text with its NULs around it: as a name, then. Looking is quicker
 * than parsing. */
static bool file_has_name(const char *path, const char *name, size_t length)
{
	struct btf_bytes bytes = btf_bytes_read(path);
	bool found = bytes.data && memmem(bytes.data, bytes.size, name, length);

	btf_bytes_free(&bytes);
	return found;
}

/* Whether a module has it, where none is named. */
static bool some_module_has(const char *event)
{
	char name[256], path[512];
	int length = snprintf(name, sizeof(name), "%cbtf_trace_%s", 0, event);
	DIR *folder = length < (int)sizeof(name) ? opendir(KERNEL_BTF_FOLDER) : NULL;
	struct dirent *entry;
	bool found = false;

	while (folder && !found && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "vmlinux") == 0)
			continue;
		snprintf(path, sizeof(path), KERNEL_BTF_FOLDER "/%s", entry->d_name);
		found = file_has_name(path, name, (size_t)length + 1);
	}
	if (folder)
		closedir(folder);
	return found;
}

static bool has_module(const char *module)
{
	char path[512];

	snprintf(path, sizeof(path), KERNEL_BTF_FOLDER "/%s", module);
	return *module && !strchr(module, '/') && host_can_access(path, R_OK);
}

/* What the probe means where the script names a module. */
static bool module_has_event(const char *module, const char *event)
{
	char name[256], path[512];
	int length = snprintf(name, sizeof(name), "%cbtf_trace_%s", 0, event);

	if (length < 0 || length >= (int)sizeof(name) || strchr(module, '/'))
		return false;
	snprintf(path, sizeof(path), KERNEL_BTF_FOLDER "/%s", module);
	return file_has_name(path, name, (size_t)length + 1);
}

static bool fits(const struct session *session, const struct mf_probe *probe,
		 const struct bpf_program *program)
{
	(void)session;
	(void)probe;
	return attach_is_tracing(program, BPF_TRACE_RAW_TP);
}

static enum attach_result find_matches(struct attachments *attachments,
				       const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_rawtracepoint_target *wanted = probe->target;
	struct kernel_function *events;
	int64_t count =
		session_kernel_events(attachments->session, wanted->module, wanted->event, &events);

	if (count < 0)
		return attach_failed(failure, STATUS_FAILED, "Cannot read the kernel's BTF: %s.",
				     strerror(errno));
	return attach_add_copies(attachments, probe, wanted->module, events, count, failure);
}

/* Those of the kernel (NULL) or of one module that the probe's pattern means. */
static enum attach_result add_matches(struct attachments *attachments, const struct mf_probe *probe,
				      const char *module, int64_t *all, struct failure *failure)
{
	const struct mf_rawtracepoint_target *wanted = probe->target;
	struct kernel_function *events;
	int64_t count = session_kernel_events(attachments->session, module, wanted->event, &events);

	if (count <= 0)
		return ATTACH_OK;
	*all += count;
	return attach_add_copies(attachments, probe, module, events, count, failure);
}

/* Modules by a pattern, in which the kernel itself is `vmlinux`. */
static enum attach_result find_in_modules(struct attachments *attachments,
					  const struct mf_probe *probe, struct failure *failure)
{
	const struct mf_rawtracepoint_target *wanted = probe->target;
	enum attach_result result = ATTACH_OK;
	const char **modules;
	int64_t all = 0, count = kernel_btf_modules(&attachments->session->arena, &modules);

	if (pattern_match(wanted->module, "vmlinux"))
		result = add_matches(attachments, probe, NULL, &all, failure);
	for (int64_t i = 0; i < count && result == ATTACH_OK; i++)
		if (pattern_match(wanted->module, modules[i]))
			result = add_matches(attachments, probe, modules[i], &all, failure);
	return result == ATTACH_OK && !all ? attach_unmatched(failure, probe) : result;
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_rawtracepoint_target *wanted = probe->target;
	struct bpf_program *program = attach_program(attachments, probe);
	struct session *session = attachments->session;
	const struct attach_target target = {.probe = probe};
	const struct copy itself = {0};
	enum attach_result result;
	uint32_t id;

	if (!host_can_access(KERNEL_BTF_FOLDER "/vmlinux", R_OK))
		return attach_lacking(
			failure,
			"rawtracepoints require kernel BTF. Try using a 'tracepoint' instead.");
	if (wanted->module && is_pattern(wanted->module))
		return find_in_modules(attachments, probe, failure);
	if (wanted->module && !has_module(wanted->module))
		return attach_missing(failure, "specified module %s in probe %s is not loaded.",
				      wanted->module, probe->name);
	if (is_pattern(wanted->event))
		return find_matches(attachments, probe, failure);
	id = wanted->module ? 0 : kernel_target_find(session, program, wanted->event);
	if (!id && (wanted->module ? !module_has_event(wanted->module, wanted->event)
				   : !some_module_has(wanted->event)))
		return attach_missing(failure, "No matches for rawtracepoint %s%s%s.",
				      wanted->module ? wanted->module : "",
				      wanted->module ? ":" : "", wanted->event);
	result = attach_load_for(attachments, probe, wanted->module,
				 &(struct kernel_function){id, wanted->event}, failure);
	if (result != ATTACH_OK)
		return result;
	return attach_add_target(attachments, &target, &itself, sizeof(itself), failure);
}

static const char *near(struct attachments *attachments, const struct mf_probe *probe)
{
	const struct mf_rawtracepoint_target *wanted = probe->target;
	struct closest closest = closest_to(wanted->event);
	struct kernel_function *events;
	int64_t count = session_kernel_events(attachments->session, wanted->module, "*", &events);

	for (int64_t i = 0; i < count; i++)
		closest_offer(&closest, events[i].name);
	return closest.limit ? closest.name : NULL;
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	const struct copy *copy = target->own;
	int program, link;

	if (copy->btf_id)
		return attach_copy(attachments, target, copy, failure);
	program = bpf_program__fd(attach_program(attachments, target->probe));
	link = tracing_link(program, BPF_TRACE_RAW_TP, target->cookie);
	return attach_add_descriptor(attachments, link, target->probe, failure);
}

const struct attach_provider attach_rawtracepoint = {
	.fits = fits, .find = find, .near = near, .attach = attach};
