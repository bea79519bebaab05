/* The files that a probe of programs names: one, those that a pattern matches, or all of a process.
 */
#ifndef BPFLOAD_ATTACH_FILES_H
#define BPFLOAD_ATTACH_FILES_H

#include <stdbool.h>

#include "attach/attach.h"
#include "binary/files.h"

/* `path` is what the probe's target has; `files->arena` is set. False: nothing can be attached,
 * *result says why. */
bool attach_files_find(struct attachments *attachments, const struct mf_probe *probe,
		       const char *path, struct binary_files *files, struct failure *failure,
		       enum attach_result *result);

/* The same of one file that is named. */
bool attach_file_find(struct attachments *attachments, const struct mf_probe *probe,
		      const char *path, struct binary_file *file, struct failure *failure,
		      enum attach_result *result);

/* Says how many files a pattern matched, if several. */
void attach_files_warn(const struct attachments *attachments, const char *path, uint32_t count);

#endif
