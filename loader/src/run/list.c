#include "run/list.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/say.h"
#include "base/sink.h"
#include "host/host.h"
#include "listing/listing.h"
#include "session/options.h"
#include "session/process.h"

static void note(const char *text)
{
	say_warning("%s", text);
}

static int find_process(uint32_t pid, uint32_t *in_proc, struct failure *failure)
{
	struct process process;
	int descriptor = host_watch_process(pid);

	if (descriptor < 0)
		return fail(failure, STATUS_FAILED, "cannot look at process %u: %s", pid,
			    strerror(errno));
	process_describe(&process, pid, descriptor);
	close(descriptor);
	*in_proc = process.in_proc;
	return STATUS_OK;
}

int list(const struct options *options, struct failure *failure)
{
	struct list_request request = {
		.words = options->objects,
		.word_count = options->object_count,
		.verbose = options->verbose,
		.is_terminal = isatty(STDOUT_FILENO) == 1,
		.note = options->no_warnings || options->quiet ? NULL : note,
	};
	struct sink sink;

	if (options->pid && find_process(options->pid, &request.pid, failure) != STATUS_OK)
		return failure->status;
	/* Whoever reads it, such as head, may have enough of it. */
	signal(SIGPIPE, SIG_DFL);
	if (sink_open(&sink, NULL, "list", failure) == STATUS_OK &&
	    list_probes(&request, &sink, failure) == STATUS_OK)
		sink_close(&sink);
	return failure->status;
}
