#include "run/document.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/replace_file.h"

int document_try(const char *path, const char *what, struct failure *failure)
{
	struct stat status;

	if (!path || strcmp(path, "-") == 0)
		return STATUS_OK;
	if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return fail(failure, STATUS_FAILED,
			    "cannot write the %s %s: it is something else than a file.", what,
			    path);
	if (replace_file_try(path) != 0)
		return fail(failure, STATUS_FAILED, "cannot write the %s %s: %s.", what, path,
			    strerror(errno));
	return STATUS_OK;
}

static int put_out(const char *path, mode_t mode, const struct strbuf *text)
{
	if (strcmp(path, "-") != 0)
		return replace_file(path, mode, text->data, text->length);
	return fwrite(text->data, 1, text->length, stdout) == text->length && fflush(stdout) == 0
		       ? 0
		       : -1;
}

int document_write(const char *path, const char *what, mode_t mode, const struct strbuf *text,
		   struct failure *failure)
{
	if (put_out(path, mode, text) == 0)
		return STATUS_OK;
	return fail(failure, STATUS_FAILED, "cannot write the %s %s: %s.", what, path,
		    strerror(errno));
}
