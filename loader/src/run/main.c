#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/failure.h"
#include "run/info.h"
#include "run/list.h"
#include "run/report.h"
#include "session/options.h"
#include "run/run.h"
#include "run/symbolize.h"

/* A descriptor of ours must not become standard output: what is closed fails when it is written. */
static void fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct failure failure = {0};
	struct options options;
	int status;

	fill_standard_streams();
	status = options_parse(&options, argc, argv, &failure);

	if (status == STATUS_OK) {
		switch (options.command) {
		case COMMAND_RUN:
			status = run_object(&options, &failure);
			break;
		case COMMAND_REPORT:
			status = report(&options, &failure);
			break;
		case COMMAND_SYMBOLIZE:
			status = symbolize(&options, &failure);
			break;
		case COMMAND_LIST:
			status = list(&options, &failure);
			break;
		case COMMAND_CHECK:
			status = check_objects(&options);
			break;
		case COMMAND_HELP:
			options_print_help();
			break;
		case COMMAND_INFO:
			status = print_info(&failure);
			break;
		case COMMAND_VERSION:
			puts("bpfload " BPFLOAD_VERSION);
			break;
		}
	}
	failure_tell(&failure);
	failure_clear(&failure);
	options_free(&options);
	return status;
}
