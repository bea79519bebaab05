#include "attach/files.h"

#include <errno.h>
#include <string.h>

#include "base/say.h"
#include "binary/path.h"
#include "host/tracefs.h"

bool attach_file_find(struct attachments *attachments, const struct mf_probe *probe,
		      const char *path, struct binary_file *file, struct failure *failure,
		      enum attach_result *result)
{
	if (binary_path_find(&attachments->session->arena, path,
			     attachments->session->process.in_proc, file))
		return true;
	*result =
		errno == EACCES || errno == EPERM
			? attach_refused(failure, probe, errno)
			: attach_missing(failure,
					 "%s target file '%s' does not exist or is not executable.",
					 mf_provider_name(probe->provider), path);
	return false;
}

bool attach_files_find(struct attachments *attachments, const struct mf_probe *probe,
		       const char *path, struct binary_files *files, struct failure *failure,
		       enum attach_result *result)
{
	uint32_t pid = attachments->session->process.in_proc;

	if (!*path && !pid) {
		*result = attach_failed(failure, STATUS_FAILED,
					"%s has no file: name one, or a process with -p.",
					probe->name);
		return false;
	}
	if (!*path || (pid && strcmp(path, "*") == 0)) {
		if (!binary_files_mapped(files, pid)) {
			*result = attach_refused(failure, probe, errno);
			return false;
		}
	} else if (is_pattern(path)) {
		binary_files_match(files, path, pid);
	} else {
		struct binary_file *file = arena_alloc(files->arena, sizeof(*file));

		if (!attach_file_find(attachments, probe, path, file, failure, result))
			return false;
		files->files = file;
		files->count = 1;
	}
	return true;
}

void attach_files_warn(const struct attachments *attachments, const char *path, uint32_t count)
{
	if (is_pattern(path) && count > 1 && !attachments->session->options->no_warnings)
		say_warning("attaching to %u binaries that match %s.", count, path);
}
