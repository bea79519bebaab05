/* What a test of attaching has: a session without a kernel, and the functions that can be traced.
 */
#ifndef BPFLOAD_TESTS_ATTACHING_H
#define BPFLOAD_TESTS_ATTACHING_H

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/attach.h"
#include "check.h"
#include "session/session.h"
#include "stand_in.h"

struct attaching {
	struct session session;
	struct options options;
	struct manifest manifest;
	struct attachments attachments;
	struct failure failure;
	char list[64];
};

/* `functions`: lines as of available_filter_functions; NULL: those of the host. */
static inline void attaching_begin(struct attaching *attaching, const char *functions)
{
	*attaching = (struct attaching){.list = "/tmp/test_attach.XXXXXX"};
	attaching->session.options = &attaching->options;
	attaching->session.manifest = &attaching->manifest;
	stand_in_reset();
	if (functions) {
		ssize_t length = (ssize_t)strlen(functions);
		int fd = mkstemp(attaching->list);

		CHECK(fd >= 0 && write(fd, functions, (size_t)length) == length);
		close(fd);
		attaching->options.traceable_functions = attaching->list;
	}
}

static inline void attaching_end(struct attaching *attaching)
{
	if (attaching->options.traceable_functions)
		unlink(attaching->list);
	attach_free(&attaching->attachments);
	failure_clear(&attaching->failure);
	probe_names_free(&attaching->session.names);
	if (attaching->options.has_probe_filter)
		regfree(&attaching->options.probe_filter);
	arena_free(&attaching->session.arena);
	stand_in_reset();
}

#endif
