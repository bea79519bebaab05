#include "run/report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "output/output.h"
#include "output/replay.h"
#include "session/session.h"
#include "session/sizes.h"

/* As it was on the host, but for what is asked for now. */
static int show(struct replay *replay, const struct options *options, struct failure *failure)
{
	struct options shown = *options;
	struct session session = {.options = &shown,
				  .manifest = replay->object.manifest,
				  .elf = &replay->object.elf,
				  .cpus = 1,
				  .enums = replay->enums};
	struct output *output;
	int status;

	shown.parameters = replay->parameters;
	shown.parameter_count = replay->parameter_count;
	status = sizes_settle(&session, failure);
	if (status == STATUS_OK)
		status = output_open_replay(&output, &session, replay, failure);
	if (status != STATUS_OK)
		return status;
	status = replay_run(output, failure);
	if (!output_has_failed(output))
		fail_at(failure, options->objects[0], 0);
	if (output_close(output) != 0 && status == STATUS_OK)
		status = STATUS_FAILED;
	return status;
}

int report(const struct options *options, struct failure *failure)
{
	const char *path = options->objects[0];
	bool is_input = strcmp(path, "-") == 0;
	int fd = is_input ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC), status;
	struct replay replay;

	if (fd < 0) {
		fail(failure, STATUS_FAILED, "cannot open it: %s", strerror(errno));
		return fail_at(failure, path, 0);
	}
	status = replay_open(&replay, fd, failure);
	if (status == STATUS_OK)
		status = show(&replay, options, failure);
	else
		fail_at(failure, path, 0);
	replay_free(&replay);
	return status;
}
