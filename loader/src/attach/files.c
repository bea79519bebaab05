#include "attach/files.h"

#include <errno.h>
#include <string.h>

#include "binary/path.h"
#include "base/exit_status.h"
#include "base/say.h"
#include "host/tracefs.h"

bool attach_files_find(struct attachments *attachments, const struct mf_probe *probe,
		       struct binary_files *files, struct attach_failure *failure,
		       enum attach_result *result)
{
	const char *provider = mf_provider_name(probe->provider);
	uint32_t pid = attachments->session->process.in_proc;

	if (!*probe->path && !pid) {
		*result = attach_failed(failure, STATUS_FAILED,
					"%s has no file: name one, or a process with -p.",
					probe->name);
		return false;
	}
	if (!*probe->path || (pid && strcmp(probe->path, "*") == 0)) {
		if (!binary_files_mapped(files, pid)) {
			*result = attach_refused(failure, probe, errno);
			return false;
		}
	} else if (is_pattern(probe->path)) {
		binary_files_match(files, probe->path, pid);
	} else {
		const char *path = binary_path_find(files->arena, probe->path, pid);

		if (!path) {
			*result = attach_missing(
				failure, "%s target file '%s' does not exist or is not executable.",
				provider, probe->path);
			return false;
		}
		files->files = arena_alloc(files->arena, sizeof(*files->files));
		if (!files->files) {
			*result = attach_failed(failure, STATUS_FAILED, "out of memory");
			return false;
		}
		files->files[files->count++] = (struct binary_file){.path = path, .shown = path};
	}
	return true;
}

void attach_files_warn(const struct attachments *attachments, const struct mf_probe *probe,
		       uint32_t count)
{
	if (is_pattern(probe->path) && count > 1 && !attachments->session->options->no_warnings)
		say("WARNING: attaching to %u binaries that match %s.", count, probe->path);
}
